"""BERT bi-encoders on a CPU by OpenVINO: more than twice as fast as torch in fp32, and without importing it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.backends.bert_graph import TEXT, TOKENS, BertShape, bert_graph
from retrieval.backends.openvino_model import OpenVinoModel
from retrieval.backends.protocol import EncoderFacts, Rows
from retrieval.config import MAX_WINDOW, Settings
from retrieval.errors import ModelUnavailableError
from retrieval.models import ResolvedModel
from retrieval.types import Vectors

WEIGHTS = "model.safetensors"
MODULES = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
"""Of sentence-transformers models that are a BERT and a pooling, and no more."""


class OpenVinoEncoder:
    """A BERT with mean or CLS pooling, from its folder's own files."""

    def __init__(self, model: OpenVinoModel, facts: EncoderFacts) -> None:
        self._model = model
        self._facts = facts

    @classmethod
    def load(cls, resolved: ResolvedModel, settings: Settings) -> OpenVinoEncoder | None:
        """The model of this folder; None where it is anything but a plain BERT.

        Raises ModelUnavailableError where the files contradict one another.
        """
        try:
            config = _json(resolved.path / "config.json")
            shape = BertShape.read(config)
            facts = None if shape is None else _facts(resolved.path, config, shape)
            if shape is None or facts is None:
                return None
            graph = bert_graph(resolved.path / WEIGHTS, shape, pooling=facts.pooling)
        except TypeError:  # bfloat16, which NumPy has not
            return None
        except Exception as error:  # tokenizers and safetensors raise what they like
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelUnavailableError(f"{resolved.name} can't be loaded from {resolved.path}: {reason}") from error
        return cls(OpenVinoModel(graph, settings.precision), facts)

    @property
    def name(self) -> str:
        """What runs it, where, and at what precision."""
        return f"openvino cpu {self._model.precision}"

    @property
    def device(self) -> str:
        """In torch's word."""
        return "cpu"

    @property
    def facts(self) -> EncoderFacts:
        """What the model's files say."""
        return self._facts

    def text_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors:  # noqa: ARG002 - no such pooling
        """(rows, dimension) float32."""
        return self._model.run(_inputs(ids, mask), TEXT)

    def token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors | None:  # noqa: ARG002
        """(rows, width, hidden) float32."""
        return self._model.run(_inputs(ids, mask), TOKENS)


def _inputs(ids: Rows, mask: Rows) -> dict[str, Rows]:
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def _facts(folder: Path, config: dict[str, Any], shape: BertShape) -> EncoderFacts | None:
    """What the files say; None where they say something that the graph has no part for."""
    from tokenizers import Tokenizer

    listed = _json(folder / "modules.json", [])
    names = [str(module.get("type", "")).rsplit(".", 1)[-1] for module in listed]
    files = ("tokenizer.json", WEIGHTS)
    if names not in MODULES or listed[0].get("path") or not all((folder / name).is_file() for name in files):
        return None
    own = _json(folder / "sentence_bert_config.json")
    told = _json(folder / "config_sentence_transformers.json")
    pooling = _pooling(_json(folder / listed[1]["path"] / "config.json"))
    prompts = {key: value for key, value in (told.get("prompts") or {}).items() if value}
    odd = own.get("do_lower_case") or told.get("truncate_dim") or told.get("default_prompt_name")
    if pooling is None or odd or own.get("transformer_task", "feature-extraction") != "feature-extraction":
        return None
    said = _json(folder / "tokenizer_config.json")
    longest = own.get("max_seq_length") or said.get("model_max_length") or shape.positions
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    positions = min(shape.positions, MAX_WINDOW)
    return EncoderFacts(
        tokenizer=tokenizer,
        pad=int(config.get("pad_token_id") or 0),
        window=min(int(longest), positions),
        positions=positions,
        pooling=pooling,
        dimension=shape.hidden,
        query_prompt=prompts.get("query", ""),
        passage_prompt=next((prompts[key] for key in ("document", "passage", "corpus") if key in prompts), ""),
    )


def _pooling(config: dict[str, Any]) -> str | None:
    """mean or cls over all tokens; None for another way."""
    if config.get("include_prompt", True) is not True:
        return None
    if "pooling_mode" in config:
        return config["pooling_mode"] if config["pooling_mode"] in {"mean", "cls"} else None
    chosen = [name for name, value in config.items() if name.startswith("pooling_mode_") and value is True]
    return (
        {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}.get(*chosen) if len(chosen) == 1 else None
    )


def _json(path: Path, default: Any = None) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {} if default is None else default
