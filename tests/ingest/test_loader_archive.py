"""Office files and books as attacks and accidents make them: refused unread, or named for what is wrong."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import pytest

from passagework.ingest.loaders import archive
from passagework.retrieval.errors import IngestError
from tests.support.office_files import ONE, PACKAGE, book, changed, deck, letter, novel, only

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + b"".join(b"<!ENTITY " + bytes([99 + n]) + b' "' + (b"&" + bytes([98 + n]) + b";") * 10 + b'">' for n in range(12))
    + b'<!ENTITY file SYSTEM "file:///etc/hostname">]>'
)


@pytest.mark.parametrize("member", ["docProps/core.xml", "word/document.xml", "word/styles.xml"])
def test_entities_in_office_xml_are_refused(tmp_path: Path, member: str) -> None:
    """A billion laughs, or a path to a local file, in any part: the file is refused before it is parsed."""
    path = changed(letter(tmp_path), member, LAUGHS + b"<x>&n;&file;</x>")
    with pytest.raises(IngestError, match="declares a document type"):
        only(path)
    wide = LAUGHS.decode().encode("utf-16")
    with pytest.raises(IngestError, match="declares a document type"):
        only(changed(path, member, wide))


@pytest.mark.parametrize(
    "padding", [b"<!-- " + b"x" * 10_000 + b" -->", b" " * 9_000, b"<?" + b"x" * 5_000 + b"?>", b"<!-- a --><!-- b -->"]
)
def test_no_padding_hides_a_document_type(tmp_path: Path, padding: bytes) -> None:
    """Comments, blanks and instructions before it, and a part named as no XML is: it is found, and refused."""
    declaration, _, rest = LAUGHS.partition(b"?>")
    hidden = declaration + b"?>" + padding + rest + b"<x>&n;</x>"
    for member in ("word/document.xml", "word/strange.bin"):
        with pytest.raises(IngestError, match="declares a document type"):
            only(changed(letter(tmp_path), member, hidden))


@pytest.mark.parametrize("encoding", ["cp037", "utf-7"])
def test_xml_in_an_encoding_that_hides_it_is_refused(tmp_path: Path, encoding: str) -> None:
    """Where `<` isn't the byte that it always is, nobody can look for a document type: the part is refused."""
    text = LAUGHS.decode().replace('"1.0"', f'"1.0" encoding="{encoding}"')
    head, _, rest = text.partition("?>")
    data = text.encode(encoding) if encoding == "cp037" else f"{head}?>".encode() + rest.encode("utf-7")
    if encoding == "utf-7":
        data = data.replace(b"<", b"+ADw-").replace(b"+ADw-?xml", b"<?xml", 1)
    with pytest.raises(IngestError, match=r"^damaged: an XML part doesn't begin with an element$"):
        only(changed(letter(tmp_path), "word/document.xml", data))


