"""Builds BERT (Devlin et al. 2019) as a graph of OpenVINO's operations, with a model's own weights.

What torch and transformers do in seconds of imports is done here in a fraction of one. Only OpenVINO's plain operation
set is used: no converter, so nothing of torch is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.models.backends.openvino_library import load_openvino
from passagework.retrieval.types import Vectors

MASKED = -1e9
"""Added to the attention logits of padding."""

TOKENS, TEXT = "tokens", "text"
"""Outputs: (rows, width, hidden) of tokens, (rows, hidden) of texts, pooled."""

Weights: TypeAlias = dict[str, NDArray[Any]]
"""Weights by name, as in the file."""


@dataclass(frozen=True, slots=True)
class BertShape:
    """Sizes, as in a model's config.json."""

    hidden: int
    layers: int
    heads: int
    positions: int
    epsilon: float

    @classmethod
    def read(cls, config: dict[str, Any]) -> BertShape | None:
        """Reads a configuration; None where it is of another architecture than the graph below."""
        supported: dict[str, set[Any]] = {
            "model_type": {"bert"},
            "hidden_act": {"gelu"},
            "position_embedding_type": {"absolute", None},
            "is_decoder": {False, None},
            "add_cross_attention": {False, None},
        }
        if any(config.get(key) not in values for key, values in supported.items()):
            return None
        try:
            return cls(
                int(config["hidden_size"]),
                int(config["num_hidden_layers"]),
                int(config["num_attention_heads"]),
                int(config["max_position_embeddings"]),
                float(config.get("layer_norm_eps", 1e-12)),
            )
        except (KeyError, TypeError, ValueError):
            return None


def bert_graph(stored: Weights, shape: BertShape, *, pooling: str, int8_group: int | None = None) -> Any:
    """Returns the model of `input_ids`, `attention_mask` and `token_type_ids`, each (rows, width) int32.

    `pooling` is mean or cls, or pooler: the layer that classifiers of pairs read. With `int8_group` the weights of the
    linear layers are int8, and so many of a row share a scale. Raises KeyError for a missing weight.
    """
    prefix = "bert." if any(name.startswith("bert.") for name in stored) else ""
    return _Graph(stored, prefix, shape, int8_group).model(pooling)


def quantized(weight: NDArray[Any], group: int) -> tuple[NDArray[np.int8], Vectors]:
    """Returns (rows, groups, group) int8 and (rows, groups, 1) float32 scales, whose product is near the weight."""
    parts = np.asarray(weight, dtype=np.float32).reshape(len(weight), -1, group)
    scales = np.abs(parts).max(axis=2, keepdims=True) / np.float32(127)
    scales = np.where(scales > 0, scales, np.float32(1))
    return np.rint(parts / scales).astype(np.int8), scales


class _Graph:
    """One graph in the making."""

    def __init__(self, stored: Weights, prefix: str, shape: BertShape, int8_group: int | None) -> None:
        self._openvino = load_openvino()
        self._op = self._openvino.opset13
        self._stored = stored
        self._prefix = prefix
        self._shape = shape
        self._int8_group = int8_group

    def model(self, pooling: str) -> Any:
        op = self._op
        names = ("input_ids", "attention_mask", "token_type_ids")
        inputs = [op.parameter([-1, -1], np.int32, name=name) for name in names]
        for node, name in zip(inputs, names, strict=True):
            node.output(0).set_names({name})
        ids, mask, types = inputs
        attended = op.convert(mask, np.float32)
        hidden = self._embedded(ids, types)
        masked = op.multiply(op.subtract(self._number(1.0), attended), self._number(MASKED))
        bias = op.unsqueeze(masked, self._axes(1, 2))
        for layer in range(self._shape.layers):
            hidden = self._layer(hidden, bias, f"{self._prefix}encoder.layer.{layer}.")
        results = []
        for name, node in ((TOKENS, hidden), (TEXT, self._pooled(hidden, attended, pooling))):
            node.output(0).set_names({name})
            results.append(op.result(node))
        return self._openvino.Model(results, inputs, "bert")

    def _embedded(self, ids: Any, types: Any) -> Any:
        op, start = self._op, f"{self._prefix}embeddings."
        words = op.gather(self._weight(f"{start}word_embeddings.weight"), ids, self._axis(0))
        kinds = op.gather(self._weight(f"{start}token_type_embeddings.weight"), types, self._axis(0))
        width = op.gather(op.shape_of(ids), self._axes(1), self._axis(0))
        table = self._weight(f"{start}position_embeddings.weight")
        places = op.slice(table, self._axes(0), width, self._axes(1), self._axes(0))
        return self._norm(op.add(op.add(words, kinds), places), f"{start}LayerNorm")

    def _layer(self, hidden: Any, bias: Any, name: str) -> Any:
        op, shape = self._op, self._shape
        parted = op.constant(np.array([0, 0, shape.heads, shape.hidden // shape.heads], dtype=np.int64))
        joined = op.constant(np.array([0, 0, shape.hidden], dtype=np.int64))
        turned = op.constant(np.array([0, 2, 1, 3], dtype=np.int64))
        query, key, value = (
            op.transpose(op.reshape(self._linear(hidden, f"{name}attention.self.{part}"), parted, True), turned)
            for part in ("query", "key", "value")
        )
        attended = op.scaled_dot_product_attention(query, key, value, bias)
        attended = op.reshape(op.transpose(attended, turned), joined, True)
        attended = op.add(self._linear(attended, f"{name}attention.output.dense"), hidden)
        hidden = self._norm(attended, f"{name}attention.output.LayerNorm")
        wide = op.gelu(self._linear(hidden, f"{name}intermediate.dense"), "erf")
        return self._norm(op.add(self._linear(wide, f"{name}output.dense"), hidden), f"{name}output.LayerNorm")

    def _pooled(self, hidden: Any, attended: Any, pooling: str) -> Any:
        op = self._op
        if pooling == "mean":
            counted = op.unsqueeze(attended, self._axes(2))
            total = op.reduce_sum(op.multiply(hidden, counted), self._axes(1))
            return op.divide(total, op.reduce_sum(counted, self._axes(1)))
        first = op.gather(hidden, self._axis(0), self._axis(1))
        return first if pooling == "cls" else op.tanh(self._linear(first, f"{self._prefix}pooler.dense"))

    def _linear(self, value: Any, name: str) -> Any:
        product = self._op.matmul(value, self._linear_weight(f"{name}.weight"), False, True)
        return self._op.add(product, self._weight(f"{name}.bias"))

    def _linear_weight(self, name: str) -> Any:
        weight, group = self._stored[name], self._int8_group
        if group is None or weight.shape[1] % group:
            return self._weight(name)
        values, scales = quantized(weight, group)
        scaled = self._op.multiply(self._op.convert(self._op.constant(values), np.float32), self._op.constant(scales))
        return self._op.reshape(scaled, self._op.constant(np.array(weight.shape, dtype=np.int64)), False)

    def _norm(self, value: Any, name: str) -> Any:
        normal = self._op.mvn(value, self._axes(-1), True, self._shape.epsilon, "inside_sqrt")
        return self._op.add(self._op.multiply(normal, self._weight(f"{name}.weight")), self._weight(f"{name}.bias"))

    def _weight(self, name: str) -> Any:
        return self._op.constant(np.ascontiguousarray(self._stored[name], dtype=np.float32))

    def _number(self, value: float) -> Any:
        return self._op.constant(np.float32(value))

    def _axis(self, value: int) -> Any:
        return self._op.constant(np.int64(value))

    def _axes(self, *values: int) -> Any:
        return self._op.constant(np.array(values, dtype=np.int64))
