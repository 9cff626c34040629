"""Brings documents into a collection: `from passagework import ingest`.

The package can be called like the function `ingest` in it, for both bear that name within `passagework`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from passagework.ingest.chunker import ChunkSettings
    from passagework.ingest.confinement import Confinement
    from passagework.ingest.maintenance.creation import create
    from passagework.ingest.maintenance.doctor import Check, Diagnosis, Finding, Remedy, Repair, examine, repair
    from passagework.ingest.maintenance.exchange import (
        Exchanged,
        export_collection,
        import_collection,
        snapshot_collection,
    )
    from passagework.ingest.maintenance.rebuild import rebuild, rebuild_index
    from passagework.ingest.maintenance.removal import delete
    from passagework.ingest.pipeline import ingest
    from passagework.ingest.report import Problem, Progress, Report
    from passagework.ingest.workers.limits import ParserLimits
    from passagework.ingest.workflows.benchmark_evaluation import evaluate_benchmark
    from passagework.ingest.workflows.pair_training import ModelKind, train

if __name__ == "ingest":  # in a checkout, by the folder's own name
    raise ImportError("`ingest` is a part of passagework: write `from passagework import ingest`")

_MODULES = {
    "Check": "maintenance.doctor",
    "ChunkSettings": "chunker",
    "Confinement": "confinement",
    "Diagnosis": "maintenance.doctor",
    "Exchanged": "maintenance.exchange",
    "Finding": "maintenance.doctor",
    "ModelKind": "workflows.pair_training",
    "ParserLimits": "workers.limits",
    "Problem": "report",
    "Progress": "report",
    "Remedy": "maintenance.doctor",
    "Repair": "maintenance.doctor",
    "Report": "report",
    "create": "maintenance.creation",
    "delete": "maintenance.removal",
    "evaluate_benchmark": "workflows.benchmark_evaluation",
    "examine": "maintenance.doctor",
    "export_collection": "maintenance.exchange",
    "import_collection": "maintenance.exchange",
    "ingest": "pipeline",
    "rebuild": "maintenance.rebuild",
    "rebuild_index": "maintenance.rebuild",
    "repair": "maintenance.doctor",
    "snapshot_collection": "maintenance.exchange",
    "train": "workflows.pair_training",
}

__all__ = [
    "Check",
    "ChunkSettings",
    "Confinement",
    "Diagnosis",
    "Exchanged",
    "Finding",
    "ModelKind",
    "ParserLimits",
    "Problem",
    "Progress",
    "Remedy",
    "Repair",
    "Report",
    "create",
    "delete",
    "evaluate_benchmark",
    "examine",
    "export_collection",
    "import_collection",
    "ingest",
    "rebuild",
    "rebuild_index",
    "repair",
    "snapshot_collection",
    "train",
]


class _CallablePackage(ModuleType):
    """Makes this package callable, where `from passagework import ingest` meant the function."""

    def __call__(self, *arguments: Any, **options: Any) -> Report:
        """Calls `ingest` of this package."""
        report: Report = self.ingest(*arguments, **options)
        return report

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Makes it a thing to send to another process, as a function is."""
        return import_module, (self.__name__,)


if not TYPE_CHECKING:  # so that a type checker knows which names there are

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
