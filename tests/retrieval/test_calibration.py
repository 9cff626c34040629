"""Relevance corrected by one's own judgments: the correction, and what a collection makes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from passagework import Collection, EvaluationError, ingest
from passagework.ingest.workflows.relevance_calibration import calibrate, forget_calibration
from passagework.retrieval.evaluation.judgments import Judgment, add_judgments
from passagework.retrieval.search.calibration import Calibration, fitted_calibration
from tests.support.fakes import FakeEncoder
from tests.ui.test_cli import run

ANIMALS = ("heron", "otter", "badger", "lynx", "marten", "beaver", "raven", "viper", "pike", "toad")
PLACES = ("lake", "wood", "moor", "cliff")


def asked(queries: int, slope: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Hits of queries whose true probability is the relevance, stretched."""
    draw = np.random.default_rng(3)
    said = [np.sort(draw.uniform(0.02, 0.98, 10))[::-1] for _ in range(queries)]
    true = Calibration(slope, 0)
    right = [draw.uniform(size=10) < [true.corrected(float(one)) for one in query] for query in said]
    return said, right


@pytest.mark.parametrize("slope", [1.0, 1.4, 0.5])
def test_the_correction_that_judgments_were_drawn_by_is_found(slope: float) -> None:
    """2,000 queries of ten hits."""
    found = fitted_calibration(*asked(2000, slope))
    assert found.queries == 2000
    assert found.slope == pytest.approx(slope, abs=0.03)


def test_few_judgments_move_little() -> None:
    """Two questions in whose first hits all is right move relevance less than two hundred."""
    said, right = np.full(5, 0.5), np.ones(5, np.bool_)
    few, many = (fitted_calibration([said] * queries, [right] * queries).corrected(0.5) for queries in (2, 200))
    assert 0.5 < few < 0.8 < 0.95 < many


def test_what_is_relevant_at_all_stays_so() -> None:
    """At and below the threshold relevance is as it comes, whatever is judged; above it stays above."""
    for slope in (0.1, 0.5, 3.0):
        calibration = Calibration(slope, 40)
        assert [calibration.corrected(one) for one in (0.0, 0.01, 0.03)] == [0.0, 0.01, pytest.approx(0.03)]
        assert all(calibration.corrected(one) > 0.03 for one in (0.031, 0.1, 0.9, 1.0))


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=10), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_order_of_hits_stays(said: list[list[float]], draw) -> None:  # type: ignore[no-untyped-def]
    """Whatever is judged, what was said to be likelier stays so, and is a probability."""
    found = fitted_calibration(
        [np.array(one) for one in said], [np.array([draw.random() < 0.5 for _ in one]) for one in said]
    )
    corrected = [found.corrected(one) for query in said for one in sorted(query)]
    assert all(0 <= one <= 1 for one in corrected)
    for query in said:
        ordered = [found.corrected(one) for one in sorted(query)]
        assert ordered == sorted(ordered)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty documents, each on an animal in a place, and a judgment for the question about it."""
    folder = tmp_path_factory.mktemp("calibration")
    (folder / "docs").mkdir()
    judgments = []
    for animal in ANIMALS:
        for place in PLACES:
            name = f"{animal}-{place}.md"
            (folder / "docs" / name).write_text(f"The {animal} of the {place} sleeps by day and hunts at night.\n")
            judgments.append(Judgment(f"when does the {animal} of the {place} hunt?", name))
    ingest([folder / "docs"], folder / "c", encoder=FakeEncoder())
    add_judgments(folder / "c", judgments)
    return folder / "c"


@pytest.fixture
def collection(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "c"))


def first(folder: Path) -> tuple[float | None, float | None, int]:
    """The relevance of a first hit, what it would be uncorrected, and the judged queries of the plan."""
    with Collection.open(folder, encoder=FakeEncoder()) as opened:
        hits = opened.search("when does the otter of the moor hunt?", stage="lexical")
        assert hits[0].path == "otter-moor.md"
        assert hits[0].estimate is not None
        return hits[0].relevance, hits[0].estimate.uncorrected, hits.plan.judged_queries


def test_searches_are_corrected_and_say_so_until_it_is_taken_back(collection: Path) -> None:
    """All first hits answer, so that they are likelier to than was said."""
    plain = first(collection)
    assert plain[1:] == (None, 0)
    told: list[tuple[int, int]] = []
    trial = calibrate(collection, stage="lexical", dry_run=True, progress=lambda *done: told.append(done))
    assert (trial.kept, trial.helps, first(collection)) == (False, True, plain)
    assert told[-1][0] == told[-1][1] == 40
    done = calibrate(collection, stage="lexical")
    assert (done.kept, done.queries) == (True, 40)
    assert (done.as_it_comes.right, done.corrected.right) == (1.0, 1.0)
    relevance, uncorrected, queries = first(collection)
    assert (uncorrected, queries) == (plain[0], 40)
    assert relevance is not None
    assert plain[0] is not None
    assert relevance > plain[0]
    assert calibrate(collection, stage="lexical") == done  # what was corrected counts as it came
    forget_calibration(collection)
    assert first(collection) == plain


def test_judgments_that_say_nothing_leave_relevance_as_it_comes(collection: Path) -> None:
    """Too few of them are an error; so is a collection without any."""
    (collection / "judgments.jsonl").unlink()
    with pytest.raises(EvaluationError, match="has no judgments: grade hits on the Search page"):
        calibrate(collection)
    add_judgments(collection, [Judgment(f"when does the {one} of the moor hunt?", f"{one}-moor.md") for one in ANIMALS])
    with pytest.raises(EvaluationError, match="10 judged queries say too little of relevance: judge at least 20"):
        calibrate(collection, stage="lexical")
    assert first(collection)[2] == 0


def test_the_command_says_what_it_found(collection: Path) -> None:
    """As lines and as JSON; taken back, searches have no correction any more."""
    shown = run("calibrate", "--collection", collection, "--stage", "lexical").out
    assert shown.startswith("40 judged queries: 100% of first hits answer\n")
    assert "Searches of this collection are corrected by it" in shown
    found = run("calibrate", "--collection", collection, "--stage", "lexical", "--dry-run", "--json").json
    assert set(found) == {"queries", "as_it_comes", "corrected", "slope", "helps", "kept", "drifted"}
    assert (found["queries"], found["helps"], found["kept"]) == (40, True, False)
    asked = ("search", "when does the lynx of the wood hunt?", "--stage", "lexical")
    hits = run(*asked, "--collection", collection, "--json")
    assert hits.json["plan"]["judged_queries"] == 40
    assert hits.json["hits"][0]["evidence"]["uncorrected"] < hits.json["hits"][0]["relevance"]
    assert run("calibrate", "--collection", collection, "--forget", "--json").json == {"forgotten": True}
    assert first(collection)[2] == 0
