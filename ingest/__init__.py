"""Bring documents into a collection: `from passagework import ingest`.

The package can be called like the function `ingest` in it, for both bear that name within `passagework`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from passagework.ingest.chunker import ChunkSettings
    from passagework.ingest.pipeline import ingest
    from passagework.ingest.report import Problem, Progress, Report

if __name__ == "ingest":  # in a checkout, by the folder's own name
    raise ImportError("`ingest` is a part of passagework: write `from passagework import ingest`")

_MODULES = {
    "ChunkSettings": "chunker",
    "Problem": "report",
    "Progress": "report",
    "Report": "report",
    "ingest": "pipeline",
}

__all__ = ["ChunkSettings", "Problem", "Progress", "Report", "ingest"]


class _CallablePackage(ModuleType):
    """This package, where `from passagework import ingest` meant the function."""

    def __call__(self, *arguments: Any, **options: Any) -> Report:
        """Calls `ingest` of this package."""
        report: Report = self.ingest(*arguments, **options)
        return report


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first asked for: a parser process needs none of them."""
    if name == "__signature__":  # what `help` and notebooks show of a callable
        from inspect import signature

        return signature(import_module(f"{__name__}.pipeline").ingest)
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


sys.modules[__name__].__class__ = _CallablePackage
