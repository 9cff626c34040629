"""A collection that a program writes to: ids of its own, the promises of an ingest, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from passagework import Collection, ConfigError, Document, Heading, Page, StoreError, Table, examine, ingest, rebuild
from passagework.retrieval.folder import writer_lock
from tests.support.collection_checks import check_whole
from tests.support.fakes import FakeEncoder

ENCODER = FakeEncoder()


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    """A collection of one file, open."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("winter bread")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=ENCODER)
    return Collection.open(tmp_path / "c", encoder=ENCODER)


def test_texts_records_and_documents(collection: Collection) -> None:
    """Each is found under its id, with its metadata, by the collection that was open all the while."""
    report = collection.add(
        ["apple river", {"_id": "r", "title": "Stone", "text": "stone", "year": 2020}, Document("green", "text/plain")],
        ids=["t/1", "r", "d"],
        metadata={"team": "blue"},
    )
    assert (report.added, report.passages, report.failed) == (3, 3, [])
    [hit] = collection.search("apple", stage="lexical")
    assert (hit.document, hit.path, hit.uri, hit.metadata) == ("t/1", "t/1", "record:t%2F1", {"team": "blue"})
    [hit] = collection.search("stone", stage="lexical", where={"year": 2020, "team": "blue"})
    assert (hit.document, hit.title) == ("r", "Stone")
    assert [row.address for row in collection.documents()] == ["a.md", "d", "r", "t/1"]
    check_whole(collection.path, ENCODER)
    assert examine(collection.path, encoder=ENCODER).well


def test_ids_of_ones_own_or_made(collection: Collection) -> None:
    """The caller's go before the record's; without any, equal texts have equal ids."""
    collection.add({"id": "theirs", "text": "apple"}, ids=["mine"])
    assert collection.add(["river", "river stone"]).added == 2
    assert collection.add("river").unchanged == 1
    names = {row.name for row in collection.documents() if row.name}
    assert "mine" in names
    assert "theirs" not in names
    assert len(names) == 3


def test_add_and_upsert(collection: Collection) -> None:
    """`add` leaves what is there as it is, and adds nothing where one differs; `upsert` puts it in its place."""
    collection.add(["apple", "river"], ids=["a", "b"])
    with pytest.raises(ConfigError, match="there is a document with the id 'b', and it differs: upsert replaces it"):
        collection.add(["new", "stone"], ids=["c", "b"])
    assert [row.address for row in collection.documents()] == ["a", "a.md", "b"]
    report = collection.upsert(["apple", "stone", "new"], ids=["a", "b", "c"])
    assert (report.unchanged, report.updated, report.added) == (1, 1, 1)
    assert collection.document("b").text == "stone"
    assert collection.search("river", stage="lexical").hits == ()


def test_metadata_alone_is_a_difference(collection: Collection) -> None:
    """A document is all that search can show of it."""
    collection.add("apple", ids=["a"], metadata=[{"year": 1}])
    assert collection.upsert("apple", ids=["a"], metadata=[{"year": 2}]).updated == 1
    assert [hit.document for hit in collection.search("apple", where={"year": 2})] == ["a"]


def test_delete(collection: Collection) -> None:
    """By id, path or filter; a name of none takes nothing out."""
    collection.add(["apple", "river", "stone"], ids=["a", "b", "c"], metadata=[{"year": 1}, {"year": 2}, {"year": 2}])
    assert [row.name for row in collection.delete("a")] == ["a"]
    with pytest.raises(ConfigError, match="no document is named 'x'"):
        collection.delete(["b", "x"])
    assert len(collection.delete(where={"year": 2})) == 2
    assert [row.path for row in collection.documents()] == ["a.md"]


def test_what_has_no_text_fails_by_itself(collection: Collection) -> None:
    """As a file does: the others come in."""
    report = collection.add(["  \n", "apple", {"_id": "r", "text": ""}])
    assert report.added == 1
    assert [(problem.path, problem.reason) for problem in report.failed] == [
        ("record 1", "record 1: no text"),
        ("record 3", "record 3: record 'r' has no text"),
    ]


