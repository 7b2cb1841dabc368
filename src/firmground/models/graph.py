"""Writes an encoder of the BERT family as an ONNX graph, with pooling and normalisation inside.

The graph takes token ids of shape (texts, tokens), all texts equally long: there is no padding, hence no mask, and nothing in the graph
depends on another text of the batch. The int8 form quantises activations with one scale for each token, computed from that token alone,
and weights with one scale for each output; so vectors do not depend on the batch either. What enters attention and the inner layer has a
few channels much larger than the rest; part of their size moves into the weights (SmoothQuant, Xiao et al. 2023, equation 4, strength ½).

Both stay a little below eight bits: processors without VNNI add the products of uint8 and int8 in pairs in 16 bits, and cut what exceeds
them. With the limits below that happens to one pair in a million on the default model, without a trace in its vectors; with all eight
bits to one in ten thousand, which costs more than the bits are worth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from firmground.models.checkpoint import Checkpoint, Tensors

_CONTRIB = "com.microsoft"
_WEIGHT_LIMIT = 110
_MIDDLE = 110
_TOP = 220
_WORD_LIMIT = 127


def encoder(checkpoint: Checkpoint, tensors: Tensors, largest: Mapping[str, NDArray[np.float32]] | None = None) -> bytes:
    """The serialised graph: input `ids`, int64 (texts, tokens); output `vectors`, float32 (texts, hidden), rows of length 1.

    In float32 it has more outputs, each the largest size of every channel of a value that enters quantised products. Given them for typical
    texts, by name, the graph is int8. Equal input gives equal bytes. KeyError names a tensor that is missing.
    """
    graph = _Graph()
    build = _Encoder(checkpoint, tensors, graph, largest)
    watched = build.write()
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", checkpoint.hidden])
    outputs = [vectors, *(helper.make_tensor_value_info(name, TensorProto.FLOAT, [checkpoint.hidden]) for name in watched)]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "encoder", [ids], outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid(_CONTRIB, 1)],
        ir_version=10,
    )
    return model.SerializeToString(deterministic=True)


class _Graph:
    """Collects nodes and constants under running names."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[np.generic]) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name))
        return name

    def floats(self, *values: float) -> str:
        return self.constant(np.array(values, dtype=np.float32))

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def scalar(self, value: np.generic) -> str:
        return self.constant(np.array(value))

    def node(self, kind: str, *inputs: str, output: str = "", contrib: bool = False, **attributes: Any) -> str:
        name = output or f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], domain=_CONTRIB if contrib else "", **attributes))
        return name


@dataclass(frozen=True)
class _Quantised:
    """tokens = scales · (values - zero) - shift; names of nodes: uint8 (tokens, n), and (tokens, 1)."""

    values: str
    scales: str
    zero: str
    shift: str = ""


