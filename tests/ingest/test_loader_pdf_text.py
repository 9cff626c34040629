"""The text of PDF pages, and its map to glyphs."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pypdfium2.raw as pdfium
import pytest
from pypdfium2 import PdfDocument

from passagework.ingest.loaders.pdf.pdf import extract_pages
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH
from tests.support.pdf_files import drawn, lines, load, placed, slices, typed, written


def text_of(folder: Path, data: bytes) -> str:
    """The text of a PDF's bytes."""
    return load(written(folder / "a.pdf", data)).text


def test_lines_keep_their_order_and_ends(tmp_path: Path) -> None:
    """Lines end in LF; blanks at their ends are dropped."""
    content = lines("first line   ", "  second\t ", "third")
    assert text_of(tmp_path, drawn(content)) == "first line\nsecond\nthird"


def test_a_wider_step_starts_a_paragraph(tmp_path: Path) -> None:
    """A blank line stands where lines are further apart than usual on the page, and only there."""
    data = typed([["One", "two", "three", "", "Four", "five", "six"]])
    assert text_of(tmp_path, data) == "One\ntwo\nthree\n\nFour\nfive\nsix"


@pytest.mark.parametrize(
    ("rotate", "matrix"),
    [(0, "1 0 0 1 72 700"), (90, "0 1 -1 0 100 72"), (180, "-1 0 0 -1 500 100"), (270, "0 -1 1 0 500 700")],
)
def test_a_rotated_page_reads_like_an_upright_one(tmp_path: Path, rotate: int, matrix: str) -> None:
    """A landscape page, whose text is turned and turned back by /Rotate, has its lines and paragraphs in order."""
    shown = "(upper) Tj 0 -14 Td (middle) Tj 0 -14 Td (lower) Tj 0 -40 Td (apart) Tj"
    data = drawn(f"BT /F1 12 Tf {matrix} Tm {shown} ET", rotate=rotate)
    assert text_of(tmp_path, data) == "upper\nmiddle\nlower\n\napart"


def test_turned_text_has_paragraphs_along_its_own_down(tmp_path: Path) -> None:
    """Text turned by 90 degrees is divided where its own lines are further apart."""
    turned = "".join(f"BT /F1 12 Tf 0 1 -1 0 {x} 72 Tm (line {x}) Tj ET " for x in (100, 114, 128, 180, 194))
    assert text_of(tmp_path, drawn(turned)) == "line 100\nline 114\nline 128\n\nline 180\nline 194"


def test_a_second_column_does_not_start_a_paragraph(tmp_path: Path) -> None:
    """A jump back up the page is no gap: a sentence may go on in the next column."""
    columns = lines("a sentence", "that goes") + " BT /F1 12 Tf 320 700 Td (on in the) Tj 0 -14 Td (next column) Tj ET"
    assert text_of(tmp_path, drawn(columns)) == "a sentence\nthat goes\non in the\nnext column"


def test_characters_beyond_the_basic_plane_are_one_code_point(tmp_path: Path) -> None:
    """pdfium's surrogate pairs become one character, and the glyphs after it stay right."""
    data = drawn(lines("xAyB", "hello"), meaning={"A": "D83DDE00", "B": "D835DC00"})
    path = written(tmp_path / "a.pdf", data)
    [page] = extract_pages(path)
    assert page.text == "x😀y𝐀\nhello"
    assert page.glyphs.tolist() == [0, 1, 3, 4, NO_GLYPH, 8, 9, 10, 11, 12]


@pytest.mark.parametrize("units", ["D83D", "0000", "DE00", "FDD0"], ids=["high", "nul", "low", "noncharacter"])
def test_what_is_no_character_is_replaced(tmp_path: Path, units: str) -> None:
    """NUL, lone surrogates and noncharacters become U+FFFD, so that the text can be stored."""
    assert text_of(tmp_path, drawn(lines("xAy"), meaning={"A": units})) == "x�y"


@pytest.mark.parametrize("units", ["0001", "0003", "000C", "001B", "007F", "0085", "FEFF"])
def test_controls_are_dropped(tmp_path: Path, units: str) -> None:
    """Control characters and byte order marks leave nothing behind."""
    assert text_of(tmp_path, drawn(lines("xAy", "end A"), meaning={"A": units})) == "xy\nend"


def test_ligatures_are_spelt_out(tmp_path: Path) -> None:
    """A ligature is searched for by its letters, both shown by the one glyph's place."""
    assert text_of(tmp_path, drawn(lines("eAect"), meaning={"A": "FB00"})) == "effect"


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (("infor-", "mation"), "information"),
        (("Non-", "GAAP"), "Non-GAAP"),
        (("the long-term view, a long-", "term view"), "the long-term view, a long-term view"),
        (("by the air and land, an air-", "land trip"), "by the air and land, an air-land trip"),
        (("overland, over the land, over-", "land"), "overland, over the land, overland"),
        (("soft\xad", "ware"), "software"),
        (("a well-", "documented pump"), "a well-documented pump"),
        (("a cost-", "effective valve"), "a cost-effective valve"),
        (("a state-of-the-", "art hall"), "a state-of-the-art hall"),
        (("the con-", "fluent and the retro-", "fitted"), "the confluent and the retrofitted"),
        (("type X-", "200"), "type X-200"),
        (("Wasser-", "werk"), "Wasserwerk"),
        (("pages 12-", "14"), "pages 12-\n14"),
        (("visible x\xady",), "visible x-y"),
    ],
)
def test_a_hyphen_at_a_line_end_stays_only_where_it_belongs(tmp_path: Path, shown: tuple[str, ...], text: str) -> None:
    """The document's own spelling decides; a soft hyphen that is drawn inside a line is a hyphen."""
    assert text_of(tmp_path, drawn(lines(*shown))) == text


