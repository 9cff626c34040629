"""PDF files as documents: pages, headings, metadata, passwords, and what damaged files give."""

from __future__ import annotations

import logging
import os
import re
import warnings
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.constants import PageLabelStyle
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    TextStringObject,
)

from passagework.ingest.loaders.base import LoadOptions
from passagework.ingest.loaders.pdf.pdf import MAX_PAGES, extract_pages, load_pdf
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Heading, Page
from tests.support.pdf_files import copied, drawn, load, saved, slices, typed, written

THREE = typed([["Apples are red."], ["Pears are green."], ["Plums are blue."]])
TEXTS = ["Apples are red.", "Pears are green.", "Plums are blue."]


def reason(path: Path, *, password: str | None = None) -> str:
    """Why a file is refused."""
    with pytest.raises(IngestError) as caught:
        list(load_pdf(path, LoadOptions(pdf_password=password)))
    return str(caught.value)


def headings_of(path: Path) -> list[tuple[int, str, str]]:
    """Each heading's level, title, and the text it stands over."""
    document = load(path)
    return [(h.level, h.title, document.text[h.start : h.end]) for h in document.headings]


# Pages


def test_pages_are_the_text_between_two_line_breaks(tmp_path: Path) -> None:
    """The text is the pages' texts with a blank line between, and each page's range is exactly its own."""
    document = load(written(tmp_path / "a.pdf", THREE))
    assert document.text == "\n\n".join(TEXTS)
    assert list(document.pages) == [Page(1, "1", 0, 15), Page(2, "2", 17, 33), Page(3, "3", 35, 50)]
    assert document.media_type == "application/pdf"
    assert document.metadata["page_count"] == 3
    assert list(document.notes) == []


def test_an_empty_page_has_an_empty_range_and_is_named(tmp_path: Path) -> None:
    """A page without text is still a page, and the notes name it."""
    document = load(written(tmp_path / "a.pdf", typed([["One."], [], ["Three."], [], [], ["Six."]])))
    assert slices(document) == ["One.", "", "Three.", "", "", "Six."]
    assert [(page.start, page.end) for page in document.pages][1] == (6, 6)
    assert list(document.notes) == ["no text on pages 2, 4-5 of 6"]


def test_a_long_list_of_empty_pages_is_cut_and_counted(tmp_path: Path) -> None:
    """A note stays one readable line however many pages it names."""
    document = load(written(tmp_path / "a.pdf", typed([["x"] if number % 2 else [] for number in range(200)])))
    [note] = document.notes
    assert note.startswith("no text on 100 pages of 200: 1, 3, 5, ")
    assert note.endswith(", ...")
    assert len(note) < 200


