"""What holds for every format: which files are read, by what they hold, and what a bad one's reason says."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from passagework.ingest.loaders import LoadOptions, RecordFailure, load, media_type, supported
from passagework.ingest.loaders.formats import Format, format_name
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def reason(path: Path) -> str:
    """Why the file can't be read: one line of at most 300 characters."""
    with pytest.raises(IngestError) as caught:
        list(load(path, LoadOptions()))
    message = str(caught.value)
    assert "\n" not in message
    assert 0 < len(message) <= 300
    return message


def outcome_of(path: Path) -> tuple[str, list[Document | RecordFailure]]:
    """The reason why a file can't be read, else ""; and what came of it before."""
    outcomes: list[Document | RecordFailure] = []
    try:
        outcomes.extend(load(path, LoadOptions()))
    except IngestError:
        return reason(path), outcomes
    return "", outcomes


def test_suffixes_decide_what_is_supported() -> None:
    """Every promised suffix is supported in any case, others are not; the file need not exist."""
    office = ("docx", "pptx", "xlsx", "epub", "pdf", "PDF", "eml")
    text = ("md", "markdown", "txt", "text", "log", "html", "htm", "xhtml", "rst", "Md")
    records = ("csv", "tsv", "json", "jsonl", "ndjson")
    for suffix in (*office, *text, *records):
        assert supported(Path(f"no/such/file.{suffix}")), suffix
    more = (
        "odt",
        "rtf",
        "xls",
        "mbox",
        "msg",
        "ics",
        "srt",
        "tex",
        "org",
        "adoc",
        "xml",
        "ipynb",
        "py",
        "ts",
        "txt.gz",
    )
    for suffix in more:
        assert supported(Path(f"no/such/file.{suffix}")), suffix
    for name in ("a.png", "a.doc", "a.odg", ".md", "a.pdf.zip", "a.pdf.gz"):
        assert not supported(Path(name)), name


def test_media_types_are_the_official_ones() -> None:
    """The media type that a suffix promises is the registered one."""
    expected = {
        "pdf": "application/pdf",
        "md": "text/markdown",
        "log": "text/plain",
        "htm": "text/html",
        "rst": "text/x-rst",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "epub": "application/epub+zip",
        "csv": "text/csv",
        "tsv": "text/tab-separated-values",
        "json": "application/json",
        "ndjson": "application/jsonl",
        "eml": "message/rfc822",
    }
    assert {suffix: media_type(Path(f"x.{suffix}")) for suffix in expected} == expected
    with pytest.raises(IngestError, match=r"unsupported type '\.heic'"):
        media_type(Path("x.heic"))


