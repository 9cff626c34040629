"""What share of a query's words passages hold: in whatever way they are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection, ingest
from passagework.retrieval.plan import FusionWeights
from passagework.retrieval.search.fusion import weights_of
from tests.support.fakes import FakeEncoder

TEXTS = {
    "a.txt": "The contract is worth 1,234,567 euros in all.",
    "b.txt": "The gateway calls getUserById of the directory for every guest.",
    "c.txt": "Release 2.4.1 mends part SA-4471-B of the gateway.",
}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Three passages."""
    folder: Path = tmp_path_factory.mktemp("held")
    (folder / "docs").mkdir()
    for name, text in TEXTS.items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    ingest(folder / "docs", folder / "collection", encoder=FakeEncoder())
    with Collection.open(folder / "collection", encoder=FakeEncoder()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "share"),
    [
        ("contract 1234567 euros", 1.0),
        ("gateway getuserbyid", 1.0),
        ("SA-4471-B", 1.0),
        ("gateway qxvzkw", 0.5),
    ],
)
def test_what_a_word_is_read_as_counts_as_the_word(
    collection: Collection, monkeypatch: pytest.MonkeyPatch, query: str, share: float
) -> None:
    """A number with separators, a name by its words, an identifier: each is held."""
    held: list[float] = []

    def recorded(*measured: Any, is_code: bool) -> FusionWeights:
        held.append(measured[5])
        return weights_of(*measured, is_code=is_code)

    monkeypatch.setattr("passagework.retrieval.search.candidate_pool.weights_of", recorded)
    collection.search(query, stage="hybrid")
    assert held == [share]
