"""Names of source code: in the text index whole and by their words, wherever the code came from."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework import Collection, ingest
from passagework.ingest.writing.code_text import is_code
from passagework.ingest.writing.languages import identified
from passagework.retrieval.dense.background import Background
from passagework.retrieval.lexical.bm25 import matching_spans, searched_words
from passagework.retrieval.lexical.common_words import CommonWords
from passagework.retrieval.search.fusion import weights_of
from passagework.retrieval.store import Store
from passagework.retrieval.words.code_names import APART, CODE
from passagework.retrieval.words.indexed import indexed
from tests.support.fakes import FakeEncoder

FUNCTION = 'def get_user(cache):\n    """Looks somebody up. Fast."""\n    return cache.readAllRows(1)\n'
JAVA = "class Store {\n  // Gives the account.\n  int getUserById(int key) { return 1; }\n}\n"
CALLER = "function run() {\n  parseHTTPHeader(a);\n  return userIndex;\n}\n"
ENGLISH = "The pumps of the main building were repaired by the technicians during the night.\nThey hold.\n"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Code in a source file and in records, and a note that is none."""
    folder = tmp_path_factory.mktemp("code")
    docs = folder / "docs"
    docs.mkdir()
    (docs / "Store.java").write_text(JAVA, encoding="utf-8")
    records = [{"_id": "caller", "text": CALLER}, {"_id": "rows", "text": FUNCTION}]
    (docs / "code.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    (docs / "note.txt").write_text("The report on YouTube by McDonald was read in the office.\n", encoding="utf-8")
    ingest(docs, folder / "c", encoder=FakeEncoder())
    return folder / "c"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("getUserById", ["Store.java"]),
        ("get_user_by_id", ["Store.java"]),
        ("id", ["Store.java"]),
        ("header", ["caller"]),
        ("http", ["caller"]),
        ("rows", ["rows"]),
        ("get user", ["Store.java", "rows", "caller"]),
        ('"parseHTTPHeader(a); return userIndex"', ["caller"]),
        ('"header user"', []),
    ],
)
def test_names_are_found_whole_and_by_their_words(collection: Path, query: str, found: list[str]) -> None:
    """In a source file as in a record; in a note a name with capitals is one word, as it was."""
    with Collection.open(collection, encoder=FakeEncoder()) as opened:
        hits = opened.search(query, stage="lexical")
        assert sorted(hit.path if hit.path == "Store.java" else hit.document for hit in hits) == sorted(found)
        assert not opened.search("tube", stage="lexical", syntax="plain")
        assert opened.languages() == (CODE,)
        assert opened.status().languages == {CODE: 3, "en": 1}


def test_what_a_passage_of_code_has_behind_it() -> None:
    """Its name, the sentence that is said of it, and the words of each name, once, in order of place."""
    behind = ["get_user", "Looks somebody up", "read All Rows"]
    assert indexed(FUNCTION, CODE) == FUNCTION + "".join(f" {APART} {words}" for words in behind)
    assert indexed("x = a1\nx += b\n", CODE) == "x = a1\nx += b\n"
    assert indexed(FUNCTION, "en") == FUNCTION


@pytest.mark.parametrize(
    ("code", "behind"),
    [
        (JAVA, ["Store", "Gives the account", "get User By Id"]),
        ("/**\n * Adds two.\n * @param a one\n */\nstatic int add(int a) {\n", ["Adds two", "add"]),
        ("// Read reads a row\nfunc (r *Rows) Read(n int) error {\n", ["Read reads a row", "Read"]),
        ("# Counts\n# words: all\ndef count\n", ["Counts\n# words: all", "count"]),
        ("pub(crate) fn sum(a: i32) -> i32 {\n", ["sum"]),
        ("if (a) {\n  b();\n}\n", []),
    ],
)
def test_what_a_definition_is_for(code: str, behind: list[str]) -> None:
    """Its name and the first sentence of its comment, in several languages; a condition defines nothing."""
    assert [part.strip() for part in indexed(code, CODE)[len(code) :].split(APART)[1:]] == behind


