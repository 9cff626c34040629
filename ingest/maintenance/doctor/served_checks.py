"""Looks a served collection over: whether the engine has all that it should, and what an interrupted load left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from passagework.ingest.maintenance.doctor.diagnosis import Check, Diagnosis, Finding, Remedy, Repair
from passagework.retrieval.errors import StoreError
from passagework.retrieval.folder import writer_lock
from passagework.retrieval.remote.engine import BORN, DIED, LOAD_SECONDS, ROWS, Engine, every_point
from passagework.retrieval.remote.packed_rows import points_of, unpacked
from passagework.retrieval.remote.point_numbers import version_at
from passagework.retrieval.remote.remote_record import RemoteRecord
from passagework.retrieval.remote.typed_tokens import DOCUMENT, PASSAGE, SEGMENT, HasToken
from passagework.retrieval.store.catalogue import MOMENT, Catalogue


@dataclass(slots=True)
class _Kept:
    """Holds the numbers of an engine's points: answered, never answered or no longer, and marked to end later."""

    live: set[int] = field(default_factory=set)
    leftover: list[int] = field(default_factory=list)
    marked: list[int] = field(default_factory=list)


def examine_served(collection: Path, folder: Path) -> Diagnosis:
    """Looks over what an engine keeps, point by point; changes nothing."""
    counts: dict[str, int] = {}
    checks, findings = [], []
    try:
        with Catalogue(folder).read() as catalogue:
            moment, counts = catalogue.number(MOMENT), dict(catalogue.fact("counts") or {})
        with _engine(folder) as engine:
            kept = _kept(engine, moment)
            missing = _missing(engine, kept)
    except StoreError as error:
        return Diagnosis(
            str(collection),
            folder.name,
            counts,
            (Check("engine", "found", "it can't be asked"),),
            (Finding("engine", str(error)),),
        )
    if missing:
        findings.append(Finding("engine", f"{missing:,} parts of documents are missing: load the collection again"))
    checks.append(Check("engine", "found" if missing else "ok", f"{len(kept.live):,} points"))
    left = len(kept.leftover) + len(kept.marked)
    if left:
        text = f"an interrupted load left {left:,} points that are not answered, or marked to end"
        findings.append(Finding("moments", text, Remedy.LEFTOVERS))
    checks.append(Check("moments", "found" if left else "ok", f"moment {moment}"))
    return Diagnosis(str(collection), folder.name, counts, tuple(checks), tuple(findings))


def repair_served(collection: Path, folder: Path) -> Repair:
    """Takes away what an interrupted load left, and examines the collection again; raises StoreError as a load does."""
    with writer_lock(collection):
        before = examine_served(collection, folder)
        if Remedy.LEFTOVERS not in before.remedies:
            return Repair(before, (), (), before)
        with Catalogue(folder).read() as catalogue:
            moment = catalogue.number(MOMENT)
        with _engine(folder) as engine:
            kept = _kept(engine, moment)
            engine.end(kept.marked, None)
            engine.delete(kept.leftover)
        return Repair(before, (Remedy.LEFTOVERS.value,), (), examine_served(collection, folder))


@contextmanager
def _engine(folder: Path) -> Iterator[Engine]:
    with closing(RemoteRecord.read(folder).connect(folder, seconds=LOAD_SECONDS)) as engine:
        yield engine


def _kept(engine: Engine, moment: int) -> _Kept:
    kept = _Kept()
    for point in every_point(engine, HasToken((PASSAGE, DOCUMENT, SEGMENT)), (BORN, DIED)):
        born, died = int(str(point.payload[BORN])), point.payload.get(DIED)
        if born > moment or (died is not None and int(str(died)) <= moment):
            kept.leftover.append(point.id)
            continue
        kept.live.add(point.id)
        if died is not None:
            kept.marked.append(point.id)
    return kept


def _missing(engine: Engine, kept: _Kept) -> int:
    """Returns how many points of documents that are answered are not there."""
    missing = 0
    for point in every_point(engine, HasToken((DOCUMENT,)), (ROWS,)):
        if point.id in kept.live:
            parts = points_of(version_at(point.id), unpacked(str(point.payload[ROWS])))
            missing += sum(part not in kept.live for part in parts)
    return missing
