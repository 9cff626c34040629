"""What a collection asks of itself, by an encoder of predictable vectors."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from passagework.ingest import ingest
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.errors import TrainingError
from passagework.retrieval.training import Pair
from passagework.retrieval.training.collection_pairs import collection_pairs
from tests.support.fakes import FakeEncoder

THINGS = [f"{colour} {thing}" for colour in ("amber", "black", "copper", "dun") for thing in ("pump", "crane", "dome")]


def page(thing: str, number: int) -> str:
    """A page of two sections, of which one has a heading that every page has, with words of its own."""
    letters = random.Random(number)
    own = [f"word{number}x{place} {''.join(letters.choices('abcdefghilmnoprstuv', k=6))}" for place in range(40)]
    return (
        f"# Handbook of the {thing}\n\n## Repairing the {thing}\n\n"
        f"The {thing} needs {' '.join(own[:6])} once a year. Whoever opens it wears {' '.join(own[6:12])} always. "
        f"Then {' '.join(own[12:20])} comes back.\n\n## Overview\n\n"
        f"It was bought for {' '.join(own[20:27])} long ago. It stands where {' '.join(own[27:34])} stood before. "
        f"Nothing of {' '.join(own[34:])} is left.\n"
    )


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Pair]]:
    """Those of twelve pages, and of the first once more under another name."""
    folder = tmp_path_factory.mktemp("pages")
    for number, thing in enumerate(THINGS):
        (folder / f"{number:02}.md").write_text(page(thing, number))
    (folder / "copy.md").write_text(page(THINGS[0], 0).replace("Handbook", "Book"))
    encoder = FakeEncoder()
    ingest([folder], folder / "collection", encoder=encoder, passage_tokens=60, overlap=0)
    with Collection.open(folder / "collection", encoder=encoder) as opened:
        yield collection_pairs(opened, seed=3)


def test_a_heading_asks_for_its_section_without_standing_there(pairs: list[Pair]) -> None:
    """One that stands above many sections is asked with what stands above it."""
    asked = {pair.query: pair for pair in pairs if pair.kind == "heading"}
    repairing = asked["Repairing the black dome"]
    assert "word5x0" in repairing.positive
    assert "Repairing" not in repairing.positive
    assert "word5x20" in asked["Handbook of the black dome Overview"].positive
    assert "Overview" not in asked


def test_a_sentence_asks_for_the_text_around_it(pairs: list[Pair]) -> None:
    """It was taken out of it."""
    asked = [pair for pair in pairs if pair.kind == "sentence"]
    assert len(asked) >= len(THINGS)
    assert all(pair.query not in pair.positive for pair in asked)
    assert all("word" in pair.positive and len(pair.positive.split()) > 12 for pair in asked)


def test_what_may_answer_is_no_negative(pairs: list[Pair]) -> None:
    """Nor is the same section, nor a copy of it in another document, which gives no pair either."""
    own = {f"word{number}x": thing for number, thing in enumerate(THINGS)}
    for pair in pairs:
        mark = next(word for word in own if word in pair.positive)
        half = "x0" if f"{mark}0 " in pair.positive or "once a year" in pair.positive else None
        assert pair.positive not in pair.negatives
        assert half is None or not any(f"{mark}0 " in text for text in pair.negatives)
    of_first = [pair for pair in pairs if "word0x" in pair.positive and pair.kind == "heading"]
    assert len(of_first) == 2  # of both pages that say it, one alone is asked for
    assert len({pair.group for pair in of_first}) <= 2


def test_the_same_seed_gives_the_same(tmp_path: Path) -> None:
    """And a collection that says too little of itself is refused, with how much that is."""
    (tmp_path / "one.md").write_text(page("amber pump", 1))
    encoder = FakeEncoder()
    ingest([tmp_path / "one.md"], tmp_path / "collection", encoder=encoder, passage_tokens=60, overlap=0)
    with (
        Collection.open(tmp_path / "collection", encoder=encoder) as opened,
        pytest.raises(TrainingError, match="50 are the least"),
    ):
        collection_pairs(opened)


def test_scripts_without_blanks_give_pairs_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two characters count as a word."""
    monkeypatch.setattr("passagework.retrieval.training.collection_pairs.LEAST_PAIRS", 1)
    for number, (thing, work) in enumerate(
        (("望远镜", "清洁镜面"), ("发电机", "更换滤清器"), ("起重机", "检查钢丝绳"))
    ):
        head = f"# {thing}手册\n\n## {thing}的维护\n\n每年由技术员{work}并记录结果。"
        text = f"{head}发现缺陷时立即通知站长和维修组。备件存放在{thing}旁边的仓库里。\n"
        (tmp_path / f"{number}.md").write_text(text)
    encoder = FakeEncoder()
    ingest([tmp_path], tmp_path / "collection", encoder=encoder, passage_tokens=60, overlap=0)
    with Collection.open(tmp_path / "collection", encoder=encoder) as opened:
        found = collection_pairs(opened)
    assert {"望远镜的维护", "发电机的维护", "起重机的维护"} <= {pair.query for pair in found if pair.kind == "heading"}
    assert any(pair.kind == "sentence" for pair in found)