class _Encoder:
    """Between the embeddings and the pooling every value is a matrix (tokens of all texts, hidden)."""

    def __init__(
        self, checkpoint: Checkpoint, tensors: Tensors, graph: _Graph, largest: Mapping[str, NDArray[np.float32]] | None
    ) -> None:
        self.checkpoint = checkpoint
        self.tensors = tensors
        self.graph = graph
        self.largest = largest
        self.watched: list[str] = []

    def write(self) -> list[str]:
        """Names of the outputs besides the vectors."""
        graph, hidden = self.graph, self.checkpoint.hidden
        self.last_axis = graph.integers(-1)
        self.flat = graph.integers(-1, hidden)
        self.one = graph.scalar(np.float32(1))
        self.middle = graph.scalar(np.uint8(_MIDDLE))
        self.bottom = graph.scalar(np.uint8(0))
        self.batch = graph.node("Concat", graph.node("Shape", "ids"), graph.integers(hidden), axis=0)
        tokens = self.embeddings()
        self.middles = graph.node(
            "Expand", graph.constant(np.array([_MIDDLE], np.uint8)), graph.node("Shape", tokens, start=0, end=1)
        )
        for layer in range(self.checkpoint.layers):
            tokens = self.layer(tokens, f"encoder.layer.{layer}.")
        texts = graph.node("Reshape", tokens, self.batch)
        if self.checkpoint.pooling == "mean":
            pooled = graph.node("ReduceMean", texts, graph.integers(1), keepdims=0)
        else:
            pooled = graph.node("Gather", texts, graph.scalar(np.int64(0)), axis=1)
        length = graph.node("Max", graph.node("ReduceL2", pooled, self.last_axis, keepdims=1), graph.floats(1e-12))
        graph.node("Div", pooled, length, output="vectors")
        return self.watched

    def embeddings(self) -> str:
        graph, checkpoint = self.graph, self.checkpoint
        words = self.tensors["embeddings.word_embeddings.weight"]
        if self.largest is not None:
            scales = np.maximum(np.abs(words).max(axis=1, keepdims=True), 1e-9) / _WORD_LIMIT
            rounded = graph.node("Gather", graph.constant(np.rint(words / scales).astype(np.int8)), "ids")
            rows = graph.node("Cast", rounded, to=TensorProto.FLOAT)
            rows = graph.node("Mul", rows, graph.node("Gather", graph.constant(scales.astype(np.float32)), "ids"))
        else:
            rows = graph.node("Gather", graph.constant(words), "ids")
        # Every token is of the first type: its row joins the positions.
        table = self.tensors["embeddings.position_embeddings.weight"] + self.tensors["embeddings.token_type_embeddings.weight"][0]
        table = table[checkpoint.first_position :][: checkpoint.max_tokens]
        length = graph.node("Shape", "ids", start=1, end=2)
        positions = graph.node("Slice", graph.constant(table), graph.integers(0), length, graph.integers(0))
        together = graph.node("Reshape", graph.node("Add", rows, positions), self.flat)
        return self.normalised(together, "embeddings.LayerNorm")

    def layer(self, tokens: str, prefix: str) -> str:
        graph, attention = self.graph, f"{prefix}attention."
        heads = [f"{attention}self.{part}" for part in ("query", "key", "value")]
        parts = [graph.node("Reshape", part, self.batch) for part in self.smoothed_products(tokens, heads)]
        bias = graph.constant(np.concatenate([self.tensors[f"{name}.bias"] for name in heads]))
        seen = graph.node("MultiHeadAttention", *parts, bias, contrib=True, num_heads=self.checkpoint.heads)
        seen = graph.node("Reshape", seen, self.flat)
        tokens = self.added(tokens, seen, f"{attention}output.")
        (inner,) = self.smoothed_products(tokens, [f"{prefix}intermediate.dense"])
        bias = graph.constant(self.tensors[f"{prefix}intermediate.dense.bias"])
        inner = graph.node(self.checkpoint.activation, inner, bias, contrib=True)
        return self.added(tokens, inner, f"{prefix}output.", one_sided=True)

    def added(self, tokens: str, change: str, prefix: str, *, one_sided: bool = False) -> str:
        """tokens + change · weights + bias, normalised."""
        graph = self.graph
        change = self.product(change, self.tensors[f"{prefix}dense.weight"].T, one_sided=one_sided)
        change = graph.node("Add", change, graph.constant(self.tensors[f"{prefix}dense.bias"]))
        return self.normalised(graph.node("Add", change, tokens), f"{prefix}LayerNorm")

    def normalised(self, tokens: str, name: str) -> str:
        gamma, beta = (self.graph.constant(self.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.graph.node("LayerNormalization", tokens, gamma, beta, axis=-1, epsilon=self.checkpoint.epsilon)

    def smoothed_products(self, tokens: str, names: list[str]) -> list[str]:
        """tokens · weights for each name, without the bias."""
        matrices = [self.tensors[f"{name}.weight"].T for name in names]
        if self.largest is None:
            sizes = self.graph.node("Abs", tokens)
            self.watched.append(
                self.graph.node("ReduceMax", sizes, self.graph.integers(0), output=f"largest {names[0]}", keepdims=0)
            )
            return [self.graph.node("MatMul", tokens, self.graph.constant(matrix)) for matrix in matrices]
        rows = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
        factors = np.sqrt(np.maximum(self.largest[f"largest {names[0]}"], 1e-5) / np.maximum(rows, 1e-5)).astype(np.float32)
        quantised = self.around_middle(self.graph.node("Mul", tokens, self.graph.constant(1 / factors)))
        return [self.integer_product(quantised, matrix * factors[:, None]) for matrix in matrices]

    def product(self, tokens: str, matrix: NDArray[np.float32], *, one_sided: bool) -> str:
        """tokens · matrix; `one_sided` where nearly all of the range of `tokens` is above 0."""
        if self.largest is None:
            return self.graph.node("MatMul", tokens, self.graph.constant(matrix))
        return self.integer_product(self.above_lowest(tokens) if one_sided else self.around_middle(tokens), matrix)

    def around_middle(self, tokens: str) -> _Quantised:
        graph = self.graph
        highest = graph.node("ReduceMax", tokens, self.last_axis, keepdims=0)
        lowest = graph.node("ReduceMin", tokens, self.last_axis, keepdims=0)
        largest = graph.node("Max", highest, graph.node("Neg", lowest), graph.floats(1e-9))
        scales = graph.node("Mul", largest, graph.floats(1 / _MIDDLE))
        values = graph.node("QuantizeLinear", tokens, scales, self.middles, axis=0)
        return _Quantised(values, graph.node("Unsqueeze", scales, self.last_axis), self.middle)

    def above_lowest(self, tokens: str) -> _Quantised:
        graph = self.graph
        highest = graph.node("ReduceMax", tokens, self.last_axis, keepdims=0)
        lowest = graph.node("Min", graph.node("ReduceMin", tokens, self.last_axis, keepdims=0), graph.floats(0))
        spread = graph.node("Max", graph.node("Sub", highest, lowest), graph.floats(1e-9))
        scales = graph.node("Mul", spread, graph.floats(1 / _TOP))
        zeros = graph.node("Round", graph.node("Neg", graph.node("Div", lowest, scales)))
        values = graph.node("QuantizeLinear", tokens, scales, graph.node("Cast", zeros, to=TensorProto.UINT8), axis=0)
        shift = graph.node("Unsqueeze", graph.node("Mul", scales, zeros), self.last_axis)
        return _Quantised(values, graph.node("Unsqueeze", scales, self.last_axis), self.bottom, shift)

    def integer_product(self, tokens: _Quantised, matrix: NDArray[np.float32]) -> str:
        graph = self.graph
        scales = (np.maximum(np.abs(matrix).max(axis=0), 1e-9) / _WEIGHT_LIMIT).astype(np.float32)
        rounded = np.rint(matrix / scales).astype(np.int8)
        weights = [
            graph.constant(rounded),
            self.one,
            graph.constant(scales),
            tokens.zero,
            graph.constant(np.zeros(len(scales), np.int8)),
        ]
        product = graph.node("Mul", graph.node("MatMulIntegerToFloat", tokens.values, *weights, contrib=True), tokens.scales)
        if not tokens.shift:
            return product
        column_sums = graph.constant(rounded.sum(axis=0, dtype=np.int64).astype(np.float32) * scales)
        return graph.node("Sub", product, graph.node("Mul", tokens.shift, column_sums))
