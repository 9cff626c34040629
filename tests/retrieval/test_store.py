"""The store: what goes in comes out, what is replaced goes, and everything that hangs together stays together."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from passagework.retrieval.store import (
    Change,
    ChangeKind,
    Generation,
    Location,
    NewPassage,
    Snapshot,
    SourceRow,
    SourceState,
    Store,
    schema as t,
)
from passagework.retrieval.store.conditions import Among, Column
from passagework.retrieval.store.metadata_fields import flatten
from passagework.retrieval.types import Document, Heading, Page
from tests.support.stored_documents import DIM, copied, cut, key_of, new_store, put, vector_of

INTEGRITY = "INSERT INTO passages_fts(passages_fts, rank) VALUES('integrity-check', 1)"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = new_store(tmp_path / "store.db")
    yield made
    made.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty store, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    new_store(path).close()
    return path


def words(snapshot: Snapshot, word: str) -> list[str]:
    """The texts of the passages in which FTS5 finds a word, sorted."""
    found = [one for one, _ in snapshot.match_text([word], 1000, None)]
    return sorted(row.text for row in snapshot.passages(found))


def ids_of(snapshot: Snapshot, document_id: int) -> list[int]:
    """The ids of a document's passages, in order."""
    return [row.id for row in snapshot.neighbours(document_id, range(1000))]


def test_a_document_comes_out_as_it_went_in(store: Store) -> None:
    """Text, title, name, metadata, pages and headings are those of the document stored."""
    document = Document(
        text="Überschrift\n\nText 𝔘𝔫𝔦 😀 end",
        media_type="application/pdf",
        title="A title",
        name="record-1",
        uri="file:///a.pdf#record-1",
        path="a.pdf",
        metadata={"year": 2020, "nested": {"list": [1, 2.5, None, True, "ü"]}, "empty": {}, "huge": 10**30},
        pages=(Page(1, "i", 0, 11), Page(2, "ii", 11, 11), Page(7, "1", 13, 27)),
        headings=(Heading(1, "Überschrift", 0, 11), Heading(3, "Text", 13, 17)),
    )
    with store.write() as writer:
        source = writer.put_source(
            uri="file:///a.pdf", path="a.pdf", sha256="x", media_type="m", state=SourceState.DONE
        )
        count = writer.put_document(source, document, cut(document.text, 5), sha256="digest", position=3)
    assert count == 6
    with store.read() as snapshot:
        (document_id, digest) = snapshot.document_hashes(source)["file:///a.pdf#record-1"]
        assert digest == "digest"
        assert snapshot.document(document_id) == document
        (row,) = snapshot.documents()
        assert (row.id, row.name, row.title, row.length, row.pages, row.passages) == (
            *(document_id, "record-1", "A title"),
            *(len(document.text), 3, 6),
        )
        assert row.metadata == document.metadata


@given(st.text(st.sampled_from("aé漢😀\n"), max_size=40), st.data())
@settings(max_examples=60, deadline=None)
def test_a_slice_of_the_stored_text_is_the_slice_of_the_text(empty: Path, text: str, data: Any) -> None:
    """Whatever segments a range touches, and however far it reaches, `text` gives what Python's slice gives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(t, "SEGMENT_CHARS", 7)
        with copied(empty) as store, store.write() as writer:
            document_id = put(writer, "a", text)
            stored = writer.connection.execute(t.segments.select()).all()
            assert [row.text for row in stored] == [text[i : i + 7] for i in range(0, len(text), 7)]
            for _ in range(10):
                start, end = data.draw(st.tuples(st.integers(0, 45), st.integers(0, 45)))
                assert writer.text(document_id, start, end) == text[start:end]
            assert writer.document(document_id).text == text


def test_a_slice_reads_only_the_segments_that_it_needs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged segment elsewhere doesn't show in a slice: a book is never loaded for a sentence."""
    monkeypatch.setattr(t, "SEGMENT_CHARS", 10)
    with store.write() as writer:
        document_id = put(writer, "a", "0123456789" * 5)
        writer.connection.execute(t.segments.update().where(t.segments.c.ordinal != 2).values(text="?"))
        assert writer.text(document_id, 20, 30) == "0123456789"
        assert writer.text(document_id, 22, 25) == "234"


