"""The collection as applications use it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval import ConfigError, FilterError, ModelUnavailableError, Stage, StoreError
from passagework.retrieval.config import Settings
from passagework.retrieval.models.identity import recorded_encoder, recorded_window
from passagework.retrieval.store import Snapshot
from tests.support.collection_checks import FakeReranker, brief
from tests.support.fakes import FakeEncoder, FakeTokenEncoder
from tests.support.pdf_files import typed

PAGES = [[f"Sheet {number} tells of {topic}."] for number, topic in enumerate(["apples", "pears", "plums"], start=1)]
GUIDE = (
    "# Travel\n\nWho travels asks first.\n\n## Approval\n\nThe head approves trips.\n\n## Money\n\nKeep every receipt."
)
SETTINGS = Settings(workers=1, offline=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pages of a PDF, three sections of a guide, and two records."""
    base = tmp_path_factory.mktemp("collection")
    (base / "docs" / "policies").mkdir(parents=True)
    (base / "docs" / "sheets.pdf").write_bytes(typed(PAGES))
    (base / "docs" / "policies" / "travel.md").write_text(GUIDE)
    (base / "docs" / "broken.json").write_text("{")
    records = [
        {"_id": "r1", "title": "One", "text": "owls hoot", "year": 2020, "where": {"land": "Peru"}},
        {"_id": "r2", "text": "dogs bark", "year": 2021},
    ]
    (base / "docs" / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    report = ingest([base / "docs"], base / "c", encoder=FakeEncoder(), passage_tokens=10, overlap=0, settings=SETTINGS)
    assert report.added == 4
    return base / "c"


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    """That collection, open."""
    with Collection.open(path, encoder=FakeEncoder(), settings=SETTINGS) as opened:
        yield opened


class TestSearch:
    """What a hit shows, and what a bad request gets."""

    def test_a_hit(self, collection: Collection, path: Path) -> None:
        """Its text is a slice of its document; path, title, pages, headings and fields say where it is from."""
        hit = collection.search("who approves trips", k=1)[0]
        document = collection.document(collection.documents(where={"path": hit.path})[0].id)
        assert hit.text == document.text[hit.start : hit.end]
        assert hit.to_json() == {
            "rank": 1,
            "score": hit.score,
            "relevance": hit.relevance,
            "text": "## Approval\n\nThe head approves trips.",
            "document": (path.parent / "docs" / "policies" / "travel.md").as_uri(),
            "path": "policies/travel.md",
            "title": "Travel",
            "pages": [],
            "lines": [],
            "seconds": [],
            "start": GUIDE.index("## Approval"),
            "end": GUIDE.index("\n\n## Money"),
            "headings": ["Approval"],
            "metadata": hit.metadata,
            "stages": {stage.value: score.to_json() for stage, score in hit.stages.items()},
            "hidden": [],
            "also_in": [],
            "evidence": {"closeness": hit.estimate and hit.estimate.closeness, "coverage": 1.0},
        }
        page = collection.search("tells of pears", k=1)[0]
        assert (page.path, page.pages, page.title) == ("sheets.pdf", (2,), "sheets")
        record = collection.search("owls", k=1)[0]
        assert (record.document, record.title, record.text) == ("r1", "One", "owls hoot")
        assert record.metadata["year"] == 2020

    @pytest.mark.parametrize("stage", ["dense", "lexical", "hybrid", "rerank"])
    @pytest.mark.parametrize(
        ("where", "texts"),
        [
            ({"pages": 2}, ["Sheet 2 tells of pears."]),
            ({"pages": {"$gte": 3}}, ["Sheet 3 tells of plums."]),
            ({"document": "r2"}, ["dogs bark"]),
            ({"where.land": "Peru"}, ["owls hoot"]),
            ({"title": "One"}, ["owls hoot"]),
            ({"$and": [{"media_type": "application/pdf"}, {"pages": {"$ne": 2}}]}, [PAGES[0][0], PAGES[2][0]]),
        ],
    )
    def test_where(self, collection: Collection, where: dict[str, Any], texts: list[str], stage: str) -> None:
        """The same passages at every stage, whatever the field."""
        hits = collection.search("sheet tells of owls and dogs", stage=stage, where=where)
        assert sorted(hit.text for hit in hits) == sorted(texts)

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"query": ""}, ConfigError, "the query is empty"),
            ({"query": " \n\t"}, ConfigError, "the query is empty"),
            ({"k": 0}, ConfigError, "k is 0: give a whole number of at least 1"),
            ({"k": 2.5}, ConfigError, "k is 2.5: give a whole number of at least 1"),
            ({"k": "3"}, ConfigError, "k is '3': give a whole number of at least 1"),
            ({"k": True}, ConfigError, "k is True: give a whole number of at least 1"),
            ({"k": None}, ConfigError, "k is None: give a whole number of at least 1"),
            ({"query": 5}, ConfigError, "the query is 5: give text"),
            ({"min_score": "0.5"}, ConfigError, "min_score is not a number: '0.5'"),
            ({"candidates": -1}, ConfigError, "candidates is -1: give a whole number"),
            ({"per_document": 0}, ConfigError, "per_document is 0: give a whole number"),
            ({"min_score": float("nan")}, ConfigError, "min_score is not a number"),
            ({"stage": "best"}, ConfigError, "stage is 'best': give one of dense, lexical, hybrid, rerank"),
            ({"fusion": "sum"}, ConfigError, "fusion is 'sum': give one of convex, rrf"),
            ({"where": {"colour": "red"}}, FilterError, "no document has a field 'colour': there are path, document"),
            ({"where": {"year": {"$near": 1}}}, FilterError, "there is no operator '\\$near'"),
            ({"where": [1]}, FilterError, "a filter is an object"),
        ],
    )
    def test_bad_requests(
        self, collection: Collection, options: dict[str, Any], error: type[Exception], message: str
    ) -> None:
        """One line that says what is wrong; the collection goes on."""
        with pytest.raises(error, match=message):
            collection.search(**{"query": "owls", **options})
        assert collection.search("owls", k=1)[0].document == "r1"

    def test_hits_are_a_sequence(self, collection: Collection) -> None:
        """With a length, slices and iteration."""
        hits = collection.search("owls", k=3)
        assert len(hits) == 3
        assert hits[:2] == hits.hits[:2]
        assert [hit.rank for hit in hits] == [1, 2, 3]
        assert hits.to_json()["query"] == "owls"