def test_formats_have_names_that_people_know() -> None:
    """No two are called the same; what no loader reads is called by its media type."""
    names = [format_name(kind.value) for kind in Format]
    assert {"PDF", "Markdown", "Word", "PowerPoint", "Excel", "e-mail", "CSV"} < set(names)
    assert len(set(names)) == len(names)
    assert not any("/" in name for name in names)
    assert format_name("image/heic") == "image/heic"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("scan.pdf", PNG, "named .pdf but holds a PNG picture"),
        ("notes.txt", PNG, "named .txt but holds a PNG picture"),
        ("photo.md", b"\xff\xd8\xff\xe0" + bytes(64), "named .md but holds a JPEG picture"),
        ("tool.txt", b"\x7fELF" + bytes(64), "named .txt but holds an ELF program"),
        ("data.json", gzip.compress(b"{}", mtime=0), "named .json but holds a gzip archive"),
        ("page.pdf", b"<html>Not found</html>", "named .pdf but isn't one: it has no %PDF- header"),
        ("table.xlsx", b"a,b\n1,2\n", "named .xlsx but isn't one: it is no zip archive"),
        ("empty.txt", b"", "empty file"),
        ("empty.pdf", b"", "empty file"),
        ("blank.txt", b" \r\n\t\n", "no text"),
        ("blank.md", b"\xef\xbb\xbf\n", "no text"),
        ("blank.csv", b"\n\n", "no text"),
        ("blank.jsonl", b"\n\n", "no text"),
        ("blank.html", b"<html><head><title>x</title></head><body> </body></html>", "no text: the page shows none"),
        ("noise.txt", bytes(range(256)) * 40, "binary: not text"),
        ("zeros.txt", bytes(5000), "binary: not text"),
        ("numbers.txt", b"".join(bytes([n % 7, 0]) for n in range(5000)), "binary: not text"),
        ("old.docx", OLE2 + "WordDocument".encode("utf-16-le"), "a Word 97-2003 document: convert it with LibreOffice"),
        ("old.xlsx", OLE2 + "Workbook".encode("utf-16-le"), "damaged .xlsx: "),
        ("locked.docx", OLE2 + "EncryptedPackage".encode("utf-16-le"), "encrypted: the file opens only with its pass"),
        ("cut.docx", b"PK\x03\x04" + bytes(100), "damaged or truncated zip archive"),
    ],
)
def test_a_lying_or_empty_file_is_named_for_what_it_is(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    """The reason says what the file holds, not what some parser made of it."""
    path = tmp_path / name
    path.write_bytes(content)
    assert expected in reason(path)


def test_content_decides_over_the_suffix(tmp_path: Path) -> None:
    """A workbook named .txt is read as the workbook it is, and says so in its media type."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["city", "people"])
    book.active.append(["Bern", 134000])
    book.save(tmp_path / "book.xlsx")
    path = (tmp_path / "book.xlsx").rename(tmp_path / "book.txt")
    (document,) = load(path, LoadOptions())
    assert isinstance(document, Document)
    assert document.media_type == media_type(Path("book.xlsx"))
    assert "| Bern | 134000 |" in document.text


def test_a_pdf_under_another_name_goes_to_the_pdf_loader(tmp_path: Path) -> None:
    """`%PDF-` at the start makes a PDF of any file; a text that mentions it stays a text."""
    path = tmp_path / "paper.txt"
    path.write_bytes(PDF)
    assert "binary" not in reason(path)  # the PDF loader's words, for the stub has no page
    path.write_text("A file that begins with %PDF-1.7 is a PDF.")
    (document,) = load(path, LoadOptions())
    assert isinstance(document, Document)
    assert document.media_type == "text/plain"


def test_other_zip_archives_are_told_apart(tmp_path: Path) -> None:
    """A plain zip, an OpenDocument formula and a binary workbook each get their own reason."""
    cases = {
        "a zip archive": {"readme.txt": b"hi"},
        "an OpenDocument formula": {"mimetype": b"application/vnd.oasis.opendocument.formula"},
        "a binary workbook (.xlsb)": {"xl/workbook.bin": b""},
    }
    for expected, members in cases.items():
        path = tmp_path / "x.docx"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        assert f"named .docx but holds {expected}" in reason(path)


def test_a_path_that_is_gone_or_no_file_is_a_reason(tmp_path: Path) -> None:
    """Files vanish during a run: that is a reason for the report, not an OSError."""
    assert reason(tmp_path / "gone.txt") == "vanished while reading"
    (tmp_path / "folder.md").mkdir()
    assert reason(tmp_path / "folder.md") == "not a regular file"
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.txt")
        assert reason(tmp_path / "pipe.txt") == "not a regular file"


def test_unsupported_types_are_an_ingest_error(tmp_path: Path) -> None:
    """`load` refuses a suffix that no loader reads, and names it."""
    path = tmp_path / "x.heic"
    path.write_bytes(b"x")
    assert "unsupported type '.heic'" in reason(path)


@settings(max_examples=150, deadline=None)
@example(content=b"\xfe\xff", prefix=b"From: a\n\n", suffix="txt")
@given(
    content=st.binary(min_size=0, max_size=300),
    prefix=st.sampled_from(
        [b"", b"PK\x03\x04", b"From: a\n\n", b"{", b"[", b"<html>", b"---\n", b"a,b\n", b"\xff\xfe"]
    ),
    suffix=st.sampled_from(["txt", "md", "html", "rst", "csv", "tsv", "json", "jsonl", "eml", "docx", "xlsx", "epub"]),
)
def test_no_bytes_under_any_name_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, prefix: bytes, suffix: str
) -> None:
    """Whatever the bytes: documents with sound offsets, or a reason of one line. Never another exception."""
    path = tmp_path_factory.mktemp("any") / f"x.{suffix}"
    path.write_bytes(prefix + content)
    said, outcomes = outcome_of(path)
    assert outcomes or said  # never nothing at all
    for outcome in outcomes:
        check(outcome)


def check(outcome: Document | RecordFailure) -> None:
    """A document keeps the loaders' promises about its text, headings and pages; a failure has a reason."""
    if isinstance(outcome, RecordFailure):
        assert outcome.reason
        assert "\n" not in outcome.reason
        assert len(outcome.reason) < 300
        return
    text = outcome.text
    assert text.strip()
    assert "\r" not in text
    assert "\x00" not in text
    text.encode("utf-8")  # fails on lone surrogates
    last = -1
    for heading in outcome.headings:
        assert heading.title
        assert heading.title in text[heading.start : heading.end]
        assert heading.start > last
        assert text[heading.start : heading.end] == text[heading.start : heading.end].strip("\n")
        last = heading.start
    for before, after in zip(outcome.pages, outcome.pages[1:], strict=False):
        assert before.start <= before.end <= after.start <= after.end <= len(text)


def test_importing_the_loaders_is_cheap() -> None:
    """No parser is imported before a file needs it: a command that ingests nothing starts at once."""
    code = (
        "import sys, passagework.ingest.loaders\n"
        "heavy = {'pypdf', 'pypdfium2', 'bs4', 'lxml', 'docutils', 'openpyxl', 'yaml', 'pandas'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_real_file_gives_documents_or_a_reason(real_data: Path) -> None:
    """All office, web, text and mail files of the test data: exact headings, or a reason in one line."""
    failed: dict[str, str] = {}
    for path in sorted((real_data / "files" / "office-and-web").iterdir()):
        if not supported(path) or path.suffix == ".pdf":
            continue
        said, outcomes = outcome_of(path)
        if said:
            failed[path.name] = said
        for outcome in outcomes:
            check(outcome)
    assert failed == {
        "empty.eml": "no text",
        "empty.txt": "empty file",
        "empty.xlsx": "no text: all sheets are empty",
        "fake-encrypted.eml": "encrypted mail",
        "fake-text-all-whitespace.txt": "no text",
        "password_protected.xlsx": "encrypted: the file opens only with its password",
        "picture.pptx": "no text",
        "test-image-jpg-mime.pptx": "no text",
    }
