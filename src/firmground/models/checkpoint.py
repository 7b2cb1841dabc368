"""Reads a sentence-transformers directory on local disk: what kind of model it is, and its weights as numpy arrays."""

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from firmground.errors import Damaged, InvalidInput

Tensors = dict[str, NDArray[np.float32]]

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
_FIRST_POSITION_AFTER_PADDING = {"roberta", "xlm-roberta"}
_ACTIVATIONS: dict[str, Literal["BiasGelu", "FastGelu"]] = {
    "gelu": "BiasGelu",
    "gelu_new": "FastGelu",
    "gelu_fast": "FastGelu",
    "gelu_pytorch_tanh": "FastGelu",
}


@dataclass(frozen=True)
class Checkpoint:
    """An encoder of the BERT family with pooling over its last layer."""

    directory: Path
    layers: int
    heads: int
    hidden: int
    epsilon: float
    activation: Literal["BiasGelu", "FastGelu"]
    first_position: int
    """Row of the position table that belongs to the first token."""
    pooling: Literal["mean", "cls"]
    max_tokens: int
    """Longest text in tokens, special tokens included."""

    @property
    def settings(self) -> dict[str, str | int | float]:
        """What besides weights and tokenizer decides a vector."""
        return {"heads": self.heads, "epsilon": self.epsilon, "activation": self.activation, "pooling": self.pooling} | {
            "first_position": self.first_position,
            "max_tokens": self.max_tokens,
        }


def read_checkpoint(directory: Path) -> Checkpoint:
    """What `config.json`, `modules.json`, `1_Pooling/config.json` and `sentence_bert_config.json` say.

    InvalidInput where it is no such directory, or a kind of model that cannot be run here.
    """
    for name in ("config.json", TOKENIZER, WEIGHTS):
        if not (directory / name).is_file():
            raise InvalidInput(f"{directory} has no {name}", "name a sentence-transformers directory with safetensors weights")
    config = _json(directory / "config.json")
    kind = config.get("model_type")
    activation = _ACTIVATIONS.get(config.get("hidden_act", "gelu"))
    if kind not in {"bert", *_FIRST_POSITION_AFTER_PADDING}:
        raise _unsupported(directory, f"a model of type {kind!r}")
    if activation is None or config.get("position_embedding_type", "absolute") != "absolute":
        raise _unsupported(directory, "its activation or its positions")
    try:
        first = int(config.get("pad_token_id", 1)) + 1 if kind in _FIRST_POSITION_AFTER_PADDING else 0
        return Checkpoint(
            directory=directory,
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            hidden=int(config["hidden_size"]),
            epsilon=float(config.get("layer_norm_eps", 1e-12)),
            activation=activation,
            first_position=first,
            pooling=_pooling(directory),
            max_tokens=_max_tokens(directory, int(config["max_position_embeddings"]) - first),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"{directory / 'config.json'} lacks or garbles {error}", "fetch the model again") from None


def read_tensors(path: Path) -> Tensors:
    """All tensors of a safetensors file in float32, names without a leading `bert.` or `roberta.`. Damaged where it is cut or garbled.

    Format: eight bytes with the length of a JSON header, the header (name → type, shape, offsets), the data.
    """
    try:
        content = path.read_bytes()
        (length,) = struct.unpack_from("<Q", content)
        header = cast("dict[str, dict[str, Any]]", json.loads(content[8 : 8 + length]))
        data = memoryview(content)[8 + length :]
        return {
            name.removeprefix("bert.").removeprefix("roberta."): _tensor(
                entry["dtype"], entry["shape"], entry["data_offsets"], data
            )
            for name, entry in header.items()
            if name != "__metadata__" and entry["dtype"] in {"F32", "F16", "BF16"}
        }
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{path} is damaged ({error})", "fetch the model again") from None


def sha256(path: Path) -> str:
    """Digest of a file's content, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tensor(kind: str, shape: list[int], offsets: tuple[int, int], data: memoryview) -> NDArray[np.float32]:
    start, end = offsets
    if end > len(data):
        raise ValueError("it ends too early")
    if kind == "BF16":  # the upper half of a float32
        wide = np.frombuffer(data[start:end], dtype="<u2").astype(np.uint32) << 16
        return wide.view(np.float32).reshape(shape)
    values = np.frombuffer(data[start:end], dtype="<f4" if kind == "F32" else "<f2")
    return values.astype(np.float32, copy=False).reshape(shape)


def _pooling(directory: Path) -> Literal["mean", "cls"]:
    if (directory / "modules.json").is_file():
        modules = cast("list[dict[str, str]]", _json(directory / "modules.json"))
        kinds = [module["type"].rpartition(".")[2] for module in modules]
        if kinds[:1] != ["Transformer"] or kinds[1:2] != ["Pooling"] or kinds[2:] not in ([], ["Normalize"]):
            raise _unsupported(directory, f"the modules {', '.join(kinds)}")
        pooling = _json(directory / modules[1]["path"] / "config.json")
        wanted = {
            key.removeprefix("pooling_mode_") for key, on in pooling.items() if key.startswith("pooling_mode_") and on is True
        }
        wanted |= {str(pooling["pooling_mode"])} if "pooling_mode" in pooling else set()
        if wanted <= {"cls_token", "cls"} and wanted:
            return "cls"
        if wanted not in ({"mean_tokens"}, {"mean"}):
            raise _unsupported(directory, f"pooling by {', '.join(sorted(wanted)) or 'nothing'}")
    return "mean"


def _max_tokens(directory: Path, positions: int) -> int:
    path = directory / "sentence_bert_config.json"
    stated = _json(path).get("max_seq_length") if path.is_file() else None
    return min(int(stated), positions) if stated else positions


def _json(path: Path) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read ({error})", "fetch the model again") from None


def _unsupported(directory: Path, what: str) -> InvalidInput:
    remedy = "use a BERT, RoBERTa or XLM-RoBERTa model with mean or cls pooling, or an embeddings server"
    return InvalidInput(f"{directory} needs {what}, which is not supported", remedy)