class TestModels:
    """Models are loaded when needed, once, and named in errors."""

    def test_words_need_no_model(self, path: Path) -> None:
        """A lexical search, status and documents work where the encoder can't be had."""
        with Collection.open(path, settings=SETTINGS) as collection:
            assert collection.search("owls", stage="lexical", k=1)[0].document == "r1"
            assert collection.status().documents == 4
            with pytest.raises(ModelUnavailableError, match="fake"):
                collection.search("owls")

    @pytest.mark.parametrize("stage", ["dense", "hybrid", "rerank"])
    def test_a_filter_that_nothing_matches_needs_no_model(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
    ) -> None:
        """The plan is as complete as with one, for a search and for a context."""
        monkeypatch.setattr(
            "passagework.retrieval.collection.loaded_models.load_recorded_encoder",
            lambda *_, **__: pytest.fail("a model was loaded"),
        )
        nothing = {"path": "no/such.md"}
        with Collection.open(path, settings=SETTINGS) as opened:
            hits = opened.search("owls", stage=stage, where=nothing)
            assert hits.hits == ()
            assert (hits.plan.to_json()["index"], hits.plan.to_json()["filter"]) == (
                "exact",
                {"matching": 0, "strategy": "exact-within"},
            )
            assert opened.context("owls", stage=stage, where=nothing).text == ""

    def test_encoder_is_loaded_once_by_its_recorded_name_and_window(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many threads ask first."""
        asked: list[tuple[object, object]] = []

        def load(snapshot: Snapshot, *_: object) -> FakeEncoder:
            asked.append((recorded_encoder(snapshot).model, recorded_window(snapshot)))
            threading.Event().wait(0.05)
            return FakeTokenEncoder()

        monkeypatch.setattr("passagework.retrieval.collection.loaded_models.load_recorded_encoder", load)
        with Collection.open(path, settings=SETTINGS) as collection, ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _: brief(collection.search("owls")), range(16)))
        assert asked == [("fake", 64)]
        assert all(one == found[0] for one in found)

    def test_named_models_are_checked_at_once(self, path: Path) -> None:
        """Not at the first query."""
        with pytest.raises(ModelUnavailableError, match="no/encoder"):
            Collection.open(path, encoder="no/encoder", settings=SETTINGS)
        with pytest.raises(ModelUnavailableError, match="no/reranker"):
            Collection.open(path, encoder=FakeEncoder(), reranker="no/reranker", settings=SETTINGS)

    def test_reranker_of_the_settings(self, path: Path) -> None:
        """Is used where the call names none."""
        settings = Settings(workers=1, offline=True, reranker="no/reranker")
        with pytest.raises(ModelUnavailableError, match="no/reranker"):
            Collection.open(path, encoder=FakeEncoder(), settings=settings)
        with Collection.open(path, encoder=FakeEncoder(), reranker=FakeReranker(), settings=settings) as collection:
            assert collection.search("owls").plan.to_json()["used"] == "rerank"

    def test_reranker_reads_title_and_headings(self, path: Path) -> None:
        """Above the passage, each once."""
        reranker = FakeReranker()
        with Collection.open(path, encoder=FakeEncoder(), reranker=reranker) as collection:
            collection.search("who approves trips")
        assert "Travel > Approval\n## Approval\n\nThe head approves trips." in reranker.read
        assert "dogs bark" in reranker.read


class TestContext:
    """Cited text under a budget, of one moment of the collection."""

    def test_text_and_citations(self, collection: Collection) -> None:
        """Each number in the text has its citation; text is as in the document, the budget is kept."""
        context = collection.context("who approves trips", max_tokens=60, k=3)
        assert context.text.startswith("[1] Travel")
        assert "The head approves trips." in context.text
        first = context.citations[0]
        assert (first.path, first.title) == ("policies/travel.md", "Travel")
        assert GUIDE[first.start : first.end] in context.text
        assert context.tokens == len(FakeEncoder().tokenize([context.text])[0]) <= 60
        assert context.plan.to_json()["requested"] == context.plan.to_json()["used"] == "hybrid"

    def test_neighbouring_passages_are_one_block(self, collection: Collection) -> None:
        """The guide's three sections stand in the text once, whole."""
        context = collection.context(
            "approves trips receipt travels", k=3, where={"path": "policies/travel.md"}, min_relevance=0
        )
        assert [(one.start, one.end) for one in context.citations] == [(0, len(GUIDE))]
        assert context.text.endswith(GUIDE)

    def test_nothing_found(self, collection: Collection) -> None:
        """An empty context."""
        context = collection.context("owls", where={"year": 1999})
        assert (context.text, context.tokens, context.citations) == ("", 0, ())

    def test_bad_requests(self, collection: Collection) -> None:
        """As for search."""
        for options in ({"max_tokens": 0}, {"k": 0}, {"stage": "best"}, {"query": ""}):
            with pytest.raises(ConfigError):
                collection.context(**{"query": "owls", **options})  # type: ignore[arg-type] # of several types


class TestLooking:
    """What a collection shows besides hits."""

    def test_status(self, collection: Collection, path: Path) -> None:
        """Counts, how it was made, its index, its fields and its size."""
        status = collection.status().to_json()
        assert isinstance(status.pop("created"), str)
        size = status.pop("bytes")
        assert isinstance(size, int)
        assert size >= (path / "v0001" / "store.db").stat().st_size
        assert status == {
            "collection": str(path),
            "version": "v0001",
            "files": 4,
            "failed": 1,
            "documents": 4,
            "passages": 8,
            "cut": 0,
            "vectors": 8,
            "encoder": FakeEncoder().fingerprint.to_json(),
            "backend": "fake",
            "window": 64,
            "chunking": {"passage_tokens": 10, "overlap_tokens": 0, "whole": False},
            "index": {
                "kind": "exact",
                "passages": 8,
                "since_build": 0,
                "saved": "g000001-exact.index",
                "recall@10": 1.0,
                "set_aside": [],
            },
            "token_vectors": None,
            "languages": {"en": 2, "und": 2},
            "fields": status["fields"],
        }
        fields = status["fields"]
        assert isinstance(fields, list)
        assert {"year", "where.land"} <= set(map(str, fields))

    def test_documents_named(self, collection: Collection) -> None:
        """By `_id`, URI, path, and path with its record; names of none are left out."""
        (row,) = collection.documents(where={"document": "r1"})
        names = ["r1", row.uri, "r.jsonl", "r.jsonl#r2", "r.jsonl#r3", "#", "gone#r1", "gone", "\ud800"]
        found = {
            name: sorted(one.name or "" for one in rows) for name, rows in collection.documents_named(names).items()
        }
        assert found == {"r1": ["r1"], row.uri: ["r1"], "r.jsonl": ["r1", "r2"], "r.jsonl#r2": ["r2"]}
        assert collection.documents_named([]) == {}

    @pytest.mark.parametrize(
        ("where", "paths"),
        [
            (None, ["policies/travel.md", "r.jsonl", "r.jsonl", "sheets.pdf"]),
            ({}, ["policies/travel.md", "r.jsonl", "r.jsonl", "sheets.pdf"]),
            ({"pages": 2}, ["sheets.pdf"]),
            ({"pages": {"$gte": 4}}, []),
            ({"pages": {"$exists": False}}, ["policies/travel.md", "r.jsonl", "r.jsonl"]),
            ({"year": {"$gte": 2021}}, ["r.jsonl"]),
            ({"path": {"$glob": "policies/*"}}, ["policies/travel.md"]),
        ],
    )
    def test_documents(self, collection: Collection, where: dict[str, Any] | None, paths: list[str]) -> None:
        """In order of path; with a filter, those of which a passage passes it."""
        assert [row.path for row in collection.documents(where=where)] == paths

    def test_document_row(self, collection: Collection) -> None:
        """Says how long it is, and of how many pages and passages."""
        [row] = collection.documents(where={"pages": 1})
        assert (row.pages, row.passages, row.cut, row.media_type) == (3, 3, 0, "application/pdf")
        document = collection.document(row.id)
        assert len(document.text) == row.length
        assert [page.number for page in document.pages] == [1, 2, 3]

    def test_document_that_is_not_there(self, collection: Collection) -> None:
        """A clear error."""
        with pytest.raises(StoreError, match="no document 999"):
            collection.document(999)

    def test_sources(self, collection: Collection) -> None:
        """Each file with its state, and the reason where it failed."""
        states = {source.path: (source.state, bool(source.reason)) for source in collection.sources()}
        assert states == {
            "broken.json": ("failed", True),
            "policies/travel.md": ("done", False),
            "r.jsonl": ("done", False),
            "sheets.pdf": ("done", False),
        }

    def test_neighbours(self, collection: Collection) -> None:
        """The passages before and after, as far as there are any."""
        hit = collection.search("who approves trips", k=1)[0]
        assert [row.ordinal for row in collection.neighbours(hit)] == [0, 1, 2]
        assert [row.ordinal for row in collection.neighbours(hit, before=0, after=5)] == [1, 2]
        assert [row.text for row in collection.neighbours(hit, before=0, after=0)] == [hit.text]

    def test_neighbours_of_a_hit_that_is_gone(self, collection: Collection) -> None:
        """None, even where its number is another passage's by now."""
        from dataclasses import replace

        hit = collection.search("who approves trips", k=1)[0]
        assert collection.neighbours(replace(hit, id=10_000)) == []
        assert collection.neighbours(replace(hit, id=hit.id + 1)) == []


class TestOpening:
    """What opens, what doesn't, and what happens afterwards."""

    def test_empty_collection(self, tmp_path: Path) -> None:
        """Answers with nothing, at every stage."""
        (tmp_path / "a.txt").write_text("owls")
        ingest(tmp_path / "a.txt", tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS)
        delete(tmp_path / "c", ["a.txt"])
        with Collection.open(tmp_path / "c", encoder=FakeEncoder(), reranker=FakeReranker()) as collection:
            for stage in Stage:
                assert collection.search("owls", stage=stage, per_document=1).hits == ()
            assert collection.documents() == []
            assert collection.status().passages == 0
            assert collection.context("owls").text == ""

    def test_no_collection(self, tmp_path: Path) -> None:
        """Says how to make one."""
        with pytest.raises(StoreError, match=r"no collection at .* make one with `passagework ingest`"):
            Collection.open(tmp_path / "x")

    def test_closed(self, path: Path) -> None:
        """Fails in one line, also when closed twice."""
        collection = Collection.open(path, encoder=FakeEncoder())
        collection.search("owls")
        collection.close()
        collection.close()
        with pytest.raises(StoreError, match="was closed"):
            collection.search("owls")

    def test_sees_what_another_process_commits(self, tmp_path: Path) -> None:
        """Without being opened again: additions, updates and removals."""
        docs, encoder = tmp_path / "docs", FakeEncoder()
        docs.mkdir()
        (docs / "a.txt").write_text("owls hoot")
        ingest([docs], tmp_path / "c", encoder=encoder, settings=SETTINGS)
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert [hit.text for hit in collection.search("owls")] == ["owls hoot"]
            (docs / "b.txt").write_text("owls sleep")
            ingest([docs], tmp_path / "c", encoder=encoder, settings=SETTINGS)
            assert sorted(hit.text for hit in collection.search("owls")) == ["owls hoot", "owls sleep"]
            (docs / "a.txt").write_text("owls fly")
            (docs / "b.txt").unlink()
            ingest([docs], tmp_path / "c", encoder=encoder, settings=SETTINGS, delete_missing=True)
            for stage in ("dense", "lexical", "hybrid"):
                assert [hit.text for hit in collection.search("owls", stage=stage)] == ["owls fly"]


class TestRepr:
    """What a notebook and a debugger show of a collection."""

    def test_one_line_says_what_it_is(self, collection: Collection, path: Path) -> None:
        """Path, version, documents, passages and encoder, without loading a model."""
        counts = f"{len(collection.documents())} documents, {collection.status().passages} passages"
        assert repr(collection) == f"<Collection {str(path)!r} v0001: {counts}, fake>"

    def test_a_closed_one_says_so(self, path: Path) -> None:
        """It raises nothing, and neither does one that never opened."""
        opened = Collection.open(path, encoder=FakeEncoder(), settings=SETTINGS)
        opened.close()
        assert repr(opened) == f"<Collection {str(path)!r}, closed>"
        unopened = Collection.__new__(Collection)
        unopened.path = path
        assert repr(unopened) == f"<Collection {str(path)!r}, closed>"

    def test_a_damaged_one_says_why(self, tmp_path: Path) -> None:
        """A record that is lost, and a database that was deleted under it, end in a line, not in an error."""
        (tmp_path / "a.txt").write_text("owls hoot")
        ingest([tmp_path / "a.txt"], tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS)
        with Collection.open(tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS) as opened:
            assert repr(opened).endswith(": 1 document, 1 passage, fake>")
            with sqlite3.connect(tmp_path / "c" / "v0001" / "store.db") as database:
                database.execute("DELETE FROM meta WHERE key = 'encoder'")
            database.close()
            assert repr(opened).endswith(": can't be read: the collection's record of its encoder is damaged>")
