"""Names in Unicode's composed and decomposed forms: each is found by either, and two that differ in it stay apart."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval.evaluation.benchmark import Benchmark
from passagework.retrieval.evaluation.judged import JudgedDocuments
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.evaluation.judgments import Judgment
from passagework.retrieval.store import Store
from passagework.retrieval.store.naming import spellings
from tests.support.fakes import FakeEncoder

NFC, NFD = "Gehälter", "Geha\u0308lter"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder and a file with decomposed names, as macOS brings them, and a record with such an `_id`."""
    folder = tmp_path / "docs"
    (folder / NFD).mkdir(parents=True)
    (folder / NFD / "u\u0308bersicht.md").write_text("Tea money.")
    (folder / "r.jsonl").write_text(json.dumps({"_id": "mu\u0308ller", "text": "Tea leaves."}) + "\n")
    return folder


@pytest.fixture
def path(docs: Path, tmp_path: Path) -> Path:
    """Their collection."""
    ingest(docs, tmp_path / "c", encoder=FakeEncoder())
    return tmp_path / "c"


def decompose(path: Path) -> None:
    """Makes the records those of a collection from before names were composed."""
    with Store.open(path / "v0001" / "store.db") as store, store.write() as writer:
        for source in writer.sources():
            writer.move_source(source.id, uri=source.uri, path=unicodedata.normalize("NFD", source.path))


def test_the_recorded_path_is_composed_and_the_uri_has_the_bytes_of_the_disk(docs: Path, path: Path) -> None:
    """And so is the title that is taken from the file's name."""
    with Collection.open(path, encoder=FakeEncoder()) as collection:
        row = collection.documents()[0]
        assert (row.path, row.title) == (f"{NFC}/übersicht.md", "übersicht")
        assert row.uri == (docs / NFD / "u\u0308bersicht.md").as_uri()


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize(
    "where",
    [
        {"path": f"{NFC}/übersicht.md"},
        {"path": {"$in": ["x", f"{NFD}/u\u0308bersicht.md"]}},
        {"path": {"$glob": f"{NFC}/*"}},
        {"path": {"$glob": f"{NFD}/*"}},
        {"title": "u\u0308bersicht"},
        {"title": {"$glob": "ü*"}},
        {"document": "file"},
        {"$not": {"document": "müller"}},
        {"document": {"$ne": "müller"}},
    ],
)
def test_filters_find_a_name_in_either_form(docs: Path, path: Path, where: dict[str, object], older: bool) -> None:
    """Whatever the form of the name on disk, on record and in the filter."""
    if older:
        decompose(path)
    if where == {"document": "file"}:
        where = {"document": (docs / NFC / "übersicht.md").as_uri()}
    with Collection.open(path, encoder=FakeEncoder()) as collection:
        assert [Path(row.path).stem[-6:] for row in collection.documents(where=where)] == ["rsicht"]
        assert [hit.text for hit in collection.search("tea", where=where)] == ["Tea money."]


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize(
    "target", [f"{NFC}/übersicht.md", f"{NFD}/u\u0308bersicht.md", f"{NFC}/*", f"{NFD}/*", "müller", "r.jsonl#müller"]
)
def test_delete_takes_a_name_in_either_form(path: Path, target: str, older: bool) -> None:
    """A path, a glob, an `_id`, and a path with its record."""
    if older:
        decompose(path)
    assert len(delete(path, [target])) == 1
    with Collection.open(path, encoder=FakeEncoder()) as collection:
        assert len(collection.documents()) == 1


def test_documents_are_named_in_either_form(docs: Path, path: Path) -> None:
    """By path, URI, `_id`, and path with its record."""
    uri = (docs / NFC / "übersicht.md").as_uri()
    names = [f"{NFC}/übersicht.md", f"{NFD}/u\u0308bersicht.md", uri, "müller", "r.jsonl#müller", "mueller"]
    with Collection.open(path, encoder=FakeEncoder()) as collection:
        found = collection.documents_named(names)
        assert list(found) == names[:-1]
        assert {len(rows) for rows in found.values()} == {1}
        judged = JudgedPlaces(collection, [Judgment("tea", name) for name in names[:-1]], name="own")
        assert judged.drifted == []
        assert judged.qrels == {"q1": {f"{NFC}/übersicht.md": 1, "mu\u0308ller": 1}}


def test_qrels_name_documents_in_either_form(path: Path) -> None:
    """A hit goes by the name that the judgments give it."""
    grades = {"q": {"müller": 2, f"{NFD}/u\u0308bersicht.md": 1}}
    judged = JudgedDocuments(Benchmark("b", {"q": "tea"}, grades))
    with Collection.open(path, encoder=FakeEncoder()) as collection:
        things = judged.things("q", collection.search("tea", stage="lexical").hits)
    assert {name for name, _ in things} == set(grades["q"])


def test_two_files_that_differ_in_their_form_alone_stay_apart(tmp_path: Path) -> None:
    """Both are documents with a path of their own, run after run; each is filtered and deleted by itself."""
    docs, encoder = tmp_path / "docs", FakeEncoder()
    docs.mkdir()
    (docs / "ä.md").write_text("Composed tea.")
    (docs / "a\u0308.md").write_text("Decomposed tea.")
    if len(list(docs.iterdir())) == 1:
        pytest.skip("this file system takes both for one name")
    assert ingest(docs, tmp_path / "c", encoder=encoder).added == 2
    for _ in range(2):
        assert ingest(docs, tmp_path / "c", encoder=encoder, delete_missing=True).unchanged == 2
    assert ingest(docs / "a\u0308.md", tmp_path / "c", encoder=encoder).unchanged == 1
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        assert [row.path for row in collection.documents()] == ["a\u0308.md", "ä.md"]
        for name, text in (("ä.md", "Composed tea."), ("a\u0308.md", "Decomposed tea.")):
            assert [hit.text for hit in collection.search("tea", where={"path": name})] == [text]
            uri = (docs / name).as_uri()
            assert [hit.text for hit in collection.search("tea", where={"document": uri})] == [text]
    assert [row.path for row in delete(tmp_path / "c", ["ä.md"])] == ["ä.md"]
    (docs / "ä.md").unlink()
    report = ingest(docs, tmp_path / "c", encoder=encoder, delete_missing=True)
    assert (report.moved, report.deleted, report.added) == (1, 0, 0)  # to the path that is free now
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        assert [row.path for row in collection.documents()] == ["ä.md"]


@given(st.text(st.sampled_from("aäu\u0308é #%=/日"), max_size=8))
def test_every_spelling_of_a_name_leads_to_the_others(name: str) -> None:
    """A name is its own first spelling; each of Unicode's two forms has the same set; a URI stays one."""
    for given_name in (name, f"file:///{name}"):
        forms = spellings(given_name)
        assert forms[0] == given_name
        composed, decomposed = (unicodedata.normalize(form, given_name) for form in ("NFC", "NFD"))
        if not given_name.startswith("file:"):
            assert set(spellings(composed)) == set(spellings(decomposed)) == {composed, decomposed}
    uri = Path("/", name.replace("/", "-")).as_uri()
    other = Path("/", unicodedata.normalize("NFD", name.replace("/", "-"))).as_uri()
    assert other in spellings(uri)