def test_labels_are_the_printed_ones(tmp_path: Path) -> None:
    """Page labels come from the file; where it has none, the page's number stands in."""
    writer = copied(THREE)
    writer.set_page_label(0, 1, style=PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(2, 2, prefix="A-", style=PageLabelStyle.DECIMAL, start=7)
    document = load(written(tmp_path / "a.pdf", saved(writer)))
    assert [page.label for page in document.pages] == ["i", "ii", "A-7"]
    assert [page.number for page in document.pages] == [1, 2, 3]


def test_labels_without_text_fall_back_on_the_number(tmp_path: Path) -> None:
    """A label that says nothing is no label."""
    writer = copied(THREE)
    label = DictionaryObject({NameObject("/P"): TextStringObject(" \x00")})
    numbers = ArrayObject([NumberObject(0), label])
    writer.root_object[NameObject("/PageLabels")] = DictionaryObject({NameObject("/Nums"): numbers})
    document = load(written(tmp_path / "a.pdf", saved(writer)))
    assert [page.label for page in document.pages] == ["1", "2", "3"]


# Outline


def entry(writer: PdfWriter, title: str, page: int, *, parent: IndirectObject | None = None) -> IndirectObject:
    """Adds an entry to the end of the outline; `page` is an index."""
    return writer.add_outline_item(title=title, page_number=page, parent=parent)


CHAPTERS = typed(
    [
        ["Contents", "Introduction", "Methods and Means", "Results"],
        ["Introduction", "This introduction comes before the methods.", "Aims", "To show results."],
        ["As the Introduction said.", "METHODS", "AND MEANS", "Stirring."],
        ["Results", "None."],
    ]
)


def test_headings_stand_over_their_titles(tmp_path: Path) -> None:
    """Levels follow the outline's nesting; case and line breaks in a title don't hide it."""
    writer = copied(CHAPTERS)
    first = entry(writer, "Introduction", 1)
    entry(writer, "Aims", 1, parent=first)
    entry(writer, "Methods and Means", 2)
    entry(writer, "Results", 3)
    assert headings_of(written(tmp_path / "a.pdf", saved(writer))) == [
        (1, "Introduction", "Introduction"),
        (2, "Aims", "Aims"),
        (1, "Methods and Means", "METHODS\nAND MEANS"),
        (1, "Results", "Results"),
    ]


def test_a_title_is_found_as_words_on_lines_of_their_own(tmp_path: Path) -> None:
    """A running sentence or a longer number that contains the title is passed over for the heading itself."""
    pages = [["See part 12 and Part 1 for the parts.", "Part 1", "Text.", "Part 12", "More."]]
    writer = copied(typed(pages))
    entry(writer, "Part 1", 0)
    entry(writer, "Part 12", 0)
    document = load(written(tmp_path / "a.pdf", saved(writer)))
    assert list(document.headings) == [Heading(1, "Part 1", 38, 44), Heading(1, "Part 12", 51, 58)]


def test_equal_titles_on_a_page_are_taken_in_order(tmp_path: Path) -> None:
    """Each entry is looked for behind the one before."""
    writer = copied(typed([["Notes", "one", "Notes", "two"]]))
    for _ in range(2):
        entry(writer, "Notes", 0)
    document = load(written(tmp_path / "a.pdf", saved(writer)))
    assert [(h.start, h.end) for h in document.headings] == [(0, 5), (10, 15)]


def test_a_title_that_is_not_in_the_text_is_an_empty_heading(tmp_path: Path) -> None:
    """It stands at its page's start, or behind the entry before it on that page, so that the order stays."""
    writer = copied(THREE)
    entry(writer, "Fruit", 1)
    entry(writer, "Pears", 1)
    entry(writer, "Seen from afar", 1)
    document = load(written(tmp_path / "a.pdf", saved(writer)))
    assert [(h.title, h.start, h.end) for h in document.headings] == [
        ("Fruit", 17, 17),
        ("Pears", 17, 22),
        ("Seen from afar", 22, 22),
    ]


def test_headings_are_in_order_of_start(tmp_path: Path) -> None:
    """An outline that jumps back still gives headings from front to back."""
    writer = copied(THREE)
    entry(writer, "Plums", 2)
    entry(writer, "Apples", 0)
    assert [title for _, title, _ in headings_of(written(tmp_path / "a.pdf", saved(writer)))] == ["Apples", "Plums"]


def test_an_outline_of_other_pages_is_left_out(tmp_path: Path) -> None:
    """One page taken out of a book, with every entry of the book pointing to it, keeps only what it shows."""
    writer = copied(THREE)
    entry(writer, "Plums", 2)
    for chapter in range(30):
        entry(writer, f"Chapter {chapter}", 2)
    assert headings_of(written(tmp_path / "a.pdf", saved(writer))) == [(1, "Plums", "Plums")]


def outlined(writer: PdfWriter, *nodes: dict[str, object]) -> list[IndirectObject]:
    """Puts outline nodes into the file by hand, one after the other, and gives the references to them."""
    references = [writer._add_object(DictionaryObject()) for _ in nodes]
    for at, (reference, node) in enumerate(zip(references, nodes, strict=True)):
        made = reference.get_object()
        assert isinstance(made, DictionaryObject)
        for key, value in node.items():
            made[NameObject(key)] = TextStringObject(value) if isinstance(value, str) else value
        if at + 1 < len(nodes):
            made.setdefault(NameObject("/Next"), references[at + 1])
    top = DictionaryObject({NameObject("/First"): references[0]})
    writer.root_object[NameObject("/Outlines")] = writer._add_object(top)
    return references


def leading_to(writer: PdfWriter, page: int) -> ArrayObject:
    """A destination."""
    reference = writer.pages[page].indirect_reference
    assert reference is not None
    return ArrayObject([reference, NameObject("/Fit")])


def test_every_form_of_destination_leads_to_its_page(tmp_path: Path) -> None:
    """Arrays, page numbers, GoTo actions and named destinations, plain or wrapped in a dictionary."""
    writer = copied(THREE)
    writer.add_named_destination("plums", 2)
    to_pears = leading_to(writer, 1)
    action = DictionaryObject({NameObject("/S"): NameObject("/GoTo"), NameObject("/D"): to_pears})
    outlined(
        writer,
        {"/Title": "Apples", "/Dest": ArrayObject([NumberObject(0), NameObject("/Fit")])},
        {"/Title": "Pears", "/A": action},
        {"/Title": "green", "/Dest": DictionaryObject({NameObject("/D"): to_pears})},
        {"/Title": "Plums", "/Dest": "plums"},
    )
    found = headings_of(written(tmp_path / "a.pdf", saved(writer)))
    assert [shown for _, _, shown in found] == ["Apples", "Pears", "green", "Plums"]


def test_destinations_that_lead_nowhere_are_skipped(tmp_path: Path) -> None:
    """A bad entry is left out, what follows it stays, and nothing is an error."""
    writer = copied(THREE)
    no_page = ArrayObject([writer._add_object(NullObject()), NameObject("/Fit")])
    elsewhere = DictionaryObject({NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("x")})
    outlined(
        writer,
        {"/Title": "no destination"},
        {"/Title": "no page", "/Dest": no_page},
        {"/Title": "no such name", "/Dest": "missing"},
        {"/Title": "beyond", "/Dest": ArrayObject([NumberObject(3), NameObject("/Fit")])},
        {"/Title": "empty", "/Dest": ArrayObject()},
        {"/Title": "a web page", "/A": elsewhere},
        {"/Title": " \x00", "/Dest": leading_to(writer, 0)},
        {"/Dest": leading_to(writer, 0)},
        {"/Title": "Plums", "/Dest": leading_to(writer, 2)},
    )
    document = load(written(tmp_path / "a.pdf", saved(writer)))
    assert list(document.headings) == [Heading(1, "Plums", 35, 40)]
    assert list(document.notes) == []


def test_an_outline_that_goes_round_in_circles_ends(tmp_path: Path) -> None:
    """A node that is its own sibling, child or ancestor's sibling is read once."""
    writer = copied(THREE)
    nodes: list[dict[str, object]] = [
        {"/Title": title, "/Dest": leading_to(writer, page)} for page, title in enumerate(("Apples", "Pears", "Plums"))
    ]
    first, second, third = outlined(writer, *nodes)
    for node, key, target in ((second, "/First", first), (third, "/First", third), (third, "/Next", first)):
        made = node.get_object()
        assert isinstance(made, DictionaryObject)
        made[NameObject(key)] = target
    assert headings_of(written(tmp_path / "a.pdf", saved(writer))) == [
        (1, "Apples", "Apples"),
        (1, "Pears", "Pears"),
        (1, "Plums", "Plums"),
    ]


def test_an_outline_nested_without_end_is_cut(tmp_path: Path) -> None:
    """Thousands of levels neither overflow the stack nor reach the document; a level has no business beyond 16."""
    writer = copied(typed([[f"Level {level}" for level in range(1, 17)]]))
    nodes: list[dict[str, object]] = [
        {"/Title": f"Level {level}", "/Dest": leading_to(writer, 0), "/Next": NullObject()} for level in range(1, 3001)
    ]
    references = outlined(writer, *nodes)
    for parent, child in pairwise(references):
        made = parent.get_object()
        assert isinstance(made, DictionaryObject)
        made[NameObject("/First")] = child
    document = load(written(tmp_path / "a.pdf", saved(writer)))
    assert [(h.level, h.title) for h in document.headings] == [(level, f"Level {level}") for level in range(1, 17)]


# Title and metadata


@pytest.mark.parametrize(
    "title", ["Annual Report 2023", "Über die Äpfel", "Untitled films of 1920: a survey", "二十四节气"]
)
def test_a_real_title_is_kept(tmp_path: Path, title: str) -> None:
    """The file's own title is the document's."""
    writer = copied(THREE)
    writer.add_metadata({"/Title": f"  {title}\x00 "})
    assert load(written(tmp_path / "a.pdf", saved(writer))).title == title


@pytest.mark.parametrize(
    "title",
    [
        "   ",
        "untitled",
        "Untitled document",
        "Untitled-1",
        "Microsoft Word - Budget final v2.doc",
        "report_final.docx",
        "C:\\Users\\ann\\My Documents\\budget 2020.xls",
        "file:///tmp/a b.html",
        "PowerPoint Presentation",
        "0000078003-22-000027",
    ],
)
def test_a_title_that_names_nothing_is_left_out(tmp_path: Path, title: str) -> None:
    """Placeholders, file names and bare numbers are no titles: the caller knows the file's name."""
    writer = copied(THREE)
    writer.add_metadata({"/Title": title})
    assert load(written(tmp_path / "a.pdf", saved(writer))).title == ""


def test_metadata_is_plain_and_complete(tmp_path: Path) -> None:
    """Information, ISO dates and attachment names; blanks and unreadable dates are left out."""
    writer = copied(THREE)
    writer.add_metadata(
        {
            "/Author": "Ann\x00 \n Lee",
            "/Subject": "word " * 1000,
            "/Keywords": "apples, pears",
            "/Creator": "",
            "/Producer": "a test",
            "/CreationDate": "D:20230405060708+02'00'",
            "/ModDate": "last week",
        }
    )
    writer.add_attachment("list.csv", b"a,b")
    document = load(written(tmp_path / "a.pdf", saved(writer)))
    assert document.metadata == {
        "author": "Ann Lee",
        "subject": ("word " * 400).rstrip(),
        "keywords": "apples, pears",
        "producer": "a test",
        "created": "2023-04-05T06:07:08+02:00",
        "attachments": ["list.csv"],
        "page_count": 3,
    }


def test_metadata_can_always_be_stored(tmp_path: Path) -> None:
    """Text that is no Unicode, here UTF-16 with half a pair, comes through without what can't be encoded."""
    writer = copied(THREE)
    writer.add_metadata({"/Author": "A" * 20})
    data = saved(writer)
    assert data.count(b"(" + b"A" * 20 + b")") == 1
    data = data.replace(b"(" + b"A" * 20 + b")", b"<FEFF0041006E006ED800>")
    author = load(written(tmp_path / "a.pdf", data)).metadata["author"]
    assert isinstance(author, str)
    assert author.encode("utf-8").decode("utf-8").startswith("Ann")


# Passwords

ALGORITHMS = ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_password_opens_what_it_locks(tmp_path: Path, algorithm: str) -> None:
    """Without the password or with another, the reason says what to do; with the user's or the owner's, all is read."""
    writer = copied(THREE)
    writer.add_metadata({"/Title": "Locked fruit"})
    entry(writer, "Pears", 1)
    writer.encrypt("pear", "owner", algorithm=algorithm)
    path = written(tmp_path / "a.pdf", saved(writer))
    assert reason(path) == "encrypted: give its password with --pdf-password"
    assert reason(path, password="plum") == "encrypted: the password given does not open it"
    for password in ("pear", "owner"):
        document = load(path, password=password)
        assert slices(document) == TEXTS
        assert (document.title, list(document.headings)) == ("Locked fruit", [Heading(1, "Pears", 17, 22)])
        assert [page.text for page in extract_pages(path, password=password)] == TEXTS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("password", [None, "some other file's"])
def test_the_empty_password_is_tried_first(tmp_path: Path, algorithm: str, password: str | None) -> None:
    """A file that anyone may read is read, whatever password is given for others."""
    writer = copied(THREE)
    writer.encrypt("", "owner", algorithm=algorithm)
    document = load(written(tmp_path / "a.pdf", saved(writer)), password=password)
    assert slices(document) == TEXTS
    assert list(document.notes) == []


# Damage


def test_no_text_counts_the_pages(tmp_path: Path) -> None:
    """A scan is refused with its count of pages, in good grammar; what is drawn may be letters too."""
    lined = "0 0 m 100 100 l S"
    scan = copied(drawn(lined))
    for _ in range(11):
        scan.append(BytesIO(drawn(lined)))
    assert reason(written(tmp_path / "a.pdf", saved(scan))) == "scanned: 0 of 12 pages have text"
    assert reason(written(tmp_path / "b.pdf", drawn(lined))) == "scanned: 0 of 1 page has text"


def test_blank_pages_hold_no_text(tmp_path: Path) -> None:
    """Where nothing is shown, nothing was scanned: there is no text to miss."""
    with pytest.raises(NoTextError, match=r"^no text: the pages are blank$"):
        load(written(tmp_path / "a.pdf", typed([[]] * 3)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty file"),
        (b"<html><body>Not found</body></html>", "not a PDF: it has no %PDF header"),
        (b"\x00" * 5000, "not a PDF: it has no %PDF header"),
        (THREE[:-700], "damaged PDF: it ends early, as if cut off"),
        (b"%PDF-1.7\n%%EOF\n", "damaged PDF: its structure is broken (startxref not found)"),
        (
            re.sub(rb"/Pages \d+", b"/Pages 99", THREE),
            "damaged PDF: its structure is broken (Invalid object in /Pages)",
        ),
        (
            THREE.replace(b"/Count 3", b"/Count 200000"),
            f"damaged PDF: it claims 200,000 pages, more than the {MAX_PAGES:,} that are read",
        ),
    ],
    ids=["empty", "html", "zeros", "truncated", "no objects", "no pages", "too many pages"],
)
def test_what_is_no_readable_pdf_gets_a_reason(tmp_path: Path, data: bytes, expected: str) -> None:
    """Damage is told in one line that a person understands."""
    assert reason(written(tmp_path / "a.pdf", data)) == expected


def test_a_file_that_cannot_be_opened_gets_a_reason(tmp_path: Path) -> None:
    """A vanished file and a folder are reported, not raised as OSError."""
    assert reason(tmp_path / "gone.pdf") == "can't be read: No such file or directory"
    assert reason(tmp_path) == "can't be read: Is a directory"


def test_a_broken_page_costs_only_itself(tmp_path: Path) -> None:
    """The other pages are read, and the notes name the one that was not."""
    data = re.sub(rb"(/Kids \[\d+ 0 R\s+)\d+( 0 R)", rb"\g<1>99\2", THREE)
    document = load(written(tmp_path / "a.pdf", data))
    assert slices(document) == [TEXTS[0], "", TEXTS[2]]
    assert list(document.notes) == ["page 2 of 3 can't be read"]


def test_broken_structure_leaves_the_text(tmp_path: Path) -> None:
    """Where pypdf gives up, pdfium's text is kept, and a note says what is missing."""
    document = load(written(tmp_path / "a.pdf", THREE.replace(b"startxref", b"startxxxx")))
    assert slices(document) == TEXTS
    assert list(document.notes) == ["no title, outline or page labels: its structure is broken (startxref not found)"]


def test_one_broken_part_of_the_structure_leaves_the_others(tmp_path: Path) -> None:
    """Metadata that can't be read costs neither labels nor outline, and is named."""
    writer = copied(THREE)
    entry(writer, "Pears", 1)
    writer.set_page_label(0, 2, prefix="P", style=PageLabelStyle.DECIMAL)
    document = load(written(tmp_path / "a.pdf", re.sub(rb"/Info \d+ 0 R", b"/Info 7", saved(writer))))
    assert [page.label for page in document.pages] == ["P1", "P2", "P3"]
    assert list(document.headings) == [Heading(1, "Pears", 17, 22)]
    assert (document.title, document.metadata) == ("", {"page_count": 3})
    assert list(document.notes) == ["can't be read: the PDF's metadata"]


def test_pypdf_stands_in_for_pdfium(tmp_path: Path) -> None:
    """Where pdfium gives up and pypdf doesn't, its text is taken, with a note, and without glyphs."""
    path = written(tmp_path / "a.pdf", re.sub(rb"/Root \d+", b"/Root 99", THREE))
    document = load(path)
    assert slices(document) == TEXTS
    assert list(document.notes) == ["damaged PDF, read by the rougher of two parsers: words may be out of order"]
    pages = extract_pages(path)
    assert [page.text for page in pages] == TEXTS
    assert [set(page.glyphs.tolist()) for page in pages] == [{NO_GLYPH}] * 3


def test_a_file_without_its_end_is_noted(tmp_path: Path) -> None:
    """What could be read of a file that was cut off is kept, and the cut is told."""
    document = load(written(tmp_path / "a.pdf", THREE[: THREE.index(b"startxref")] + b" " * 3000))
    assert slices(document) == TEXTS
    assert document.notes[-1] == "the file ends early, as if cut off: pages may be missing"


def test_nothing_is_printed_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Malformed files make pypdf talk; none of it reaches the user, and the loggers are as before afterwards."""
    logging.getLogger("pypdf").setLevel(logging.DEBUG)
    path = written(tmp_path / "a.pdf", re.sub(rb"/Root \d+", b"/Root 99", THREE))
    with warnings.catch_warnings(record=True) as caught, caplog.at_level(logging.DEBUG):
        load(path)
    assert (caplog.records, caught, capfd.readouterr()) == ([], [], ("", ""))
    assert logging.getLogger("pypdf").level == logging.DEBUG
    logging.getLogger("pypdf").setLevel(logging.NOTSET)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_a_name_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    """Bytes in a file's name that are no UTF-8 don't matter."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.pdf"))
    assert slices(load(written(path, THREE))) == TEXTS