def test_words_are_marked_in_the_name() -> None:
    """The part that a query's word found, and no more; the whole name where that was asked for."""
    text = "cache.getUserById(1)"
    for query, marked in (("user", "User"), ("getUserById", "getUserById"), ("get id", "getId")):
        [spans] = matching_spans(query, [text], [CODE])
        assert "".join(text[start:end] for start, end in spans) == marked


def test_a_collection_of_code_is_searched_as_one(collection: Path, tmp_path: Path) -> None:
    """Most documents are code: the language's name tells nothing there, and words and tokens count for less."""
    (tmp_path / "docs").mkdir()
    for number, text in enumerate((ENGLISH, JAVA, ENGLISH.upper())):
        (tmp_path / "docs" / f"{number}.txt").write_text(text, encoding="utf-8")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder())
    for folder, of_code in ((collection, True), (tmp_path / "c", False)):
        store = Store.open(folder / "v0001" / "store.db")
        with store.read() as snapshot:
            assert snapshot.is_code is of_code
            assert [CommonWords(snapshot)(word) for word in ("Java", "python3", "zebra")] == [of_code, of_code, False]
            both = [("Java",), ("header",)]
            assert searched_words(snapshot, "header in Java") == ([("header",)] if of_code else both[::-1])
            assert searched_words(snapshot, "Java") == both[:1]
        store.close()


def test_words_count_for_half_in_code() -> None:
    """Beside cosines that tell as much."""
    background, bm25 = Background(0.1, 0.1), [9.0, 1.0]
    plain = weights_of(background, 0.6, bm25, 1000)
    of_code = weights_of(background, 0.6, bm25, 1000, is_code=True)
    assert of_code.lexical / of_code.dense == pytest.approx(plain.lexical / plain.dense / 2, rel=1e-4)


@given(st.text(alphabet="aB_1 (){};\n\"'#/*def", max_size=80))
def test_what_stands_behind_never_changes_what_stands_before(text: str) -> None:
    """Whatever a passage holds, the index has it as it is, and behind it only words of it."""
    made = indexed(text, CODE)
    assert made.startswith(text)
    assert all(
        part.strip() == "" or part.replace(" ", "") in text.replace(" ", "") for part in made[len(text) :].split(APART)
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (FUNCTION, True),
        (JAVA, True),
        (CALLER, True),
        ("#include <stdio.h>\n\nint main(void) {\n  return 0;\n}\n", True),
        ("SELECT is a word.\nIf you read this, return it (soon).\nUse the form for that.\n", False),
        ("# Title\n\nCall `f(x)`:\n\n- one\n- two\n", False),
        ("x = f(1)", False),
        ("", False),
    ],
)
def test_code_is_told_by_its_lines(text: str, code: bool) -> None:
    """Not by the name of what holds it; one line tells nothing."""
    assert is_code(text) is code
    assert (identified(text) == CODE) is code


def test_a_source_file_is_code_whatever_it_holds() -> None:
    """Its loader says so; else it is told like any other text."""
    assert identified("Nothing but prose, and that in the language of the house.", "text/x-source-code") == CODE


def test_code_ingested_before_is_indexed_anew(tmp_path: Path) -> None:
    """The next ingest tells it, though nothing changed, and nothing is encoded again."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.java").write_text(JAVA, encoding="utf-8")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder())
    database = sqlite3.connect(tmp_path / "c" / "v0001" / "store.db")
    database.execute("UPDATE passages SET indexed_text = NULL, indexed_title = NULL, indexed_headings = NULL")
    database.execute("UPDATE documents SET language = 'en'")
    database.execute("UPDATE meta SET value = '\"1, snowball 3.0.1\"' WHERE key = 'words'")
    database.commit()
    database.close()
    (tmp_path / "c" / "v0001" / "store.db.seal").unlink()
    report = ingest(tmp_path / "docs", tmp_path / "c", encoder=FakeEncoder())
    assert (report.unchanged, report.added) == (1, 0)
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as opened:
        assert [hit.path for hit in opened.search("id", stage="lexical")] == ["a.java"]
