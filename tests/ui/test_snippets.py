"""What of a passage is shown in a list of results: the best sentence, or rows under the names of their columns."""

from __future__ import annotations

from hypothesis import given, strategies as st

from passagework.retrieval.hits import Hit
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.snippets import CHARACTERS, breadcrumb, snippet_of, unwrapped

BEFORE = "The first sentence says nothing of it. "
BEST = "Trips abroad are approved by the Director."


def _hit(text: str, *headings: str) -> Hit:
    return Hit(1, 1.0, text, "d", "a.md", "A", (), 0, len(text), headings, {}, {}, 1, "file:///a.md")


def _words(text: str, *words: str) -> tuple[tuple[int, int], ...]:
    return tuple((text.index(word), text.index(word) + len(word)) for word in words)


def test_prose_begins_with_the_best_sentence() -> None:
    """And goes on as far as there is room, to the end of a word; marks move along."""
    text = BEFORE * 8 + BEST + " It takes a week or more to hear of it." * 9
    start = text.index(BEST)
    cut = snippet_of(_hit(text), Highlights(_words(text, "approved"), (start, start + len(BEST))))
    assert cut.text.startswith(BEST)
    assert CHARACTERS - 12 <= len(cut.text) <= CHARACTERS
    assert text[start + len(cut.text)].isspace()
    assert [cut.text[first:last] for first, last in cut.words] == ["approved"]
    assert (cut.before, cut.after) == (True, True)


def test_a_last_sentence_has_what_stands_before_it() -> None:
    """Where little follows; and of a short passage all is shown, less the heading that the breadcrumb has."""
    text = BEFORE * 9 + BEST
    start = text.index(BEST)
    cut = snippet_of(_hit(text), Highlights((), (start, len(text))))
    assert cut.text == BEFORE * 5 + BEST
    short = snippet_of(_hit(f"## Approval\n\n{BEST}", "Approval"), Highlights())
    assert (short.text, short.before, short.after) == (BEST, False, False)
    assert snippet_of(_hit(f"Approval\n{BEST}", "Approval"), Highlights()).text == BEST
    assert snippet_of(_hit("Approval", "Approval"), Highlights()).text == "Approval"


def test_rows_stand_under_their_columns() -> None:
    """Names of a table's own first row, or of the heading above a passage that goes on with it."""
    table = (
        "| Cost | By |\n| --- | --- |\n| 10 | the leader |\n| 20 | the Director |\n| 30 | the council |\n| 40 | none |"
    )
    text = f"## Who\n\n{table}"
    cut = snippet_of(_hit(text, "Who"), Highlights(_words(text, "Director")))
    assert (cut.columns, cut.text) == ("Cost | By", "| 20 | the Director |\n| 30 | the council |")
    assert (cut.before, cut.after) == (True, True)
    assert [cut.text[first:last] for first, last in cut.words] == ["Director"]
    continued = _hit("| Consumer | 4,796 |\n| Other | 50 |", "Sales", "Segment | 2018")
    cut = snippet_of(continued, Highlights(_words(continued.text, "Consumer")))
    assert (cut.columns, cut.text) == ("Segment | 2018", continued.text)
    assert breadcrumb(continued) == ("Sales",)


def test_a_row_without_values_gives_way() -> None:
    """What names a group of rows says nothing; of the others the one with most words of the query is shown."""
    rows = "| Revenue | 9 |\n| Total current liabilities | 8,979 |\n| Debt | 16 |\n| Liabilities of Acme |  |"
    hit = _hit(rows, "Balance", "| 2023")
    words = _words(rows, "Total", "current", "liabilities", "Liabilities", "Acme")
    cut = snippet_of(hit, Highlights(words, (rows.index("| Liabilities"), len(rows))))
    assert (cut.columns, cut.text) == ("| 2023", "| Total current liabilities | 8,979 |\n| Debt | 16 |")
    named = "| Equity |  |\n| Notes |  |"
    assert snippet_of(_hit(named, "| 2023"), Highlights(_words(named, "Notes"))).text == "| Notes |  |"


def test_a_header_that_matches_best_shows_the_first_rows() -> None:
    """Names alone would say nothing."""
    text = "| Cost | Approved by |\n| --- | --- |\n| 10 | the leader |"
    assert snippet_of(_hit(text), Highlights((), (0, 22))).text == "| 10 | the leader |"


@given(
    st.lists(
        st.sampled_from(["A word. ", "| a | b |\n", "## Head\n", "more and more ", "\n\n", "| --- | --- |\n", "é"])
    ),
    st.data(),
)
def test_a_snippet_is_a_part_of_its_passage(parts: list[str], data: st.DataObject) -> None:
    """Whatever the passage, its text is cut from it, and its marks are those of the passage."""
    text = "".join(parts)
    spans = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    words = tuple(sorted(data.draw(st.lists(spans, max_size=3))))
    best = data.draw(st.none() | spans)
    cut = snippet_of(_hit(text), Highlights(words, best))
    shown = unwrapped(text)  # as wide as the passage
    assert cut.text in shown
    marked = {shown[first:last] for first, last in words}
    assert all(cut.text[first:last] in marked for first, last in cut.words)