# Real files

FOLDERS = ("pypdf-resources", "pypdf-samples", "office-and-web")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_real_file_gives_a_document_or_a_reason(real_data: Path, folder: str) -> None:
    """Pages follow one another and slice right, headings are in order, and each refusal is one short line."""
    paths = sorted((real_data / "files" / folder).rglob("*.pdf"))
    assert paths
    for path in paths:
        refused = ""
        try:
            document = load(path)
        except IngestError as error:
            refused = str(error)
        if refused:
            assert re.fullmatch(r"(scanned|encrypted|damaged PDF): .{1,280}", refused), path
            continue
        parts = [document.text[a.end : b.start] for a, b in pairwise(document.pages)]
        assert set(parts) <= {"", "\n", "\n\n"}, path
        assert [page.number for page in document.pages] == list(range(1, len(document.pages) + 1)), path
        assert slices(document) == [page.text for page in extract_pages(path)], path
        starts = [heading.start for heading in document.headings]
        assert starts == sorted(starts), path
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\ud800-\udfff]| \n", document.text), path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("encrypted-file.pdf", "encrypted: give its password with --pdf-password"),
        ("encryption/r6-both-passwords.pdf", "encrypted: give its password with --pdf-password"),
        ("encryption/r6-user-password.pdf", "encrypted: give its password with --pdf-password"),
        ("imagemagick-lzw.pdf", "scanned: 0 of 1 page has text"),
    ],
)
def test_real_refusals_are_true(real_data: Path, name: str, expected: str) -> None:
    """Known files are refused for what they are; an empty owner password doesn't open what a user password locks."""
    assert reason(real_data / "files" / "pypdf-resources" / name) == expected


def test_a_real_outline_is_found_in_its_text(real_data: Path) -> None:
    """At least 99 of 100 entries of a filing's outline stand over their titles."""
    document = load(real_data / "files" / "financebench" / "pdfs" / "VERIZON_2022_10K.pdf")
    found = [heading for heading in document.headings if heading.start < heading.end]
    assert len(document.headings) == 344
    assert len(found) >= 341
    [fios] = [heading for heading in found if heading.title == "Fios"]
    assert document.text[fios.start : fios.end + 13] == "Fios\n\nResidential"


def test_scanned_words_are_whole(real_data: Path) -> None:
    """A scan whose software places each word's last letter by itself is read in words."""
    text = load(real_data / "files" / "pypdf-resources" / "indirect-rotation.pdf").text
    assert "China Shipping Container Lines Company Limited\nNo. 700 Dong Da Ming Road\nShanghai 200080" in text