@pytest.mark.parametrize(
    ("documents", "options", "message"),
    [
        (["a", "b"], {"ids": ["x"]}, "1 ids for 2 documents: give one for each"),
        (["a", "b"], {"ids": ["x", "x"]}, "the id 'x' is given twice"),
        (["a", "b"], {"metadata": [{}]}, "1 metadata for 2 documents: give one for each, or one for all"),
        (["a"], {"ids": [""]}, "'' is no id: give a text that is not empty"),
        (["a"], {"ids": [1]}, "1 is no id: give a text that is not empty"),
        (["a", "b"], {"ids": "xy"}, "ids is no list of texts: give one for each document"),
        (None, {}, "NoneType is no document"),
        (b"a", {}, "bytes is no document"),
        (["a"], {"metadata": {1: 1}}, "the metadata of document 1 are none"),
        (
            [Document("abc", "", pages=[Page(1, "", 0, 9)])],
            {},
            "document 1 is none: a page or heading at",
        ),
        ([Document("abc", "", headings=[Heading(1, "h", -5, 2)])], {}, "document 1 is none: a page or heading at"),
        ([Document("abc", "", tables=[Table(0, 9)])], {}, "document 1 is none: a table that is none"),
        (
            [Document("abc", "", pages=[Page(1, "", 0, 2), Page(2, "", 1, 3)])],
            {},
            "document 1 is none: its pages are not in order, or overlap, at 1 of its text",
        ),
        ([Document("abc", "", tables=[Table(0, 2), Table(1, 3)])], {}, "its tables are not in order, or overlap, at 1"),
        (
            [Document("abc", "", headings=[Heading(1, "b", 1, 2), Heading(1, "a", 0, 1)])],
            {},
            "its headings are not in order, or overlap, at 0",
        ),
        ([b"a"], {}, "document 1 is bytes: give text, a record, or a Document"),
    ],
)
def test_refused(collection: Collection, documents: list[str], options: dict[str, list[str]], message: str) -> None:
    """One line, and nothing is written."""
    before = collection.moment()
    with pytest.raises(ConfigError, match=message):
        collection.add(documents, **options)  # type: ignore[arg-type]
    assert collection.moment() == before


def test_files_and_records_live_together(collection: Collection, tmp_path: Path) -> None:
    """No ingest takes a record for a file that is gone; a rebuild keeps it; a like-named file is another document."""
    collection.add("apple river", ids=["a.md"])
    (tmp_path / "docs" / "b.md").write_text("stone")
    report = ingest(tmp_path / "docs", tmp_path / "c", encoder=ENCODER, delete_missing=True)
    assert (report.added, report.gone, report.deleted) == (1, 0, 0)
    rebuild(tmp_path / "c", encoder=ENCODER, passage_tokens=16, overlap=0)
    assert sorted(row.uri for row in collection.documents()) == [
        (tmp_path / "docs" / "a.md").as_uri(),
        (tmp_path / "docs" / "b.md").as_uri(),
        "record:a.md",
    ]
    assert [(row.root, row.documents) for row in collection.roots()] == [("", 1), (str(tmp_path / "docs"), 2)]


def test_equal_texts_are_added_once(collection: Collection) -> None:
    """Without ids a text is its own: the second of two is there already."""
    report = collection.add(["apple", "river", "apple"])
    assert (report.added, report.unchanged) == (2, 1)


def test_threads_that_share_it_wait_for_one_another(collection: Collection) -> None:
    """Each comes in, whoever else is writing at this moment."""
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(lambda n: collection.add(f"apple {n}", ids=[f"t{n}"]), range(8)))
    assert [report.added for report in reports] == [1] * 8
    assert len(collection.documents()) == 9


def test_a_closed_collection_is_not_written_to(collection: Collection) -> None:
    """Nor is anything deleted of it."""
    collection.close()
    for write in (lambda: collection.add("apple"), lambda: collection.delete("a.md")):
        with pytest.raises(StoreError, match="was closed"):
            write()


def test_a_second_writer_is_refused(collection: Collection) -> None:
    """It waits for none; what is there answers meanwhile."""
    with writer_lock(collection.path), pytest.raises(StoreError, match="is being written by process"):
        collection.add("apple")
    assert len(collection.search("bread", stage="lexical")) == 1


def test_a_citation_carries_its_text_and_its_document(collection: Collection) -> None:
    """What is quoted, the metadata, and the way to the whole document: by the citation, by its name, by a hit."""
    collection.add("apple river stone", ids=["a"], metadata={"year": 2020})
    [citation] = collection.context("apple", stage="lexical").citations
    assert (citation.text, citation.metadata) == ("apple river stone", {"year": 2020})
    [hit] = collection.search("apple", stage="lexical")
    found = [collection.document(given) for given in (citation, citation.document, citation.uri, hit, hit.path)]
    assert {document.text for document in found} == {"apple river stone"}
    with pytest.raises(StoreError, match="no document is named 'b'"):
        collection.document("b")


def test_a_name_of_several_is_not_guessed(collection: Collection) -> None:
    """A file's path and an id may be the same; the URI is not."""
    collection.add("apple", ids=["a.md"])
    with pytest.raises(StoreError, match=r"2 documents are named 'a\.md': give a URI"):
        collection.document("a.md")
    assert collection.document("record:a.md").text == "apple"
