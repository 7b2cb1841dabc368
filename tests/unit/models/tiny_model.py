"""A true model of the BERT family, small and with random weights, and the same forward pass in plain numpy."""

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

TEXT = "the a leave carry over may be five days of to year vacation invoice was paid by bank transfer employees ##s . , ?"
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *TEXT.split(), *"abcdefghijklmnopqrstuvwxyz0123456789"]

LAYERS, HEADS, HIDDEN, INNER, POSITIONS = 2, 2, 32, 64, 48


def write(
    directory: Path, *, pooling: str = "mean_tokens", kind: str = "bert", dtype: str = "F32", longest: int | None = 24
) -> Path:
    """A sentence-transformers directory; equal arguments give equal files."""
    directory.mkdir(parents=True, exist_ok=True)
    config = {
        "model_type": kind,
        "hidden_act": "gelu",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "layer_norm_eps": 1e-12,
    }
    config |= {"num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "max_position_embeddings": POSITIONS, "pad_token_id": 0}
    modules = [{"path": path, "type": f"sentence_transformers.models.{path[2:] or 'Transformer'}"} for path in ("", "1_Pooling")]
    write_json(directory / "config.json", config)
    write_json(directory / "modules.json", modules)
    (directory / "1_Pooling").mkdir(exist_ok=True)
    write_json(directory / "1_Pooling" / "config.json", {f"pooling_mode_{pooling}": True, "word_embedding_dimension": HIDDEN})
    if longest:
        write_json(directory / "sentence_bert_config.json", {"max_seq_length": longest})
    tokenizer().save(str(directory / "tokenizer.json"))
    write_safetensors(directory / "model.safetensors", weights(), dtype)
    return directory


def write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordPiece({word: at for at, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return made


def weights() -> dict[str, NDArray[np.float32]]:
    """Of the size that trained ones have, one channel much larger than the others included."""
    random = np.random.default_rng(7)

    def normal(*shape: int, scale: float = 0.15) -> NDArray[np.float32]:
        return random.normal(scale=scale, size=shape).astype(np.float32)

    def norm(name: str) -> dict[str, NDArray[np.float32]]:
        gamma = 1 + normal(HIDDEN)
        gamma[5] = 8
        return {f"{name}.weight": gamma, f"{name}.bias": normal(HIDDEN)}

    tensors = {
        "embeddings.word_embeddings.weight": normal(len(VOCABULARY), HIDDEN),
        "embeddings.position_embeddings.weight": normal(POSITIONS, HIDDEN, scale=0.05),
        "embeddings.token_type_embeddings.weight": normal(2, HIDDEN, scale=0.05),
        **norm("embeddings.LayerNorm"),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        products = {f"attention.self.{part}": (HIDDEN, HIDDEN) for part in ("query", "key", "value")}
        products |= {
            "attention.output.dense": (HIDDEN, HIDDEN),
            "intermediate.dense": (INNER, HIDDEN),
            "output.dense": (HIDDEN, INNER),
        }
        for name, shape in products.items():
            tensors |= {f"{prefix}.{name}.weight": normal(*shape), f"{prefix}.{name}.bias": normal(shape[0])}
        tensors |= norm(f"{prefix}.attention.output.LayerNorm") | norm(f"{prefix}.output.LayerNorm")
    return tensors


def write_safetensors(path: Path, tensors: dict[str, NDArray[np.float32]], dtype: str = "F32") -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, tensor in tensors.items():
        if dtype == "BF16":
            packed = (tensor.view(np.uint32) >> 16).astype("<u2").tobytes()
        else:
            packed = tensor.astype({"F32": "<f4", "F16": "<f2"}[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def forward(text: str, *, pooling: str = "mean_tokens", first_position: int = 0, longest: int = 24) -> NDArray[np.float64]:
    """The vector of one text, as Devlin et al. 2018 and Vaswani et al. 2017 describe it, in float64."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in weights().items()}
    ids = tokenizer().encode(text).ids
    ids = ids if len(ids) <= longest else [*ids[: longest - 1], ids[-1]]
    positions = tensors["embeddings.position_embeddings.weight"][first_position : first_position + len(ids)]
    x = tensors["embeddings.word_embeddings.weight"][ids] + positions + tensors["embeddings.token_type_embeddings.weight"][0]

    def linear(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
        return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    x = norm(x, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        query, key, value = (
            linear(x, f"{prefix}.attention.self.{part}").reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(HIDDEN / HEADS)
        attention = np.exp(scores - scores.max(axis=2, keepdims=True))
        attention /= attention.sum(axis=2, keepdims=True)
        seen = (attention @ value).transpose(1, 0, 2).reshape(len(ids), HIDDEN)
        x = norm(x + linear(seen, f"{prefix}.attention.output.dense"), f"{prefix}.attention.output.LayerNorm")
        inner = linear(x, f"{prefix}.intermediate.dense")
        inner *= 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = norm(x + linear(inner, f"{prefix}.output.dense"), f"{prefix}.output.LayerNorm")
    pooled = x.mean(axis=0) if pooling == "mean_tokens" else x[0]
    return pooled / np.linalg.norm(pooled)
