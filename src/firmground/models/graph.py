"""Writes an encoder of the BERT family as an ONNX graph, with pooling and normalisation inside.

The graph takes token ids of shape (texts, tokens), all texts equally long: there is no padding, hence no mask, and nothing in the graph
depends on another text of the batch. The int8 form quantises activations with one scale for each token, computed from that token alone
(symmetric, uint8 around 128), and weights with one scale for each output; so vectors do not depend on the batch either.

Weights keep seven bits: on processors without VNNI the product of uint8 and int8 is summed in pairs in 16 bits, and
2 · 255 · 63 still fits. So every processor computes the same integers.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from firmground.models.checkpoint import Checkpoint, Tensors

_CONTRIB = "com.microsoft"
_WEIGHT_LIMIT = 63
_ACTIVATION_LIMIT = 127


def encoder(checkpoint: Checkpoint, tensors: Tensors, *, int8: bool) -> bytes:
    """The serialised graph: input `ids`, int64 (texts, tokens); output `vectors`, float32 (texts, hidden), rows of length 1.

    Equal input gives equal bytes. KeyError names a tensor that is missing.
    """
    graph = _Graph()
    build = _Encoder(checkpoint, tensors, graph, int8=int8)
    build.write()
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", checkpoint.hidden])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "encoder", [ids], [vectors], graph.constants),
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


class _Encoder:
    """Between the embeddings and the pooling every value is a matrix (tokens of all texts, hidden)."""

    def __init__(self, checkpoint: Checkpoint, tensors: Tensors, graph: _Graph, *, int8: bool) -> None:
        self.checkpoint = checkpoint
        self.tensors = tensors
        self.graph = graph
        self.int8 = int8

    def write(self) -> None:
        graph, hidden = self.graph, self.checkpoint.hidden
        self.last_axis = graph.integers(-1)
        self.flat = graph.integers(-1, hidden)
        self.one = graph.scalar(np.float32(1))
        self.middle = graph.scalar(np.uint8(128))
        self.batch = graph.node("Concat", graph.node("Shape", "ids"), graph.integers(hidden), axis=0)
        tokens = self.embeddings()
        self.middles = graph.node(
            "Expand", graph.constant(np.array([128], np.uint8)), graph.node("Shape", tokens, start=0, end=1)
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

    def embeddings(self) -> str:
        graph, checkpoint = self.graph, self.checkpoint
        words = self.tensors["embeddings.word_embeddings.weight"]
        if self.int8:
            scales = np.maximum(np.abs(words).max(axis=1, keepdims=True), 1e-9) / _ACTIVATION_LIMIT
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
        given = self.quantised(tokens)
        parts = [graph.node("Reshape", self.product(given, name), self.batch) for name in heads]
        bias = graph.constant(np.concatenate([self.tensors[f"{name}.bias"] for name in heads]))
        seen = graph.node("MultiHeadAttention", *parts, bias, contrib=True, num_heads=self.checkpoint.heads)
        seen = graph.node("Reshape", seen, self.flat)
        tokens = self.added(tokens, seen, f"{attention}output.")
        inner = self.product(self.quantised(tokens), f"{prefix}intermediate.dense")
        bias = graph.constant(self.tensors[f"{prefix}intermediate.dense.bias"])
        inner = graph.node(self.checkpoint.activation, inner, bias, contrib=True)
        return self.added(tokens, inner, f"{prefix}output.")

    def added(self, tokens: str, change: str, prefix: str) -> str:
        """tokens + change · weights + bias, normalised."""
        graph = self.graph
        change = self.product(self.quantised(change), f"{prefix}dense")
        change = graph.node("Add", change, graph.constant(self.tensors[f"{prefix}dense.bias"]))
        return self.normalised(graph.node("Add", change, tokens), f"{prefix}LayerNorm")

    def normalised(self, tokens: str, name: str) -> str:
        gamma, beta = (self.graph.constant(self.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.graph.node("LayerNormalization", tokens, gamma, beta, axis=-1, epsilon=self.checkpoint.epsilon)

    def quantised(self, tokens: str) -> tuple[str, str]:
        """uint8 tokens around 128 and the scale of each, (tokens, 1); unchanged where the graph is in float32."""
        if not self.int8:
            return tokens, ""
        graph = self.graph
        highest = graph.node("ReduceMax", tokens, self.last_axis, keepdims=0)
        lowest = graph.node("ReduceMin", tokens, self.last_axis, keepdims=0)
        largest = graph.node("Max", highest, graph.node("Neg", lowest), graph.floats(1e-9))
        scales = graph.node("Mul", largest, graph.floats(1 / _ACTIVATION_LIMIT))
        return graph.node("QuantizeLinear", tokens, scales, self.middles, axis=0), graph.node("Unsqueeze", scales, self.last_axis)

    def product(self, tokens: tuple[str, str], name: str) -> str:
        """tokens · weights, without the bias."""
        graph, weights = self.graph, self.tensors[f"{name}.weight"].T
        values, token_scales = tokens
        if not self.int8:
            return graph.node("MatMul", values, graph.constant(weights))
        scales = np.maximum(np.abs(weights).max(axis=0), 1e-9) / _WEIGHT_LIMIT
        rounded = graph.constant(np.rint(weights / scales).astype(np.int8))
        zeros = graph.constant(np.zeros(len(scales), np.int8))
        column_scales = graph.constant(scales.astype(np.float32))
        sums = graph.node("MatMulIntegerToFloat", values, rounded, self.one, column_scales, self.middle, zeros, contrib=True)
        return graph.node("Mul", sums, token_scales)
