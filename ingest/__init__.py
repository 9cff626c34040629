"""Bring documents into a collection: `from ingest import ingest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.chunker import ChunkSettings
    from ingest.pipeline import ingest
    from ingest.report import Problem, Progress, Report

__all__ = ["ChunkSettings", "Problem", "Progress", "Report", "ingest"]

_HOMES = {
    "ChunkSettings": "ingest.chunker",
    "Problem": "ingest.report",
    "Progress": "ingest.report",
    "Report": "ingest.report",
    "ingest": "ingest.pipeline",
}


def __getattr__(name: str) -> Any:
    """The public names, loaded when first asked for: a parser process needs none of them."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
