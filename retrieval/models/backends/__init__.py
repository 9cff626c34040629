"""Chooses what runs a model: OpenVINO on a CPU where it is installed and knows the architecture, else torch.

A table of word vectors is looked up by NumPy, whatever is chosen. Neither torch nor transformers is loaded for a
model that OpenVINO runs: a search on the command line answers in the time that they take to import.
"""

from __future__ import annotations

from dataclasses import replace

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.extras import install_command, missing_extra, missing_modules, require
from passagework.retrieval.models.backends.backend import Backend, DeviceMemoryError, EncoderConfig, PairBackend
from passagework.retrieval.models.backends.openvino_library import openvino_available
from passagework.retrieval.models.backends.several_devices import SeveralDevices
from passagework.retrieval.models.backends.static_encoder import StaticEncoder
from passagework.retrieval.models.devices import cuda_available, cuda_devices
from passagework.retrieval.models.weights import ResolvedModel

__all__ = ["Backend", "DeviceMemoryError", "EncoderConfig", "PairBackend", "encoder_backend", "reranker_backend"]


def encoder_backend(resolved: ResolvedModel, settings: Settings) -> Backend:
    """Returns the fastest backend that can run this bi-encoder, or the one named; on all GPUs, or on one named.

    Raises ModelUnavailableError where the model can't be loaded, ConfigError where the backend named can't run it, or
    no backend that could is installed.
    """
    static = StaticEncoder.load(resolved)
    if static is not None:
        return static
    if openvino_may_run(settings):
        from passagework.retrieval.models.backends.openvino_encoder import OpenVinoEncoder

        backend = OpenVinoEncoder.load(resolved, settings)
        if backend is not None:
            return backend
        _refuse_openvino(resolved, settings)
    _require_torch(settings)
    from passagework.retrieval.models.backends.torch_encoder import TorchEncoder

    gpus = cuda_devices() if settings.device in (None, "cuda") else []
    if len(gpus) < 2:
        return TorchEncoder.load(resolved, settings)
    return SeveralDevices([TorchEncoder.load(resolved, replace(settings, device=gpu)) for gpu in gpus])


def reranker_backend(resolved: ResolvedModel, settings: Settings) -> PairBackend:
    """Does the same for a cross-encoder; raises ConfigError for a model that gives more than one score, too."""
    if openvino_may_run(settings):
        from passagework.retrieval.models.backends.openvino_reranker import OpenVinoReranker

        backend = OpenVinoReranker.load(resolved, settings)
        if backend is not None:
            return backend
        _refuse_openvino(resolved, settings)
    _require_torch(settings)
    from passagework.retrieval.models.backends.torch_reranker import TorchReranker

    return TorchReranker.load(resolved, settings)


def _refuse_openvino(resolved: ResolvedModel, settings: Settings) -> None:
    if settings.backend == "openvino":
        raise ConfigError(f"{resolved.name} is no plain BERT: give torch as the backend, or auto")


def _require_torch(settings: Settings) -> None:
    """Raises ConfigError where torch is absent; where OpenVINO is too, which would do for most, it names both."""
    anything = settings.backend == "auto" and settings.device in (None, "cpu")
    if anything and missing_modules("torch") and not openvino_available():
        raise ConfigError(
            f"neither openvino nor torch is installed, and one of them runs the models: {install_command('fast')} "
            f"(on a CPU) or {install_command('torch')} (any model, and GPUs)"
        )
    require("torch")


def openvino_may_run(settings: Settings) -> bool:
    """Tells whether a model is to be tried with OpenVINO; raises ConfigError where it is asked for and can't be had."""
    if settings.backend == "openvino":
        if not openvino_available():
            raise missing_extra("fast", "openvino")
        if settings.device not in (None, "cpu"):
            raise ConfigError(f"the backend openvino runs on cpu, not on {settings.device}")
        return True
    on_cpu = settings.device == "cpu" or (settings.device is None and not cuda_available())
    return settings.backend == "auto" and on_cpu and openvino_available()