def test_passages_carry_their_text_headings_and_pages(store: Store) -> None:
    """A passage's text is its slice; pages are those it shares a character with; headings stay apart and one-lined."""
    text = "first page|second page|third"
    pages = (Page(1, "1", 0, 11), Page(2, "2", 11, 11), Page(3, "3", 11, 23), Page(4, "4", 23, 28))
    passages = [
        NewPassage(0, 11, ("Part\nOne", "Chapter"), key_of("a"), False),
        NewPassage(8, 24, (), key_of("b"), True),
        NewPassage(23, 28, ("Two",), key_of("c"), False),
    ]
    with store.write() as writer:
        document_id = put(writer, "p/a.md", text, passages=passages, pages=pages, title="T", metadata={"x": 1})
    with store.read() as snapshot:
        rows = snapshot.neighbours(document_id, range(3))
        assert [(row.ordinal, row.start, row.end, row.text) for row in rows] == [
            (0, 0, 11, "first page|"),
            (1, 8, 24, "ge|second page|t"),
            (2, 23, 28, "third"),
        ]
        assert [row.headings for row in rows] == [("Part One", "Chapter"), (), ("Two",)]
        assert [row.pages for row in rows] == [(1,), (1, 3, 4), (4,)]
        assert [row.cut for row in rows] == [False, True, False]
        assert {(row.document, row.uri, row.path, row.title) for row in rows} == {
            ("file:///p/a.md", "file:///p/a.md", "p/a.md", "T")
        }
        assert rows[0].metadata == {"x": 1}
        assert snapshot.passages([rows[2].id, 999, rows[0].id]) == [rows[2], rows[0]]
        assert snapshot.neighbours(document_id, range(1, 2)) == [rows[1]]
        assert snapshot.locations([rows[1].id, 999]) == {
            rows[1].id: Location(document_id, "p/a.md", 8, 0, "file:///p/a.md")
        }
        assert snapshot.counts() == {
            "files": 1,
            "failed": 0,
            "documents": 1,
            "passages": 3,
            "cut": 1,
            "vectors": 3,
        }


def test_a_replaced_document_keeps_its_id_and_loses_the_rest(store: Store) -> None:
    """The id stays; old passages, words, fields and pages go; vectors in use stay, others go with the next sweep."""
    with store.write() as writer:
        first = put(writer, "a", "alpha-----common----", metadata={"old": 1}, pages=[Page(1, "1", 0, 20)])
        other = put(writer, "b", "beta------shared----")
        put(writer, "c", "shared----")
        old_ids = ids_of(writer, first)
    with store.write() as writer:
        assert put(writer, "a", "gamma-----common----", metadata={"new": 1}) == first
        writer.remove_documents([other])
    with store.read() as snapshot:
        assert snapshot.document(first).text == "gamma-----common----"
        assert snapshot.document(first).pages == ()
        assert [words(snapshot, word) for word in ("alpha", "gamma", "beta", "common", "shared")] == [
            *([], ["gamma-----"], [], ["common----"], ["shared----"])
        ]
        assert snapshot.field_names() == ["new"]
        assert snapshot.passages(old_ids) == []
        assert min(ids_of(snapshot, first)) > max(old_ids)
    with store.write() as writer:
        writer.sweep_vectors()
        known = writer.known_hashes([key_of(one + "-" * (10 - len(one))) for one in ("alpha", "beta")])
        assert known == set()
        kept = {key_of(one) for one in ("gamma-----", "common----", "shared----")}
        assert writer.known_hashes(list(kept)) == kept
        assert writer.counts()["vectors"] == 3


