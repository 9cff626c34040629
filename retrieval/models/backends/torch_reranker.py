"""Runs any sentence-transformers cross-encoder by torch, on a CPU or a GPU: one score a pair, or one a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.models.backends.backend import DeviceMemoryError
from passagework.retrieval.models.batching import TORCH_CPU, TORCH_GPU, BatchShape, load_model, window_and_positions
from passagework.retrieval.models.devices import pick_precision
from passagework.retrieval.models.pair_inputs import Pairing, Piece, pairing_of
from passagework.retrieval.models.weights import ResolvedModel

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class TorchReranker:
    """A model as sentence-transformers loads it, in fp32 or bf16 whatever the file holds; its last layer in fp32.

    It gives `outputs` for each pair: a reranker one, its score.
    """

    def __init__(self, model: CrossEncoder, resolved: ResolvedModel, *, precision: str, outputs: int = 1) -> None:
        import torch

        if model.num_labels != outputs:
            expected = "a reranker gives 1" if outputs == 1 else f"its config names {outputs} labels"
            raise ConfigError(f"{resolved.name} gives {model.num_labels} scores per pair: {expected}")
        self._torch = torch
        self._device = model.device
        self._precision = pick_precision(precision, self._device.type)
        self._model = model.eval().to(torch.bfloat16 if self._precision == "bf16" else torch.float32)
        _keep_head_fp32(self._model, outputs)
        self.tokenizer: Any = getattr(model.tokenizer, "backend_tokenizer", None)
        if self.tokenizer is None:
            raise ConfigError(f"{resolved.name} has no fast tokenizer: save it with a tokenizer.json")
        self.window, _ = window_and_positions(model, resolved)
        self.pairing: Pairing = pairing_of(model)
        self._inputs = {"input_ids", "attention_mask", *model.tokenizer.model_input_names}

    @classmethod
    def load(cls, resolved: ResolvedModel, settings: Settings, *, outputs: int = 1) -> TorchReranker:
        """Returns the model of this folder; raises ModelUnavailableError where it can't be loaded."""
        import torch
        from sentence_transformers import CrossEncoder

        # The folder's own activation is neither imported nor applied.
        options = {"activation_fn": torch.nn.Identity()}
        model: CrossEncoder = load_model(CrossEncoder, resolved, settings.device, options)
        return cls(model, resolved, precision=settings.precision, outputs=outputs)

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

    def scores(self, query: Piece, passages: Sequence[Piece]) -> NDArray[np.float32]:
        """Returns (passages,) float32, before any activation."""
        return self.logits(query, passages).reshape(len(passages))

    def logits(self, first: Piece, seconds: Sequence[Piece]) -> NDArray[np.float32]:
        """Returns (pairs, outputs) float32, before any activation, of a text with each of some others behind it."""
        torch = self._torch
        features = {
            key: self._to_device(value)
            for key, value in self.pairing.features(first, seconds).items()
            if key in self._inputs or not isinstance(value, np.ndarray)
        }
        try:
            with torch.inference_mode():
                scores = self._model(features)["scores"]
            return np.asarray(scores.float().cpu().numpy().reshape(len(seconds), -1), dtype=np.float32)
        except torch.cuda.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise DeviceMemoryError(str(error)) from error

    def _to_device(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            value = self._torch.from_numpy(value.astype(np.int64))
        return value.to(self._device) if isinstance(value, self._torch.Tensor) else value


def _keep_head_fp32(model: CrossEncoder, outputs: int) -> None:
    """Lets the layer that gives the score compute in fp32: bf16 has 8 bits, and would make ties of close passages."""
    import torch

    linear = torch.nn.Linear
    heads = [module for module in model.modules() if isinstance(module, linear) and module.out_features == outputs]
    for head in heads[-1:]:
        head.float()
        head.register_forward_pre_hook(lambda _, inputs: tuple(value.float() for value in inputs))
