"""Texts, pages, records and mail made to harm: each costs itself alone, in bounded time and memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.document_limits import FIELDS, HEADING, METADATA, TITLE, limit_document
from passagework.ingest.file_ingest import MAX_NOTES
from passagework.ingest.loaders.legacy import guess_legacy
from passagework.ingest.workers import LoadRequest, ParserPool
from passagework.retrieval.config import Settings
from passagework.retrieval.types import Document, Heading, Json
from tests.support.fakes import FakeEncoder
from tests.support.hostile_run import Outcome, run
from tests.support.hostile_texts import deep, long, mail
from tests.support.stored_texts import stored_texts

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is limited, and read through /proc, on Linux"),
]

SECONDS = 90.0
"""For all files together, on a busy machine; on a quiet one they take ten."""

REASONS = {
    "lists.json": "JSON nested too deeply to be read",
    "objects.json": "JSON nested too deeply to be read",
    "nested.eml": "nested too deeply to be read",
    "within.eml": "mail within mail, more than 20 levels deep",
}
"""Why a file as a whole isn't read; all others hold the lantern."""

Files = Callable[[], Iterator[tuple[str, bytes]]]


@pytest.mark.parametrize("make", [deep, long, mail])
def test_each_is_refused_or_read(make: Files, tmp_path: Path) -> None:
    """Whatever the depth, length or number: a reason, or the text that is there, and no more of it than there is."""
    (tmp_path / "docs").mkdir()
    sizes = {}
    for name, data in make():
        (tmp_path / "docs" / name).write_bytes(data)
        sizes[name] = len(data)
    found: Outcome = run(tmp_path)
    assert found.seconds < SECONDS
    texts = stored_texts(tmp_path / "c")
    for name, size in sizes.items():
        if name in REASONS:
            assert found.reasons[name] == [REASONS[name]]
        else:
            assert "lantern" in texts[name].lower(), name
            assert len(texts[name]) <= 1.2 * size + 1_000, name
    if make is long:
        assert len(found.reasons["bad.jsonl"]) == MAX_NOTES + 1
        assert found.reasons["bad.jsonl"][-1] == f"and {200_000 - MAX_NOTES:,} more records"


def test_a_field_of_50_megabytes_is_read_whole(tmp_path: Path) -> None:
    """It arrives as it stands; neither side holds it many times over."""
    path = tmp_path / "large.csv"
    path.write_bytes(b"name,text\na," + b"lantern " * (50_000_000 // 8) + b"\n")
    with ParserPool(1, memory_limit=1 << 30) as pool:
        for loaded in pool.load_all([LoadRequest(path)]):
            (item,) = loaded.items
            assert isinstance(item, Document)
            assert len(item.text) == 50_000_000 - 1


def test_a_line_without_end_is_no_riddle() -> None:
    """Guessing an old encoding takes one look at each line, however long: it took the square of its length."""
    assert guess_legacy(b"a" * 2_000_000 + b"\n" + "Größe, Straße und Öl".encode("cp1252")) == "cp1252"


class TestBounds:
    """Each passage is stored and shown with the document's title, headings and metadata, so these have limits."""

    def test_what_is_within_them_stays_as_it_is(self) -> None:
        """Most documents are not changed at all."""
        document = Document(
            "text",
            "text/plain",
            title="t" * TITLE,
            metadata={"a": [1, {"b": None}]},
            headings=[Heading(1, "text", 0, 4)],
        )
        found = limit_document(document)
        assert (found.text, found.title, found.metadata) == (document.text, document.title, document.metadata)
        assert list(found.headings) == list(document.headings)

    def test_long_titles_are_cut(self) -> None:
        """And end in an ellipsis; places in the text stay."""
        heading = Heading(1, "h" * 5_000, 0, 4)
        found = limit_document(Document("text", "text/plain", title="t" * 5_000, headings=[heading]))
        assert found.title == "t" * (TITLE - 1) + "…"
        assert found.headings == [Heading(1, "h" * (HEADING - 1) + "…", 0, 4)]

    def test_too_much_metadata_is_left_out_and_noted(self) -> None:
        """The fields that come first stay; a large one doesn't push out small ones behind it."""
        fields: dict[str, Json] = {"large": "x" * (METADATA + 1), **{f"k{n}": n for n in range(FIELDS + 5)}}
        found = limit_document(Document("text", "text/plain", metadata=fields))
        assert found.metadata == {f"k{n}": n for n in range(FIELDS)}
        assert found.notes == ["too much metadata: 6 fields left out, the first is 'large'"]

    def test_what_a_parser_sent_can_be_stored(self) -> None:
        """Half characters, NULs and line ends where none may be don't reach the database."""
        odd = Document("a\ud800b", "text/plain", title="\0", metadata={"\udc00": "\ud800"}, notes=["one\ntwo"])
        found = limit_document(odd)
        assert (found.text, found.title, found.notes) == ("a\ufffdb", "\ufffd", ["one two"])
        assert found.metadata == {"\ufffd": "\ufffd"}

    def test_headings_do_not_multiply_the_database(self, tmp_path: Path) -> None:
        """A heading of a megabyte above a thousand passages was a gigabyte."""
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "a.md").write_text(f"# {'x' * 1_000_000}\n\n" + "The lantern burns.\n\n" * 5_000)
        ingest(
            [tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder(), settings=Settings(workers=1), passage_tokens=40
        )
        assert sum(file.stat().st_size for file in (tmp_path / "c").rglob("*") if file.is_file()) < 20_000_000
        with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
            assert len(collection.search("lantern", k=1)[0].headings[0]) <= HEADING