def test_vectors_are_seen_only_through_passages(store: Store) -> None:
    """A vector put ahead of its passage is in no answer; once used it is, for every passage of the same text."""
    with store.write() as writer:
        writer.put_vectors([key_of("waiting")], vector_of("waiting")[None])
    with store.read() as snapshot:
        ids, vectors = snapshot.passage_vectors()
        assert ids.tolist() == []
        assert vectors.shape == (0, DIM)
        assert snapshot.known_hashes([key_of("waiting"), key_of("other")]) == {key_of("waiting")}
    with store.write() as writer:
        document_id = put(writer, "a", "waiting", size=7)
        again = put(writer, "b", "waiting", size=7)
        put(writer, "c", "otherwise", size=9)
        ids_in_order = ids_of(writer, document_id) + ids_of(writer, again)
    with store.read() as snapshot:
        ids, vectors = snapshot.passage_vectors()
        assert ids.dtype == np.int64
        assert vectors.dtype == np.float32
        assert ids.tolist() == [*ids_in_order, 3]
        np.testing.assert_array_equal(vectors, [vector_of("waiting"), vector_of("waiting"), vector_of("otherwise")])
        np.testing.assert_array_equal(snapshot.vectors_of([3, 1]), [vector_of("otherwise"), vector_of("waiting")])
        assert snapshot.vectors_of([]).shape == (0, DIM)
        part, _ = snapshot.passage_vectors(first=2, last=2)
        assert part.tolist() == [2]
        stored = snapshot.vectors_by_hash([key_of("waiting"), key_of("absent")])
        assert stored == {key_of("waiting"): vector_of("waiting").astype("<f4").tobytes()}
        assert snapshot.counts()["vectors"] == 2


def test_a_vector_put_twice_stays_the_first(store: Store) -> None:
    """A text is encoded once: a second vector under its hash changes nothing."""
    with store.write() as writer:
        writer.put_vectors([key_of("a")], vector_of("a")[None])
        writer.put_vectors([key_of("a")], vector_of("b")[None])
        writer.put_vector_bytes({key_of("a"): b"x" * 4 * DIM, key_of("c"): vector_of("c").tobytes()})
        found = writer.vectors_by_hash([key_of("a"), key_of("c")])
    assert found == {key_of("a"): vector_of("a").tobytes(), key_of("c"): vector_of("c").tobytes()}


def test_changes_tell_which_passages_came_and_went(store: Store) -> None:
    """Every add and remove is on record with its first and last passage, in the order in which they happened."""
    with store.write() as writer:
        put(writer, "a", "x" * 30)
        put(writer, "b", "y" * 10)
        put(writer, "empty", "")
    with store.write() as writer:
        put(writer, "a", "z" * 20)
    with store.write() as writer:
        for source in writer.sources():
            writer.remove_source(source.id)
    expected = [
        *(Change(1, ChangeKind.ADD, 1, 3), Change(2, ChangeKind.ADD, 4, 4), Change(3, ChangeKind.REMOVE, 1, 3)),
        *(Change(4, ChangeKind.ADD, 5, 6), Change(5, ChangeKind.REMOVE, 5, 6), Change(6, ChangeKind.REMOVE, 4, 4)),
    ]
    with store.read() as snapshot:
        assert snapshot.changes_since(0) == expected
        assert snapshot.changes_since(4) == expected[4:]
        assert snapshot.last_change() == 6


def test_passage_ids_are_never_reused(store: Store) -> None:
    """Ids go on after the highest ever given, even when every passage is gone and the file was opened anew."""
    with store.write() as writer:
        put(writer, "a", "x" * 50)
    with store.write() as writer:
        writer.remove_source(writer.sources()[0].id)
    store.close()
    again = Store.open(store.path)
    with again.write() as writer:
        assert ids_of(writer, put(writer, "b", "y" * 20)) == [6, 7]
    again.close()


def test_a_moved_file_keeps_everything_but_its_place(store: Store) -> None:
    """Uri and path change, of the file and of its records; documents, passages and changes stay."""
    with store.write() as writer:
        source = writer.put_source(
            uri="file:///a.jsonl", path="a.jsonl", sha256="x", media_type="m", state=SourceState.DONE
        )
        for position, name in enumerate(("r1", "r2")):
            uri = f"file:///a.jsonl#{name}"
            document = Document(text=f"text of {name}", media_type="m", name=name, uri=uri, path="a.jsonl")
            writer.put_document(source, document, cut(document.text, 99), sha256=name, position=position)
        put(writer, "b.md", "untouched")
    with store.write() as writer:
        before = writer.last_change()
        writer.move_source(source, uri="file:///sub/b c.jsonl", path="sub/b c.jsonl")
    with store.read() as snapshot:
        assert [(row.uri, row.path) for row in snapshot.sources()] == [
            *(("file:///b.md", "b.md"), ("file:///sub/b c.jsonl", "sub/b c.jsonl"))
        ]
        assert snapshot.document_hashes(source) == {
            "file:///sub/b c.jsonl#r1": (1, "r1"),
            "file:///sub/b c.jsonl#r2": (2, "r2"),
        }
        assert [(row.path, row.document, row.text) for row in snapshot.passages([1, 2, 3])] == [
            ("sub/b c.jsonl", "r1", "text of r1"),
            ("sub/b c.jsonl", "r2", "text of r2"),
            ("b.md", "file:///b.md", "untouched"),
        ]
        assert snapshot.last_change() == before


