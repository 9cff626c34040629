"""Imports OpenVINO when it is first needed, and without its telemetry."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from passagework.retrieval.forks import ForkSafeLock

TELEMETRY = "openvino_telemetry"

_lock = ForkSafeLock()


def openvino_available() -> bool:
    """Tells whether the package is installed, without importing it."""
    return importlib.util.find_spec("openvino") is not None


def load_openvino() -> Any:
    """Returns the package. On import it would send an event to Google Analytics, and write a client id into the home.

    It does without the telemetry's package where that can't be imported, so for that moment it can't.
    """
    with _lock:
        if "openvino" not in sys.modules:
            before = sys.modules.get(TELEMETRY)
            sys.modules[TELEMETRY] = None  # type: ignore[assignment] # Python's own way to say: not to be imported
            try:
                import openvino
            finally:
                if before is None:
                    del sys.modules[TELEMETRY]
                else:
                    sys.modules[TELEMETRY] = before
        import openvino

        return openvino
