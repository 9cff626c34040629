"""What a page shows around its content: no passage has it, and nothing of it is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import Where
from tests.support.fakes import FakeEncoder

PAGES = {
    "reset.html": "<nav>Home › Pumps</nav><main><h1>Reset</h1><p>Hold the button of the pump.</p></main>",
    "seals.html": "<main><h1>Seals</h1><p>Change the seals of the pump.</p></main><footer>Report a bug</footer>",
    "notes.txt": "The pump was bought in March.",
}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages and a text, ingested by confined parsers."""
    base = tmp_path_factory.mktemp("surroundings")
    (base / "docs").mkdir()
    for name, source in PAGES.items():
        (base / "docs" / name).write_text(source, encoding="utf-8")
    ingest([base / "docs"], base / "c", encoder=FakeEncoder())
    return base / "c"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"surroundings": {"$glob": "*Report a bug*"}}, ["seals.html"]),
        ({"surroundings": "Home › Pumps"}, ["reset.html"]),
        ({"surroundings": {"$in": ["Report a bug", 7]}}, ["seals.html"]),
        ({"surroundings": {"$exists": True}}, ["reset.html", "seals.html"]),
        ({"surroundings": None}, ["notes.txt"]),
        ({"surroundings": {"$ne": "Report a bug"}}, ["notes.txt", "reset.html"]),
        ({"surroundings": {"$gt": "I"}}, ["seals.html"]),
        ({"surroundings": {"$gt": 1}}, []),
    ],
)
def test_filters_can_ask_for_it(collection: Path, where: Where, found: list[str]) -> None:
    """By each operator, in a list of documents and in a search alike."""
    with Collection.open(collection) as opened:
        assert [row.path for row in opened.documents(where=where)] == found
        assert sorted(hit.path for hit in opened.search("pump", where=where, stage="lexical")) == found


def test_it_is_kept_with_the_document(collection: Path) -> None:
    """And in no passage: its words find nothing."""
    with Collection.open(collection) as opened:
        kept = {row.path: opened.document(row.id).surroundings for row in opened.documents()}
        assert kept == {"reset.html": "Home › Pumps", "seals.html": "Report a bug", "notes.txt": ""}
        assert len(opened.search("bug", stage="lexical")) == 0