def test_sources_are_known_by_their_uri(store: Store) -> None:
    """Recording a file again updates its row and keeps its id; a failed one has its reason, and is counted."""
    with store.write() as writer:
        one = writer.put_source(uri="u1", path="p1", sha256="a", media_type="m", state=SourceState.PARTIAL)
        writer.put_source(uri="u0", path="p0", sha256="b", media_type="m", state=SourceState.FAILED, reason="no text")
        again = writer.put_source(
            uri="u1", path="p1", sha256="c", media_type="m", state=SourceState.DONE, notes=["ü", "page 2"]
        )
    assert again == one
    with store.read() as snapshot:
        assert snapshot.sources() == [
            SourceRow(2, "u0", "p0", "b", "m", SourceState.FAILED, "no text", ()),
            SourceRow(1, "u1", "p1", "c", "m", SourceState.DONE, None, ("ü", "page 2")),
        ]
        assert (snapshot.counts()["files"], snapshot.counts()["failed"]) == (2, 1)
    with store.write() as writer:
        writer.mark_partial(one)
        assert [source.state for source in writer.sources()] == ["failed", "partial"]


def test_facts_and_generations_come_out_as_they_went_in(store: Store) -> None:
    """Meta values are JSON, the last one stands; generations come newest first and can be dropped."""
    values: list[Generation] = [
        Generation(1, "g1", "exact", "d1", 10, 3, 1.0, {}, "2026-01-01"),
        Generation(2, "g2", "hnsw", "d2", 20, 5, 0.987, {"m": 32, "ef": [1, 2]}, "2026-01-02"),
    ]
    with store.write() as writer:
        assert writer.meta("fact") is None
        writer.set_meta("fact", {"a": 1})
        writer.set_meta("fact", {"a": [None, "ü"]})
        for one in values:
            row = {name: getattr(one, name) for name in Generation.__dataclass_fields__ if name != "id"}
            writer.put_generation(**row)
    with store.write() as writer:
        assert writer.meta("fact") == {"a": [None, "ü"]}
        assert writer.generations() == [values[1], values[0]]
        writer.drop_generations([2])
        assert writer.generations() == [values[0]]


def test_documents_are_listed_in_order_of_path(store: Store) -> None:
    """By path, with counts of their own passages and pages."""
    with store.write() as writer:
        put(writer, "b", "x" * 25, pages=[Page(1, "1", 0, 9), Page(2, "2", 9, 25)])
        put(writer, "a/z", "")
        put(writer, "a", "y", passages=[NewPassage(0, 1, (), key_of("y"), True)])
    with store.read() as snapshot:
        assert [(row.path, row.passages, row.pages, row.cut) for row in snapshot.documents()] == [
            *(("a", 1, 0, 1), ("a/z", 0, 0, 0), ("b", 3, 2, 0))
        ]
        assert [row.path for row in snapshot.documents(Among(Column.PATH, ("b",)))] == ["b"]
        assert [row.path for row in snapshot.documents_of(1)] == ["b"]


def test_metadata_is_flattened_to_its_scalars() -> None:
    """Nested keys are joined by dots, items of a list share a key, empty ones exist, integers fit 64 bits or float."""
    metadata: dict[str, Any] = {
        "a": 1,
        "b": {"c": [1.5, "x", {"d": True}], "e": None},
        "f": [],
        "g": {},
        "h": 2**63 - 1,
        "i": -(2**63),
        "j": 2**63,
        "k": 10**400,
        "l": -(10**400),
    }
    assert list(flatten(metadata)) == [
        *(("a", "number", 1), ("b.c", "number", 1.5), ("b.c", "text", "x"), ("b.c.d", "bool", 1)),
        *(("b.e", "null", None), ("f", "empty", None), ("g", "empty", None)),
        *(("h", "number", 2**63 - 1), ("i", "number", -(2**63)), ("j", "number", 2.0**63)),
        *(("k", "number", float("inf")), ("l", "number", float("-inf"))),
    ]


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "remove", "fail"]),
        st.sampled_from(["a", "b", "c"]),
        st.lists(st.sampled_from(["red", "green", "blue"]), max_size=6),
    ),
    max_size=12,
)