def test_other_pages_decide_about_hyphens_too(tmp_path: Path) -> None:
    """A compound that the last page spells in one line keeps its hyphen on the first."""
    data = typed([["this is well-", "known stuff"], ["a well-known fact"]])
    assert slices(load(written(tmp_path / "a.pdf", data))) == ["this is well-known stuff", "a well-known fact"]


def letterspaced(words: str) -> str:
    """Content of scanning software: letters apart, each word's last letter placed by itself, spaces before words."""
    parts = [f"4 Tc ({' ' if at else ''}{word[:-1]}) Tj 0 Tc ({word[-1]}) Tj " for at, word in enumerate(words.split())]
    return f"BT /F1 10 Tf 20 700 Td {''.join(parts)}ET"


def test_letterspaced_words_stay_whole(tmp_path: Path) -> None:
    """A page whose words all seem to end in a lone letter is one of letterspaced words."""
    words = "the quick brown foxes jump over some lazy dogs while many more birds watch them from their high old trees"
    content = letterspaced(words) + letterspaced(words).replace("700", "680")
    assert text_of(tmp_path, drawn(content)) == f"{words}\n{words}"


@pytest.mark.parametrize("cells", ["item x y", "item y", "7 8 9"])
def test_lone_letters_elsewhere_keep_their_spaces(tmp_path: Path, cells: str) -> None:
    """A table of single letters is not taken for letterspaced words, though its spaces are made up too."""
    row = " -600 ".join(f"({cell})" for cell in cells.split())
    content = "".join(f"BT /F1 10 Tf 72 {700 - 12 * n} Td [{row}] TJ ET " for n in range(30))
    assert text_of(tmp_path, drawn(content)) == "\n".join([cells] * 30)


def test_every_glyph_shows_its_character(tmp_path: Path) -> None:
    """Each character's glyph is the one that pdfium draws for it; line breaks have none."""
    data = drawn(
        lines("One two 1-", "2 joi-", "ned A.", "End") + " BT /F1 12 Tf 72 600 Td (Apart) Tj ET",
        meaning={"A": "D83DDE00"},
    )
    path = written(tmp_path / "a.pdf", data)
    [page] = extract_pages(path)
    assert page.text == "One two 1-\n2 joined 😀.\nEnd\n\n😀part"
    pdf = PdfDocument(data)
    text_page = pdf[0].get_textpage()
    for character, glyph in zip(page.text, page.glyphs.tolist(), strict=True):
        if character == "\n":
            assert glyph == NO_GLYPH
        else:
            unit = pdfium.FPDFText_GetUnicode(text_page, glyph)
            assert unit == int.from_bytes(character.encode("utf-16-be")[:2], "big")
    pdf.close()


def test_the_map_leads_to_the_place_on_the_page(tmp_path: Path) -> None:
    """A word's glyphs have their boxes where the word was drawn: highlights can be computed from the file."""
    data = drawn("BT /F1 12 Tf 72 700 Td (left) Tj 300 -400 Td (right) Tj ET")
    path = written(tmp_path / "a.pdf", data)
    [page] = extract_pages(path)
    glyph = int(page.glyphs[page.text.index("right")])
    pdf = PdfDocument(data)
    text_page = pdf[0].get_textpage()
    x, y = ctypes.c_double(), ctypes.c_double()
    assert pdfium.FPDFText_GetCharOrigin(text_page, glyph, x, y)
    pdf.close()
    assert (round(x.value), round(y.value)) == (372, 300)


def test_extracted_pages_are_the_documents(tmp_path: Path) -> None:
    """`extract_pages` gives the very text of the stored document, and one glyph index a character."""
    path = written(tmp_path / "a.pdf", typed([["One A, hyphen-", "ated"], [], ["Two", "2", "2", "", "three"]]))
    pages = extract_pages(path)
    assert [page.text for page in pages] == slices(load(path)) == ["One A, hyphenated", "", "Two\n2\n2\n\nthree"]
    assert [len(page.glyphs) for page in pages] == [17, 0, 14]


def test_words_read_from_right_to_left_begin_at_their_right_end(tmp_path: Path) -> None:
    """Also where a file draws the letters of some from left to right, each for itself; a number is in its place."""
    meaning = {"a": "05D0", "b": "05D1", "c": "05D2", "d": "05D3"}
    letters = "".join(placed(60 + 6 * at, 700, letter) for at, letter in enumerate("dcba"))
    path = written(tmp_path / "a.pdf", drawn(letters, meaning=meaning))
    assert load(path).text == "\u05d0\u05d1\u05d2\u05d3"
