"""markitdown's converters, without what its package brings along to guess types that are known here.

It imports magika, and that onnxruntime, whose telemetry (in 1.31.1, the moment it is imported) writes a device's number
and a database of events into the user's home, and has a client to send them.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_UNWANTED = "magika"


class _Later(ModuleType):
    """Stands for a module that is imported when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


def converters() -> Any:
    """The module `markitdown.converters`. Raises ImportError."""
    if "markitdown" in sys.modules or _UNWANTED in sys.modules:
        return import_module("markitdown.converters")
    sys.modules[_UNWANTED] = _Later(_UNWANTED)
    try:
        return import_module("markitdown.converters")
    finally:
        del sys.modules[_UNWANTED]  # whoever imports it from here on gets the real one


def stream_info(suffix: str) -> Any:
    """What markitdown wants to know of a stream."""
    converters()
    return import_module("markitdown").StreamInfo(extension=suffix)
