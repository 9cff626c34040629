"""The map of documents: groups by what they are about, words that name them, places that are always the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, strategies as st

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.document_map.document_map import MOST_GROUPS, group_vectors, plane
from passagework.retrieval.document_map.telling_words import telling_words
from passagework.retrieval.types import Vectors
from tests.support.fakes import FakeEncoder


def _around(centres: int, each: int, dim: int = 8) -> Vectors:
    """Rows close to so many axes, in turn."""
    draws = np.random.default_rng(7)
    rows = np.eye(dim, dtype=np.float32)[np.tile(np.arange(centres), each)]
    rows = rows + draws.normal(0, 0.02, rows.shape).astype(np.float32)
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_what_lies_together_is_a_group() -> None:
    """Eighteen rows around three axes are three groups, the most typical first; a second run says the same."""
    vectors = _around(3, 6)
    groups = group_vectors(vectors)
    assert sorted(sorted(rows.tolist()) for rows in groups) == [list(range(axis, 18, 3)) for axis in range(3)]
    for rows in groups:
        centre = vectors[rows].sum(axis=0)
        assert np.argmax(vectors[rows] @ centre) == 0
    assert [rows.tolist() for rows in group_vectors(vectors)] == [rows.tolist() for rows in groups]


@given(count=st.integers(1, 40), same=st.booleans())
def test_every_row_is_in_one_group(count: int, same: bool) -> None:
    """However many there are, and where all are the same; places lie between 0 and 1."""
    vectors = _around(1 if same else 5, count)[:count]
    groups = group_vectors(vectors)
    assert sorted(row for rows in groups for row in rows.tolist()) == list(range(count))
    assert len(groups) <= MOST_GROUPS
    places, explained = plane(vectors)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    assert places.min() >= 0
    assert places.max() <= 1
    assert 0 <= explained <= 1.0001


def test_words_tell_groups_apart() -> None:
    """What all say names none; what one text alone says neither; of two forms of a word the more telling one stands."""
    bees = ["The Bees dance on flowers", "Bees fly to flowers once", "A bee and flowers"]
    rocks = ["Granite is hard to cut", "Granite is grey and hard"]
    first, second = telling_words([bees, rocks])
    assert first == ("flowers", "Bees")
    assert second == ("Granite", "hard")
    assert telling_words([["same words"], ["same words"]]) == [(), ()]


def test_a_collection_is_mapped(tmp_path: Path) -> None:
    """Each document has a place and a group; one without any has neither."""
    (tmp_path / "docs").mkdir()
    for number in range(4):
        (tmp_path / "docs" / f"bees{number}.txt").write_text(f"Bees dance to flowers, as bees do. {number}")
        (tmp_path / "docs" / f"rock{number}.txt").write_text(f"Granite breaks in winter frost. {number}")
    ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder(window=256))
    with Collection.open(tmp_path / "c", encoder=FakeEncoder(window=256)) as opened:
        drawn = opened.document_map()
        names = {row.id: row.path[:4] for row in opened.documents()}
    assert sorted({names[document] for document in group.documents} for group in drawn.groups) == [{"bees"}, {"rock"}]
    assert {name for group in drawn.groups for name in group.words} >= {"bees", "Granite"}
    assert sorted(drawn.places) == sorted(names)
    assert drawn.explained > 0.5


def test_nothing_is_mapped_of_nothing(tmp_path: Path) -> None:
    """A collection without documents has no groups."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("Bees.")
    ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder(window=256))
    (tmp_path / "docs" / "a.txt").unlink()
    (tmp_path / "docs" / "b.txt").write_text("")
    ingest([tmp_path / "docs"], tmp_path / "c", delete_missing=True)
    with Collection.open(tmp_path / "c", encoder=FakeEncoder(window=256)) as opened:
        assert opened.document_map().groups == ()