class BrokenOffError(Exception):
    """What comes between."""


def put_and_fail(store: Store, path: str, text: str) -> None:
    """Breaks off a transaction that has stored a document."""
    with store.write() as writer:
        put(writer, path, text)
        raise BrokenOffError


@given(OPERATIONS)
@settings(max_examples=40, deadline=None)
@pytest.mark.slow
def test_any_sequence_of_changes_leaves_the_store_whole(
    empty: Path, operations: list[tuple[str, str, list[str]]]
) -> None:
    """Against a dict: texts, words and vectors are those of the living documents; the changes replayed give their ids.

    FTS5's own check finds its index in accord with the passages.
    """
    with copied(empty) as store:
        alive = apply(store, operations)
        with store.write() as writer:
            writer.sweep_vectors()
            writer.connection.exec_driver_sql(INTEGRITY)
            check_against(writer, alive)


def apply(store: Store, operations: list[tuple[str, str, list[str]]]) -> dict[str, str]:
    """Does to the store what it does to a dict, which it returns."""
    alive: dict[str, str] = {}
    for kind, path, colours in operations:
        text = "".join(f"{colour:<10}" for colour in colours)
        if kind == "fail":
            with pytest.raises(BrokenOffError):
                put_and_fail(store, path, text)
        elif kind == "put":
            with store.write() as writer:
                put(writer, path, text)
            alive[path] = text
        elif path in alive:
            with store.write() as writer:
                writer.remove_source(next(one.id for one in writer.sources() if one.path == path))
            del alive[path]
    return alive


def check_against(snapshot: Snapshot, alive: dict[str, str]) -> None:
    """The snapshot holds exactly the documents of `alive`."""
    rows = list(snapshot.documents())
    assert {row.path: snapshot.document(row.id).text for row in rows} == alive
    slices = sorted(text[i : i + 10] for text in alive.values() for i in range(0, len(text), 10))
    for word in ("red", "green", "blue"):
        assert words(snapshot, word) == [one for one in slices if one.strip() == word]
    ids, vectors = snapshot.passage_vectors()
    passages = snapshot.passages(ids.tolist())
    assert sorted(row.text for row in passages) == slices
    np.testing.assert_array_equal(
        vectors, np.array([vector_of(row.text) for row in passages], dtype=np.float32).reshape(-1, DIM)
    )
    replayed: set[int] = set()
    for change in snapshot.changes_since(0):
        if change.kind == "add":
            replayed |= set(range(change.first, change.last + 1))
        else:
            replayed -= set(range(change.first, change.last + 1))
    assert sorted(replayed) == ids.tolist()
    assert snapshot.counts()["vectors"] == len(set(slices))
    for row in rows:
        own = ids_of(snapshot, row.id)
        assert own == list(range(own[0], own[0] + len(own))) if own else True


@pytest.mark.skipif(sys.version_info < (3, 11), reason="sqlite3 sets limits from Python 3.11 on")
def test_many_names_stay_within_sqlites_limit(store: Store) -> None:
    """That of SQLite as it is published; some distributions allow more variables in a statement."""
    with store.read() as snapshot:
        connection: Any = snapshot.connection.connection.driver_connection
        connection.setlimit(9, 32_766)  # SQLITE_LIMIT_VARIABLE_NUMBER
        assert snapshot.documents_named([f"no{number}" for number in range(30_000)]) == []


def test_a_store_that_is_forgotten_lets_go_of_its_files(tmp_path: Path) -> None:
    """Without a call of `close`: its connections end, so that the log is taken in and Windows can delete the file."""
    store = Store.create(tmp_path / "store.db")
    with store.read() as snapshot:
        assert snapshot.passage_count() == 0
    assert (tmp_path / "store.db-wal").exists()
    del store, snapshot
    gc.collect()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["store.db"]
