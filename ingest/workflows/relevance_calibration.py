"""Corrects the relevance of a collection's searches by its own judgments, where that makes it better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from passagework.ingest.writing.write_access import open_for_writing
from passagework.retrieval.choices import choose
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.errors import EvaluationError, StoreError
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.evaluation.judged_relevance import JudgedRelevance, Reliability, judge_relevance
from passagework.retrieval.evaluation.judgments import read_judgments
from passagework.retrieval.folder import JUDGMENTS, current_version
from passagework.retrieval.search.calibration import record_calibration
from passagework.retrieval.types import Json, Stage


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Holds what judgments of `queries` say of relevance, and the `slope` that corrects its log odds.

    `helps` tells that the correction is better by more than
    chance, `kept` that searches are corrected from now on. `drifted` has a line for each judgment that no longer holds.
    """

    queries: int
    as_it_comes: Reliability
    corrected: Reliability
    slope: float
    helps: bool
    kept: bool
    drifted: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """Returns what `calibrate --json` prints."""
        return {
            "queries": self.queries,
            "as_it_comes": self.as_it_comes.to_json(),
            "corrected": self.corrected.to_json(),
            "slope": self.slope,
            "helps": self.helps,
            "kept": self.kept,
            "drifted": list(self.drifted),
        }


def calibrate(
    collection: str | Path,
    judgments: str | Path | None = None,
    *,
    stage: Stage | str | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Calibrated:
    """Corrects relevance by judgments: the collection's own, or those of a file.

    The correction is recorded where it is better by more than chance on queries that it was not fitted on, in place of
    an earlier one; else relevance is as it comes. With `dry_run` nothing changes. `stage` is that of the searches, None
    for the default; `progress` gets the queries done and in all. Raises EvaluationError where there are too few
    judgments or they can't be read, and StoreError where the collection can't be written.
    """
    folder = Path(collection)
    source = folder / JUDGMENTS if judgments is None else Path(judgments)
    version = current_version(folder)
    if judgments is None and not source.exists():
        raise EvaluationError(f"{folder} has no judgments: grade hits on the Search page, or name a file of judgments")
    with Collection.open(folder) as opened:
        name = "own judgments" if judgments is None else source.name
        places = JudgedPlaces(opened, read_judgments(source), name=name)
        asked = None if stage is None else choose(Stage, stage, "stage")
        judged = judge_relevance(opened, places, stage=asked, progress=progress)
    if not dry_run:
        _record(folder, version, judged)
    return Calibrated(
        judged.calibration.queries,
        judged.as_it_comes,
        judged.corrected,
        judged.calibration.slope,
        judged.helps,
        judged.helps and not dry_run,
        tuple(places.drifted),
    )


def forget_calibration(collection: str | Path) -> None:
    """Takes a collection's correction back: relevance is as it comes. Raises StoreError where it can't be written."""
    with open_for_writing(Path(collection)) as store, store.write() as writer:
        record_calibration(writer, None)


def _record(folder: Path, version: Path, judged: JudgedRelevance) -> None:
    with open_for_writing(folder) as store:
        if current_version(folder) != version:
            raise StoreError(f"{folder} was rebuilt meanwhile: calibrate it again")
        with store.write() as writer:
            record_calibration(writer, judged.calibration if judged.helps else None)
