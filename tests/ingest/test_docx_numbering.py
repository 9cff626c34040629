"""Numbers before paragraphs are those that Word displays: by level, override, style and interruption."""

from __future__ import annotations

from pathlib import Path

import pytest

from passagework.ingest.loaders.number_words import counted
from tests.support.office_files import only
from tests.support.office_parts import part, said, word_file


def level(number: int, style: str, text: str, more: str = "", *, start: int = 1) -> str:
    """A level of a list."""
    return (
        f'<w:lvl w:ilvl="{number}"><w:start w:val="{start}"/><w:numFmt w:val="{style}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def lists(*levels: str, overrides: str = "", more: str = "") -> str:
    """A numbering part of two lists, 1 and 2, that count together; `overrides` are those of list 2."""
    return part(
        "w:numbering",
        f'<w:abstractNum w:abstractNumId="7">{"".join(levels)}</w:abstractNum>{more}'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
        f'<w:num w:numId="2"><w:abstractNumId w:val="7"/>{overrides}</w:num>',
    )


def item(text: str, at: int = 0, number: int = 1) -> str:
    """A paragraph of a list."""
    return said(text, f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr>')


def shown(folder: Path, body: str, numbering: str, styles: str = "") -> list[str]:
    """The lines of a document without their indents."""
    parts = {"word/numbering.xml": numbering} | ({"word/styles.xml": part("w:styles", styles)} if styles else {})
    text = only(word_file(folder, body, parts=parts)).text
    return [line.strip() for line in text.split("\n") if line]


CLAUSES = (level(0, "decimal", "%1."), level(1, "decimal", "%1.%2"), level(2, "lowerLetter", "(%3)"))


def test_levels_count_below_those_above(tmp_path: Path) -> None:
    """A higher level begins the deeper ones anew; text between leaves the count alone."""
    body = item("A") + item("B", 1) + item("C", 2) + item("D", 2) + said("Text.") + item("E", 2) + item("F", 1)
    body += item("G") + item("H", 1) + item("I", 2)
    lines = ["1. A", "1.1 B", "(a) C", "(b) D", "Text.", "(c) E", "1.2 F", "2. G", "2.1 H", "(a) I"]
    assert shown(tmp_path, body, lists(*CLAUSES)) == lines


def test_a_level_above_that_was_never_used_counts_as_begun(tmp_path: Path) -> None:
    """As Word shows 1.1 where no 1 stands."""
    assert shown(tmp_path, item("A", 1) + item("B", 1), lists(*CLAUSES)) == ["1.1 A", "1.2 B"]


def test_lists_of_one_kind_count_on_unless_they_start_anew(tmp_path: Path) -> None:
    """An override begins when its list is first used, and once; one may also change how a level looks."""
    body = item("A") + item("B") + item("C", number=2) + item("D", number=2) + item("E")
    assert shown(tmp_path, body, lists(*CLAUSES)) == ["1. A", "2. B", "3. C", "4. D", "5. E"]
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    lines = ["1. A", "2. B", "5. C", "6. D", "7. E"]
    assert shown(tmp_path, body, lists(*CLAUSES, overrides=anew)) == lines
    other = f'<w:lvlOverride w:ilvl="0">{level(0, "upperRoman", "Part %1", start=1)}</w:lvlOverride>'
    lines = ["1. A", "2. B", "Part I C", "Part II D", "3. E"]
    assert shown(tmp_path, body, lists(*CLAUSES, overrides=other)) == lines


def test_restarts_legal_numbers_and_bullets(tmp_path: Path) -> None:
    """A level that never restarts; one that writes all levels in digits; bullets, which count nothing."""
    levels = (
        level(0, "upperRoman", "Article %1"),
        level(1, "decimal", "%1.%2", "<w:isLgl/>"),
        level(2, "decimal", "Ex. %3", '<w:lvlRestart w:val="0"/>'),
        level(3, "bullet", "\uf0b7"),
    )
    body = item("A") + item("B", 1) + item("C", 2) + item("D") + item("E", 1) + item("F", 2) + item("G", 3)
    lines = ["Article I A", "1.1 B", "Ex. 1 C", "Article II D", "2.1 E", "Ex. 2 F", "* G"]
    assert shown(tmp_path, body, lists(*levels)) == lines


def test_numbers_come_from_styles(tmp_path: Path) -> None:
    """A style's list, at the level that names the style; a list that only leads to another; number 0 is none."""
    linked = (
        level(0, "decimal", "%1.", '<w:pStyle w:val="One"/>'),
        level(1, "decimal", "%1.%2", '<w:pStyle w:val="Two"/>'),
    )
    numbered = (
        "<w:style w:type='paragraph' w:styleId='{}'><w:name w:val='{}'/>"
        "<w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr></w:style>"
    )
    styles = numbered.format("One", "heading 1") + numbered.format("Two", "Clause")
    styles += "<w:style w:type='paragraph' w:styleId='Mine'><w:name w:val='Mine'/><w:basedOn w:val='Two'/></w:style>"
    off = "<w:numPr><w:numId w:val='0'/></w:numPr>"
    body = "".join(said(name, f"<w:pStyle w:val='{name}'/>{off if last else ''}") for name, last in
                   (("One", False), ("Two", False), ("Mine", False), ("Two", True), ("One", False)))  # fmt: skip
    assert shown(tmp_path, body, lists(*linked), styles) == ["# 1. One", "1.1 Two", "1.2 Mine", "Two", "# 2. One"]
    led_on = '<w:abstractNum w:abstractNumId="8"><w:numStyleLink w:val="Legal"/></w:abstractNum>'
    led_on += '<w:num w:numId="3"><w:abstractNumId w:val="8"/></w:num>'
    legal = (
        "<w:style w:type='numbering' w:styleId='Legal'><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr></w:style>"
    )
    assert shown(tmp_path, item("A", number=3), lists(*CLAUSES, more=led_on), legal) == ["1. A"]


def test_numbers_in_headings_are_part_of_them(tmp_path: Path) -> None:
    """The heading is named as the reader sees it, and its range ends with its words."""
    body = said("Scope", '<w:outlineLvl w:val="0"/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>')
    document = only(word_file(tmp_path, body, parts={"word/numbering.xml": lists(*CLAUSES)}))
    (heading,) = document.headings
    assert (heading.title, document.text[heading.start : heading.end]) == ("1. Scope", "# 1. Scope")


def test_numbers_of_cells_are_said_where_the_cell_is_empty(tmp_path: Path) -> None:
    """A column that only numbers itself shows its numbers."""
    number = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    rows = "".join(
        f"<w:tr><w:tc>{said('', number)}</w:tc><w:tc>{said(text)}</w:tc></w:tr>" for text in ("Seal", "Rotor")
    )
    document = only(word_file(tmp_path, f"<w:tbl>{rows}</w:tbl>", parts={"word/numbering.xml": lists(*CLAUSES)}))
    assert document.text.splitlines()[0] == "| 1. | Seal |"
    assert document.text.splitlines()[-1] == "| 2. | Rotor |"


@pytest.mark.parametrize(
    ("number", "style", "written"),
    [
        (4, "lowerRoman", "iv"), (1994, "upperRoman", "MCMXCIV"), (4000, "upperRoman", "4000"), (0, "lowerRoman", "0"),
        (26, "lowerLetter", "z"), (27, "lowerLetter", "aa"), (53, "upperLetter", "AAA"), (7, "decimalZero", "07"),
        (1, "ordinal", "1st"), (12, "ordinal", "12th"), (22, "ordinal", "22nd"), (113, "ordinal", "113th"),
        (21, "cardinalText", "Twenty-one"), (20, "ordinalText", "Twentieth"), (32, "ordinalText", "Thirty-second"),
        (100, "ordinalText", "100th"), (12, "chineseCounting", "十二"), (30, "japaneseCounting", "三十"),
        (3, "decimalEnclosedCircle", "③"), (21, "decimalEnclosedCircle", "21"), (5, "none", ""), (5, "unknown", "5"),
    ],
)  # fmt: skip
def test_numbers_as_lists_write_them(number: int, style: str, written: str) -> None:
    """In digits where the style has no form for a number."""
    assert counted(number, style) == written


def test_numbers_have_the_digits_that_a_style_of_its_own_gives_them(tmp_path: Path) -> None:
    """Word chooses `001, 002, 003, ...` where it knows it, and reads plain numbers otherwise."""
    custom = '<w:numFmt w:val="custom" w:format="001, 002, 003, ..."/>'
    choice = f'<mc:Choice Requires="w14">{custom}</mc:Choice><mc:Fallback><w:numFmt w:val="decimal"/></mc:Fallback>'
    markup = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    numbered = level(0, "decimal", "P-%1").replace(
        '<w:numFmt w:val="decimal"/>', f"<mc:AlternateContent {markup}>{choice}</mc:AlternateContent>"
    )
    assert shown(tmp_path, item("a") + item("b"), lists(numbered)) == ["P-001 a", "P-002 b"]
