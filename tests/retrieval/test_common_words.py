"""A word that most passages hold does not decide: not by words, not in fusion, not in reranking."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from passagework import Collection, ingest
from passagework.retrieval.late_interaction.kept_tokens import content_word_tokens
from passagework.retrieval.lexical.common_words import CommonWords
from passagework.retrieval.store import Store
from passagework.retrieval.types import Tokens
from tests.support.fakes import FakeEncoder

TOPICS = (
    *("printers", "parking", "canteen", "badges", "lockers", "bicycles"),
    *("projectors", "plants", "windows", "carpets", "lamps", "heating"),
)
LEAVE = (
    "Each employee has twenty-eight days of paid leave a year; absences are entered in the calendar before they begin."
)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety notes, sixty of which name the company, and one about leave, by the default encoder."""
    folder = tmp_path_factory.mktemp("named")
    (folder / "docs").mkdir()
    for number in range(90):
        topic = TOPICS[number % len(TOPICS)]
        text = (
            f"Acme keeps its {topic} in building {number}. Acme asks everybody to report damage of the {topic} to the "
            f"desk on floor {number % 9}."
        )
        if number >= 60:
            text = (
                f"The {topic} of building {number} were counted in spring, and {number + 3} of them were found to be "
                "broken."
            )
        title = topic.capitalize() if number < 60 else f"{topic.capitalize()} list"
        (folder / "docs" / f"n{number}.md").write_text(f"# {title} {number}\n\n{text}\n")
    (folder / "docs" / "leave.md").write_text(f"# Leave\n\n{LEAVE}\n")
    ingest(folder / "docs", folder / "c")
    return folder / "c"


@pytest.mark.slow
@pytest.mark.parametrize("query", ["how much vacation do Acme people get", "vacation days for Acme staff"])
def test_a_companys_name_does_not_decide(named: Path, query: str) -> None:
    """What the encoder finds among the first stays there when the only word that is found is in most passages."""
    with Collection.open(named) as collection:
        ranks = {
            stage: [hit.path for hit in collection.search(query, k=91, stage=stage)].index("leave.md") + 1
            for stage in ("dense", "hybrid", "rerank")
        }
        assert ranks["dense"] <= 5
        assert ranks["hybrid"] <= 20
        assert ranks["rerank"] <= 5
        assert "twenty-eight" in collection.context(query, max_tokens=600).text


def test_common_words(tmp_path: Path) -> None:
    """More than half of the passages, in any form of the word, and whatever its case."""
    (tmp_path / "docs").mkdir()
    for number in range(9):
        (tmp_path / "docs" / f"{number}.md").write_text(
            "Acme rivers" if number < 5 else "a river" if number < 8 else "x"
        )
    ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder())
    with Store.open(tmp_path / "c" / "v0001" / "store.db") as store, store.read() as snapshot:
        is_common = CommonWords(snapshot)
        assert is_common("acme")
        assert is_common("RIVER")
        assert not is_common("x")
        assert not is_common("nothing")
        assert not is_common("...")


def test_common_words_count_where_there_are_no_others() -> None:
    """Their tokens are left out beside those of other words, and are all there is without."""
    query = "Acme vacation"
    tokens = Tokens(np.array([1, 2]), np.array([0, 5]), np.array([4, 13]))
    assert content_word_tokens(query, tokens, lambda word: word == "Acme").tolist() == [False, True]
    assert content_word_tokens(query, tokens, lambda _: True).tolist() == [True, True]
    assert content_word_tokens(query, tokens).tolist() == [True, True]