def test_a_comment_before_the_root_and_a_drawing_are_no_attack(tmp_path: Path) -> None:
    """A long comment, a text that mentions a document type, and the document type of an SVG picture harm nobody."""
    path = letter(tmp_path)
    with zipfile.ZipFile(path) as archive:
        body = archive.read("word/document.xml")
    head, _, rest = body.partition(b"?>")
    rest = rest.replace(b"snake_case", b"<![CDATA[<!DOCTYPE x>]]>")
    path = changed(path, "word/document.xml", head + b"?><!-- " + b"y" * 20_000 + b" -->" + rest)
    path = changed(path, "word/media/a.svg", b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "a" "b"><svg/>')
    assert "<!DOCTYPE x>" in only(path).text


def test_a_book_that_is_a_bomb_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    """To tell a book from a document, a hundred bytes of its `mimetype` are read, however many that inflates to."""
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        file.writestr("mimetype", b"application/epub+zip" + b" " * 300_000_000)
    tracemalloc.start()
    with pytest.raises(IngestError, match="expands to more than 200 times its size: refused"):
        only(path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_book_may_declare_a_document_type_but_no_entities(tmp_path: Path) -> None:
    """Entities in a chapter grow nothing and read no file; in the package they get the book refused."""
    laughs = LAUGHS.decode().partition("?>")[2]
    chapter = ONE.replace("<!DOCTYPE html>", laughs).replace("Rain.", "Rain. &file; &n; End.")
    document = only(changed(novel(tmp_path), "OPS/ch one.xhtml", chapter.encode()))
    assert "Rain." in document.text
    assert "End." in document.text
    assert len(document.text) < 3000
    package = PACKAGE.replace('<?xml version="1.0"?>', LAUGHS.decode()).replace("The Sea", "The Sea &n; &file;")
    with pytest.raises(IngestError, match="declares entities, as attacks do: refused"):
        only(changed(novel(tmp_path), "OPS/book.opf", package.encode()))


def test_bombs_are_refused_by_their_stated_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many members, too many bytes, too high a ratio, or too large a part: refused before inflating."""
    path = changed(letter(tmp_path), "word/media/zeros.bin", bytes(5_000_000))
    assert only(path).title == "Travel policy"
    for limit, value, expected in (
        ("MAX_BYTES", 4 << 20, "expands to more than 4 MiB: refused"),
        ("RATIO_FROM", 1 << 20, "expands to more than 100 times its size: refused"),
        ("MAX_MEMBERS", 3, "more than 3: refused"),
        ("MAX_PART", 1000, "a part expands to more than 0 MiB: refused"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(archive, "MAX_RATIO", 100)
            patch.setattr(archive, limit, value)
            with pytest.raises(IngestError, match=expected):
                only(path)


def test_a_real_bomb_of_a_gigabyte_is_refused_at_once(tmp_path: Path) -> None:
    """A few kilobytes that state sizes beyond the limit are not inflated to find out."""
    path = letter(tmp_path)
    for number in range(3):
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
            file.writestr(f"word/media/{number}.bin", bytes(40_000_000))
    assert path.stat().st_size < 200_000
    with pytest.raises(IngestError, match="expands to more than 200 times its size: refused"):
        only(path)


@pytest.mark.parametrize("suffix", ["docx", "pptx", "xlsx", "epub"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_truncated_archives_are_named_damaged(tmp_path: Path, suffix: str, share: float) -> None:
    """A download that broke off is a damaged archive, wherever it broke."""
    makers = {"docx": letter, "xlsx": book, "epub": novel}
    path = deck(tmp_path, [("A", "x")]) if suffix == "pptx" else makers[suffix](tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(IngestError, match="damaged or truncated zip archive"):
        only(path)


@pytest.mark.parametrize(
    ("suffix", "member"),
    [
        ("docx", "word/document.xml"),
        ("pptx", "ppt/presentation.xml"),
        ("xlsx", "xl/workbook.xml"),
        ("epub", "OPS/book.opf"),
    ],
)
@pytest.mark.parametrize("content", [b"", b"not xml", b"<a><b></a>"])
def test_malformed_parts_are_named_damaged(tmp_path: Path, suffix: str, member: str, content: bytes) -> None:
    """Whatever a parser makes of a malformed part, the report gets one line that says the file is damaged."""
    makers = {"docx": letter, "xlsx": book, "epub": novel}
    path = deck(tmp_path, [("A", "x")]) if suffix == "pptx" else makers[suffix](tmp_path)
    with pytest.raises(IngestError, match=r"^(damaged|no text)") as caught:
        only(changed(path, member, content))
    assert "\n" not in str(caught.value)


def test_tables_nested_without_end_are_a_reason(tmp_path: Path) -> None:
    """A thousand tables within tables exhaust the converters' recursion: a reason, not a crash."""
    path = letter(tmp_path)
    table = "<w:tbl><w:tr><w:tc>"
    body = table * 1500 + "<w:p><w:r><w:t>x</w:t></w:r></w:p>" + "</w:tc></w:tr></w:tbl>" * 1500
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    changed(path, "word/document.xml", f"<w:document {space}><w:body>{body}</w:body></w:document>".encode())
    with pytest.raises(IngestError, match=r"nested too deeply|damaged"):
        only(path)


def test_a_book_names_its_chapters_in_another_form_of_unicode(tmp_path: Path) -> None:
    """A zip archive made on macOS has decomposed names; the book's package has composed ones. No chapter is missing."""
    book, path = novel(tmp_path), tmp_path / "mac.epub"
    with zipfile.ZipFile(book) as before, zipfile.ZipFile(path, "w") as after:
        for name in before.namelist():
            text = before.read(name).decode().replace("two.xhtml", "%C3%BCbung.xhtml")
            after.writestr(name.replace("two.xhtml", "u\u0308bung.xhtml"), text)
    document = only(path)
    assert document.text == only(book).text
    assert [heading.title for heading in document.headings] == [heading.title for heading in only(book).headings]
