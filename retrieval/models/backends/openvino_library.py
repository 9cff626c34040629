"""Imports OpenVINO when it is first needed, and without its telemetry."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from passagework.retrieval.forks import ForkSafeLock

CONVERTER = "openvino.tools.ovc"
"""Its converter of models, which sends an event to Google Analytics and writes a client id into the home when it is
imported, and takes half of the time of the whole import."""

_lock = ForkSafeLock()


def openvino_available() -> bool:
    """Tells whether the package is installed, without importing it."""
    return importlib.util.find_spec("openvino") is not None


def load_openvino() -> Any:
    """Returns the package. Its converter is loaded when somebody asks for `convert_model`, and not before."""
    with _lock:
        if "openvino" not in sys.modules:
            sys.modules[CONVERTER] = None  # type: ignore[assignment] # Python's own way to say: not to be imported
            try:
                import openvino
            finally:
                del sys.modules[CONVERTER]
            if not hasattr(openvino, "convert_model"):
                openvino.__getattr__ = _converter
        import openvino

        return openvino


def _converter(name: str) -> Any:
    """Gives the package's attribute that its import left out (PEP 562)."""
    if name != "convert_model":
        raise AttributeError(f"module 'openvino' has no attribute {name!r}")
    return getattr(importlib.import_module(CONVERTER), name)
