"""Runs any sentence-transformers model by torch, on a CPU or a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.models.backends.backend import DeviceMemoryError, EncoderConfig, Rows, passage_prompt_of
from passagework.retrieval.models.batching import (
    TORCH_CPU,
    TORCH_GPU,
    BatchShape,
    load_model,
    threads_for,
    window_and_positions,
)
from passagework.retrieval.models.devices import pick_precision
from passagework.retrieval.models.weights import ResolvedModel
from passagework.retrieval.types import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class TorchEncoder:
    """A model as sentence-transformers loads it, in fp32 or bf16 whatever the file holds."""

    def __init__(self, model: SentenceTransformer, resolved: ResolvedModel, *, precision: str) -> None:
        import torch

        self._torch = torch
        self._model = model.eval()
        self._device = model.device
        self._threads = torch.get_num_threads()
        self._precision = pick_precision(precision, self._device.type)
        self._model.to(torch.bfloat16 if self._precision == "bf16" else torch.float32)
        self._encoder_config = _encoder_config(model, resolved)

    @classmethod
    def load(cls, resolved: ResolvedModel, settings: Settings) -> TorchEncoder:
        """Returns the model of this folder; raises ModelUnavailableError where it can't be loaded."""
        from sentence_transformers import SentenceTransformer

        model: SentenceTransformer = load_model(SentenceTransformer, resolved, settings.device)
        return cls(model, resolved, precision=settings.precision)

    @property
    def name(self) -> str:
        """Returns what runs it, where, and at what precision."""
        return f"torch {self._device.type} {self._precision}"

    @property
    def device(self) -> str:
        """Returns the device's name in torch."""
        return str(self._device.type)

    @property
    def shape(self) -> BatchShape:
        """Returns the shape of batches that suits it."""
        return TORCH_GPU if self._device.type == "cuda" else TORCH_CPU

    @property
    def encoder_config(self) -> EncoderConfig:
        """Returns what the model's files say."""
        return self._encoder_config

    def text_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors:
        """Returns (rows, dimension or more) float32."""
        return self._run(ids, mask, prompt_length, "sentence_embedding")[0]

    def token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors | None:
        """Returns (rows, width, hidden) float32; None for a model, such as CLIP's, that gives a text's vector alone."""
        try:
            return self._run(ids, mask, prompt_length, "token_embeddings")[0]
        except KeyError:
            return None

    def text_and_token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> tuple[Vectors, Vectors | None]:
        """Returns both of one pass; see `token_vectors`."""
        try:
            texts, tokens = self._run(ids, mask, prompt_length, "sentence_embedding", "token_embeddings")
        except KeyError:
            return self.text_vectors(ids, mask, prompt_length=prompt_length), None
        return texts, tokens

    def _run(self, ids: Rows, mask: Rows, prompt_length: int, *outputs: str) -> list[Vectors]:
        torch = self._torch
        features: dict[str, Any] = {
            "input_ids": self._to_device(ids),
            "attention_mask": self._to_device(mask),
        }
        if prompt_length:  # poolings that leave the prompt out need to know its length
            features["prompt_length"] = prompt_length
        try:
            with torch.inference_mode(), threads_for(ids.size, self._threads):
                made = self._model(features)
                return [np.asarray(made[name].float().cpu().numpy(), dtype=np.float32) for name in outputs]
        except torch.cuda.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise DeviceMemoryError(str(error)) from error

    def _to_device(self, rows: Rows) -> Any:
        """Puts rows on the device; on a GPU from pinned memory, without waiting."""
        tensor = self._torch.from_numpy(rows.astype(np.int64))
        if self._device.type != "cuda":
            return tensor.to(self._device)
        return tensor.pin_memory().to(self._device, non_blocking=True)


def _encoder_config(model: SentenceTransformer, resolved: ResolvedModel) -> EncoderConfig:
    window, positions = window_and_positions(model, resolved)
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise ModelUnavailableError(f"{resolved.name} has no fast tokenizer: save it with a tokenizer.json")
    prompts = {key: value for key, value in (model.prompts or {}).items() if value}
    return EncoderConfig(
        tokenizer=tokenizer,
        pad=int(model.tokenizer.pad_token_id or 0),
        window=window,
        positions=positions,
        pooling=_pooling(model),
        dimension=_dimension(model),
        query_prompt=prompts.get("query", ""),
        passage_prompt=passage_prompt_of(prompts),
    )


def _pooling(model: SentenceTransformer) -> str:
    """Returns how token vectors become one, in the words of the model."""
    pooling = next((module for module in model if hasattr(module, "get_pooling_mode_str")), None)
    if pooling is not None:
        return str(pooling.get_pooling_mode_str())
    mode = next((module.pooling_mode for module in model if hasattr(module, "pooling_mode")), None)
    return str(mode) if mode is not None else "+".join(type(module).__name__ for module in model)


def _dimension(model: SentenceTransformer) -> int:
    """Returns the dimension of text vectors; raises ModelUnavailableError where the model does not say."""
    name = (
        "get_embedding_dimension" if hasattr(model, "get_embedding_dimension") else "get_sentence_embedding_dimension"
    )
    dimension = getattr(model, name)()
    if dimension is None:
        raise ModelUnavailableError("the model does not say how many dimensions its vectors have")
    return int(dimension)
