"""Runs BERT bi-encoders on a CPU by OpenVINO: over twice as fast as torch in fp32, and without importing it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from passagework.retrieval.config import MAX_WINDOW, Settings
from passagework.retrieval.models.backends.backend import EncoderConfig, Rows, passage_prompt_of
from passagework.retrieval.models.backends.bert_graph import TEXT, TOKENS, BertShape, Weights, bert_graph
from passagework.retrieval.models.backends.model_files import (
    model_load_errors,
    module_names,
    read_json,
    read_modules,
    read_tokenizer,
    read_weights,
)
from passagework.retrieval.models.backends.openvino_model import INT8_GROUP, OpenVinoModel
from passagework.retrieval.models.batching import OPENVINO, BatchShape
from passagework.retrieval.models.devices import cpu_multiplies_bf16, cpu_multiplies_int8
from passagework.retrieval.models.weights import DEFAULT_DIGEST, ResolvedModel
from passagework.retrieval.types import Vectors

PLAIN = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
"""Modules of a model that is a BERT and a pooling, and no more."""


class OpenVinoEncoder:
    """A BERT with mean or CLS pooling, from its folder's own files."""

    def __init__(self, model: OpenVinoModel, encoder_config: EncoderConfig) -> None:
        self._model = model
        self._encoder_config = encoder_config

    @classmethod
    def load(cls, resolved: ResolvedModel, settings: Settings) -> OpenVinoEncoder | None:
        """Returns the model of this folder; None where it is anything but a plain BERT.

        Raises ModelUnavailableError where the files contradict one another.
        """
        with model_load_errors(resolved):
            config = read_json(resolved.path / "config.json")
            shape = BertShape.read(config)
            encoder_config = None if shape is None else _encoder_config(resolved.path, config, shape)
            if shape is None or encoder_config is None:
                return None
            stored = read_weights(resolved.path)
            if stored is None:
                return None
            model = _compiled(stored, shape, encoder_config.pooling, _precision(resolved, settings))
        return cls(model, encoder_config)

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

    @property
    def encoder_config(self) -> EncoderConfig:
        """Returns what the model's files say."""
        return self._encoder_config

    def text_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors:  # noqa: ARG002 - no such pooling
        """Returns (rows, dimension) float32."""
        return self._model.run(_inputs(ids, mask), TEXT)[0]

    def token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors | None:  # noqa: ARG002
        """Returns (rows, width, hidden) float32."""
        return self._model.run(_inputs(ids, mask), TOKENS)[0]

    def text_and_token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> tuple[Vectors, Vectors | None]:  # noqa: ARG002
        """Returns both of one pass."""
        texts, tokens = self._model.run(_inputs(ids, mask), TEXT, TOKENS)
        return texts, tokens


def _precision(resolved: ResolvedModel, settings: Settings) -> str:
    """Returns int8 for the default encoder, whose loss was measured, where the processor has that and no bf16.

    By name any encoder has it, if the processor does: without VNNI OpenVINO fails at the first batch.
    """
    native = cpu_multiplies_int8()
    if settings.precision == "int8":
        return "int8" if native else "fp32"
    measured = resolved.weights == DEFAULT_DIGEST
    chosen = settings.precision == "auto" and measured and native and not cpu_multiplies_bf16()
    return "int8" if chosen else settings.precision


def _compiled(stored: Weights, shape: BertShape, pooling: str, precision: str) -> OpenVinoModel:
    """Returns the model at a precision; in fp32 where this processor's int8 fails in OpenVINO after all."""
    if precision != "int8":
        return OpenVinoModel(bert_graph(stored, shape, pooling=pooling), precision)
    model = OpenVinoModel(bert_graph(stored, shape, pooling=pooling, int8_group=INT8_GROUP), precision)
    one = np.ones((1, 1), dtype=np.int32)
    try:
        model.run(_inputs(one, one), TEXT)
    except RuntimeError:
        return _compiled(stored, shape, pooling, "fp32")
    return model


def _inputs(ids: Rows, mask: Rows) -> dict[str, Rows]:
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def _encoder_config(folder: Path, config: dict[str, Any], shape: BertShape) -> EncoderConfig | None:
    """Returns what the files say; None where they say something that the graph has no part for."""
    if module_names(folder) not in PLAIN or read_modules(folder)[0].get("path"):
        return None
    transformer_config = read_json(folder / "sentence_bert_config.json")
    model_config = read_json(folder / "config_sentence_transformers.json")
    pooling = _pooling(read_json(folder / str(read_modules(folder)[1].get("path")) / "config.json"))
    odd = (
        transformer_config.get("do_lower_case")
        or model_config.get("truncate_dim")
        or model_config.get("default_prompt_name")
    )
    if (
        pooling is None
        or odd
        or transformer_config.get("transformer_task", "feature-extraction") != "feature-extraction"
    ):
        return None
    tokenizer = read_tokenizer(folder)
    if tokenizer is None:
        return None
    tokenizer_config = read_json(folder / "tokenizer_config.json")
    positions = min(shape.positions, MAX_WINDOW)
    prompts = {key: value for key, value in (model_config.get("prompts") or {}).items() if value}
    return EncoderConfig(
        tokenizer=tokenizer,
        pad=int(config.get("pad_token_id") or 0),
        window=min(
            int(transformer_config.get("max_seq_length") or tokenizer_config.get("model_max_length") or positions),
            positions,
        ),
        positions=positions,
        pooling=pooling,
        dimension=shape.hidden,
        query_prompt=prompts.get("query", ""),
        passage_prompt=passage_prompt_of(prompts),
    )


def _pooling(config: dict[str, Any]) -> str | None:
    """Returns mean or cls, over all tokens; None for another way."""
    if config.get("include_prompt", True) is not True:
        return None
    if "pooling_mode" in config:
        return config["pooling_mode"] if config["pooling_mode"] in {"mean", "cls"} else None
    chosen = [name for name, value in config.items() if name.startswith("pooling_mode_") and value is True]
    older = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    return older.get(chosen[0]) if len(chosen) == 1 else None
