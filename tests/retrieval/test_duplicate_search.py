"""Duplicates of a collection: clusters, kinds and places, from what is stored alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import ConfigError, FilterError, StoreError
from passagework.retrieval.collection.restricted import RestrictedCollection
from passagework.retrieval.config import Settings
from passagework.retrieval.duplicates.duplicate_threshold import threshold_of
from passagework.retrieval.duplicates.paraphrases import paraphrases
from passagework.retrieval.filters.compiler import compile_filter
from passagework.retrieval.models.encoder_scale import EncoderScale
from passagework.retrieval.types import Vectors
from tests.support.fakes import FakeEncoder

RULE = "Trips of more than 500 euro are approved by the head of the department before anything is booked."
WASTE = "Glass and paper are collected on the first Monday of each month behind the main building."
FILES = {
    "a/travel.txt": RULE,
    "b/travel-copy.txt": RULE.replace(" ", "\n"),
    "b/travel-2019.txt": RULE.replace("500", "800"),
    "waste.txt": WASTE,
    "waste-reordered.txt": "Behind the main building paper and glass of each month on the first Monday are collected.",
    "owls.txt": "Owls hunt at night and sleep in hollow trees by day.",
}
SETTINGS = Settings(workers=1, offline=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rule with a copy and an older version, a notice and the same in other order, and something else."""
    base = tmp_path_factory.mktemp("duplicates")
    for name, text in FILES.items():
        (base / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (base / "docs" / name).write_text(text)
    (base / "docs" / "long.txt").write_text(" ".join(f"word{number}" for number in range(60)))
    ingest([base / "docs"], base / "c", encoder=FakeEncoder(), passage_tokens=32, overlap=14, settings=SETTINGS)
    return base / "c"


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    """That collection, open."""
    with Collection.open(path, encoder=FakeEncoder(), settings=SETTINGS) as opened:
        yield opened


def test_clusters_of_documents(collection: Collection) -> None:
    """Copies, versions and paraphrases are clusters; members tell place and kind, the nearest to all comes first."""
    found = collection.duplicates(of="documents", threshold=0.8)
    shown = [[(member.place.path, member.kind.value) for member in cluster.members] for cluster in found.clusters]
    assert shown == [
        [("a/travel.txt", "exact"), ("b/travel-copy.txt", "exact"), ("b/travel-2019.txt", "near")],
        [("waste-reordered.txt", "exact"), ("waste.txt", "semantic")],
    ]
    assert [cluster.kind.value for cluster in found.clusters] == ["near", "semantic"]
    version = found.clusters[0].members[2]
    assert [(difference.was, difference.now) for difference in version.differences] == [("500", "800")]
    assert (version.place.start, version.place.end) == (0, len(FILES["b/travel-2019.txt"]))
    assert found.clusters[0].representative.similarity == 1.0
    assert 0.8 <= version.similarity < 1.0
    assert (found.compared, found.threshold, found.explanation) == (7, 0.8, "0.8, as asked for")


def test_equal_texts_are_duplicates_whatever_the_threshold(collection: Collection) -> None:
    """At a threshold of 1 the copy remains, which differs in white space alone."""
    [cluster] = collection.duplicates(of="documents", threshold=1.0).clusters
    assert cluster.kind.value == "exact"
    assert [member.place.path for member in cluster.members] == ["a/travel.txt", "b/travel-copy.txt"]


def test_overlapping_passages_are_no_duplicates(collection: Collection) -> None:
    """Passages of one document that share words of it are near, and not told."""
    rows = [row for row in collection.documents() if row.path == "long.txt"]
    assert rows[0].passages > 2
    found = collection.duplicates(threshold=0.3)
    pairs = [
        (one.place.start, other.place.start)
        for cluster in found.clusters
        for one in cluster.members
        for other in cluster.members
        if one.place.path == other.place.path == "long.txt" and one.place.start < other.place.start < one.place.end
    ]
    assert pairs == []


def test_a_filter_leaves_documents_out(collection: Collection) -> None:
    """What a filter doesn't let through is compared with nothing, nor is what a caller may not see."""
    where = {"path": {"$glob": "b/*"}}
    for found in (
        collection.duplicates(of="documents", threshold=0.8, where=where),
        RestrictedCollection(collection, where).duplicates(of="documents", threshold=0.8),
    ):
        assert [[member.place.path for member in cluster.members] for cluster in found.clusters] == [
            ["b/travel-2019.txt", "b/travel-copy.txt"]
        ]
        assert found.compared == 2


@pytest.mark.parametrize(("options", "error"), [({"of": "pages"}, ConfigError), ({"threshold": 2.0}, ConfigError)])
def test_bad_requests_are_refused(collection: Collection, options: dict[str, float], error: type[Exception]) -> None:
    """A word or a number that makes no sense is named."""
    with pytest.raises(error, match=r"pages|threshold is 2"):
        collection.duplicates(**options)  # type: ignore[arg-type]
    with pytest.raises(FilterError):
        collection.duplicates(where={"$no": 1})


def vector_of(collection: Collection, path: str) -> Vectors:
    """The vector of a document's only passage."""
    with collection._reading() as (_, snapshot):
        vector: Vectors = snapshot.vectors_of(snapshot.matching(compile_filter({"path": path}, snapshot)))[0]
    return vector


def test_similar_documents(collection: Collection) -> None:
    """The nearest come first, itself left out; the cosine is that of the means of their passages."""
    rows = collection.similar("a/travel.txt", k=3)
    assert [row.path for row in rows[:2]] == ["b/travel-copy.txt", "b/travel-2019.txt"]
    own, copy, version = (vector_of(collection, path) for path in ("a/travel.txt", rows[0].path, rows[1].path))
    assert rows[0].similarity == pytest.approx(float(own @ copy), abs=1e-4)
    assert rows[1].similarity == pytest.approx(float(own @ version), abs=1e-4)
    assert len(rows) == 3
    assert [row.path for row in collection.similar("a/travel.txt", where={"path": {"$glob": "*/*-2019.txt"}})] == [
        "b/travel-2019.txt"
    ]
    with pytest.raises(StoreError, match="no document is named 'x'"):
        collection.similar("x")
    with pytest.raises(StoreError, match="no document"):
        RestrictedCollection(collection, {"path": "owls.txt"}).similar("a/travel.txt")


def test_the_threshold_follows_what_is_usual() -> None:
    """85 % of the way from the median cosine to 1; of few texts, from what the encoder has for unrelated."""
    draw = np.random.default_rng(0)
    shared = draw.standard_normal(50)
    rows = shared + draw.standard_normal((400, 50))
    vectors = np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
    usual = float(np.median((vectors @ vectors.T)[np.triu_indices(400, 1)]))
    found = threshold_of(vectors, None)
    assert found.usual == pytest.approx(usual, abs=1e-6)
    assert found.cosine == pytest.approx(usual + 0.85 * (1 - usual), abs=1e-4)
    assert f"{usual:.3f} is the median cosine of 400" in found.explanation
    assert threshold_of(vectors[:9], EncoderScale(0.7, 0.9)).cosine == pytest.approx(0.955)


def test_paraphrases_of_lines() -> None:
    """Lines are told by their number and characters; blank ones are passed over, and no line at all is refused."""
    lines = ["owls hoot at night", "", "at night owls hoot", "dogs bark", "owls hoot at night"]
    [cluster] = paraphrases(lines, FakeEncoder(), threshold=0.99, name="f.txt").clusters
    assert [(member.place.line, member.kind.value) for member in cluster.members] == [
        (1, "exact"),
        (5, "exact"),
        (3, "semantic"),
    ]
    text = "\n".join(lines)
    assert [text[member.place.start : member.place.end] for member in cluster.members] == [
        lines[0],
        lines[4],
        lines[2],
    ]
    with pytest.raises(ConfigError, match="no line has any text"):
        paraphrases(["", "  "], FakeEncoder())
