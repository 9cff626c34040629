"""Runs BERT cross-encoders on a CPU by OpenVINO, without importing torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.config import MAX_WINDOW, Settings
from passagework.retrieval.models.backends.bert_graph import TEXT, BertShape, bert_graph
from passagework.retrieval.models.backends.model_files import (
    model_load_errors,
    module_names,
    read_json,
    read_tokenizer,
    read_weights,
)
from passagework.retrieval.models.backends.openvino_model import OpenVinoModel
from passagework.retrieval.models.batching import OPENVINO, BatchShape
from passagework.retrieval.models.devices import pick_precision
from passagework.retrieval.models.pair_inputs import Pairing, Piece, TokenPairs
from passagework.retrieval.models.weights import ResolvedModel
from passagework.retrieval.types import Vectors


class OpenVinoReranker:
    """A BERT with a pooler and a head of one score, from its folder's own files.

    `head` is (hidden + 1,): the weights of the last layer and its bias. It computes in fp32 whatever the layers do:
    bf16 has 8 bits, and would make ties of close passages.
    """

    def __init__(
        self, model: OpenVinoModel, head: Vectors, tokenizer: Any, *, window: int, pad: int, prefix: str
    ) -> None:
        self._model = model
        self._head = head
        self.tokenizer = tokenizer
        self.window = window
        self.pairing: Pairing = TokenPairs(tokenizer, pad=pad, prefix=prefix)

    @classmethod
    def load(cls, resolved: ResolvedModel, settings: Settings) -> OpenVinoReranker | None:
        """Returns the model of this folder; None where it is anything but a plain BERT classifier.

        Raises ModelUnavailableError where the files contradict one another.
        """
        with model_load_errors(resolved):
            config = read_json(resolved.path / "config.json")
            shape = BertShape.read(config)
            if shape is None or not _is_plain(resolved.path, config):
                return None
            tokenizer, stored = read_tokenizer(resolved.path), read_weights(resolved.path)
            if tokenizer is None or stored is None:
                return None
            graph = bert_graph(stored, shape, pooling="pooler")
            head = np.append(stored["classifier.weight"][0], stored["classifier.bias"]).astype(np.float32)
        max_length = read_json(resolved.path / "tokenizer_config.json").get("model_max_length")
        model_config = read_json(resolved.path / "config_sentence_transformers.json")
        positions = min(shape.positions, MAX_WINDOW)
        prompts = model_config.get("prompts") or {}
        return cls(
            OpenVinoModel(graph, pick_precision(settings.precision, "cpu")),
            head,
            tokenizer,
            window=min(int(max_length or positions), positions),
            pad=int(config.get("pad_token_id") or 0),
            prefix=str(prompts.get(model_config.get("default_prompt_name")) or ""),
        )

    @property
    def name(self) -> str:
        """Returns what runs it, where, and at what precision."""
        return f"openvino cpu {self._model.precision}"

    @property
    def device(self) -> str:
        """Returns the device's name in torch."""
        return "cpu"

    @property
    def shape(self) -> BatchShape:
        """Returns the shape of batches that suits it."""
        return OPENVINO

    def scores(self, query: Piece, passages: Sequence[Piece]) -> NDArray[np.float32]:
        """Returns (passages,) float32, before any activation."""
        (pooled,) = self._model.run(self.pairing.features(query, passages), TEXT)
        return np.asarray(pooled @ self._head[:-1] + self._head[-1], dtype=np.float32)


def _is_plain(folder: Path, config: dict[str, Any]) -> bool:
    """Tells whether it is a classifier of one label, and nothing around it."""
    labels = config.get("id2label") or {}
    transformer_config = read_json(folder / "sentence_bert_config.json")
    return (
        config.get("architectures") == ["BertForSequenceClassification"]
        and len(labels) == 1
        and module_names(folder) in ([], ["Transformer"])
        and transformer_config.get("transformer_task", "sequence-classification") == "sequence-classification"
        and not transformer_config.get("max_seq_length")
        and not transformer_config.get("do_lower_case")
    )
