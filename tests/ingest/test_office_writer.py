"""What the writer of office files promises of its offsets, for any blocks; and how raised text goes on a line."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.loaders.office.office_writer import Line, OfficeWriter
from passagework.ingest.loaders.raised import lowered, raised
from passagework.retrieval.types import HiddenReason

TEXTS = st.text(st.sampled_from("ab1 |\n\t#\xa0"), max_size=6)
LINES = st.lists(st.tuples(TEXTS, st.sampled_from([None, None, HiddenReason.TINY])), max_size=4)
BLOCKS = st.lists(
    st.one_of(
        st.tuples(st.just("heading"), LINES),
        st.tuples(st.just("line"), LINES),
        st.tuples(st.just("table"), st.lists(st.lists(LINES, max_size=4), max_size=4)),
    ),
    max_size=6,
)


@given(BLOCKS)
def test_offsets_point_at_what_they_name(blocks: list[tuple[str, list[Line]]]) -> None:
    """Headings end with their titles, tables are lines between bars, hidden pieces have no blanks at their ends."""
    writer = OfficeWriter()
    for kind, content in blocks:
        if kind == "table":
            writer.table(content)  # type: ignore[arg-type]  # rows of lines, as drawn above
        else:
            writer.write(content, level=2 if kind == "heading" else 0)  # type: ignore[arg-type]
    text = writer.text()
    assert (text, len(text)) == (text.strip("\n").rstrip(), writer.length)
    for heading in writer.headings:
        assert text[heading.start : heading.end] == f"## {heading.title}"
    for table in writer.tables:
        lines = text[table.start : table.end].split("\n")
        assert all(line.startswith("| ") and line.endswith(" |") for line in lines)
        assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
    for span in writer.hidden(text, whole_lines=False):
        assert text[span.start : span.end].strip() == text[span.start : span.end] != ""


@pytest.mark.parametrize(
    ("before", "text", "written"),
    [
        ("10", "6", "^6"), ("10", "-6", "^-6"), ("1998", "4", "^4"), ("m", "2", "^2"), ("x", "n+1", "^(n+1)"),
        ("1", "st", "st"), ("2", "nd", "nd"), ("3", "e", "e"), ("M", "lle", "lle"), ("Kiln", "TM", "™"),
        ("word", "a", "^a"), ("end.", "3", "3"), ("(x)", "2", "^2"), ("10 ", "6", "6"), ("", "6", "6"),
        ("10", " ", " "),
    ],
)  # fmt: skip
def test_superscripts_on_the_line(before: str, text: str, written: str) -> None:
    """Behind a number, a word or a bracket they follow a mark; ordinals, abbreviations and signs stay whole."""
    assert raised(before, text) == written


@pytest.mark.parametrize(
    ("before", "text", "written"), [("H", "2", "2"), ("log10", "2", "_2"), ("x", "i", "i"), ("10", "a b", "_(a b)")]
)
def test_subscripts_on_the_line(before: str, text: str, written: str) -> None:
    """They go on with a word, and follow a mark behind a digit."""
    assert lowered(before, text) == written
