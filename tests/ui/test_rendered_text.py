"""Documents' text as HTML: what it shows, where its marks are, and that no markup of a document gets through."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.loaders.formats import Format
from passagework.ui.present.highlighting import Highlights
from passagework.ui.web.rendered_text import Markup, rendered_html, said_parts, words_html

MARKDOWN = Format.MARKDOWN.value
MADE = re.compile(
    r"</?(?:p|ul|ol|li|em|strong|code|table|thead|tbody|tr|th|td|blockquote|mark|span|pre)>|<br />|"
    r'<p class="pw-heading">|<pre class="pw-code">|<mark class="pw-word">|<ol start="[0-9]+">|'
    r'<span class="pw-best" data-testid="best">'
)
"""Every tag that rendering makes."""


def test_markdown_is_rendered_with_its_marks() -> None:
    """Headings, emphasis and lists; a word's mark stands inside the emphasis, the best sentence in its own line."""
    text = "## Trips\n\nAsk **the Director** first.\n\n1. Trips abroad\n2. Others"
    words = ((text.index("Director"), text.index("Director") + 8),)
    best = (text.index("Trips abroad"), text.index("Trips abroad") + 12)
    assert rendered_html(text, Highlights(words, best), MARKDOWN) == (
        '<p class="pw-heading">Trips</p>\n'
        '<p>Ask <strong>the <mark class="pw-word">Director</mark></strong> first.</p>\n'
        '<ol><li><span class="pw-best" data-testid="best">Trips abroad</span></li>\n<li>Others</li>\n</ol>\n'
    )


@pytest.mark.parametrize("columns", ["", "Segment | 2018"])
def test_a_table_without_its_rule_has_its_names_above(columns: str) -> None:
    """The first row's, or those of the heading where the passage goes on with a table."""
    html = rendered_html("| Consumer | 4,796 |\n| Other | 50 |", Highlights(), "", columns)
    first, second = ("Segment", "2018") if columns else ("Consumer", "4,796")
    assert f"<th>{first}</th>\n<th>{second}</th>" in html
    assert html.count("<tr>") == 2 + bool(columns)
    assert html.count("<td>Consumer</td>") == bool(columns)


@pytest.mark.parametrize(
    ("columns", "names"), [("| 2023 | 2022", ["2023", "2022"]), ("Item | 2023 |", ["Item", "2023"])]
)
def test_an_outermost_column_may_have_no_name(columns: str, names: list[str]) -> None:
    """A balance sheet names its years, and nothing above its items."""
    html = rendered_html("| Debt | 16 | 13 |", Highlights(), "", columns)
    assert re.findall(r"<th[^>]*>([^<]*)</th>", html) == names
    assert sorted(re.findall(r"<td[^>]*>([^<]*)</td>", html)) == ["", "13", "16", "Debt"]


def test_only_markdown_has_emphasis() -> None:
    """A name with underscores in a page of HTML is a name; indented code keeps its lines in both."""
    assert rendered_html("Call __init__ *first*", Highlights()) == "<p>Call __init__ *first*</p>\n"
    code = rendered_html("Try:\n\n    if x < 1:\n        y()\n", Highlights())
    assert code == '<p>Try:</p>\n<pre class="pw-code">if x &lt; 1:\n    y()\n</pre>\n'


def test_lines_of_a_page_are_joined_and_those_of_a_record_are_not() -> None:
    """What was broken to a width flows; short lines are lines."""
    long = "The container stands eighteen metres from the Power House, behind a"
    assert rendered_html(f"{long}\nfirewall.", Highlights()) == f"<p>{long} firewall.</p>\n"
    assert rendered_html("part: 1\nshelf: 2", Highlights()) == "<p>part: 1<br />\nshelf: 2</p>\n"


PIECES = [
    "<img src=x onerror=a()>",
    "[a](javascript:b)",
    "![x](http://e.invalid/x.png)",
    "<http://e.invalid>",
    "```<script>\n",
    "| a | <b> |\n",
    "| --- | :-: |\n",
    "# <svg onload=a()>\n",
    "\ue000",
    "\ue003 onmouseover=a() ",
    "&lt;script&gt;",
    "[r]: http://e.invalid 'x'\n",
    "1. ",
    "- ",
    "\n\n",
    '"',
    "    <iframe>",
    "**",
    "`",
    "\u202e",
    "~~~ html\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.data(), st.sampled_from(["", MARKDOWN]))
def test_nothing_of_a_document_becomes_markup(pieces: list[str], data: st.DataObject, media_type: str) -> None:
    """Whatever the document and the marks, every tag is one of those that rendering makes, and quotes are escaped."""
    text = "".join(pieces)
    spans = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    highlights = Highlights(tuple(data.draw(st.lists(spans, max_size=3))), data.draw(st.none() | spans))
    for html in (rendered_html(text, highlights, media_type, "a | <b>"), words_html(text, highlights.words)):
        left = MADE.sub("", html)
        assert "<" not in left
        assert ">" not in left
        assert "\u202e" not in html


@given(text=st.text(alphabet="ab. *|\n-1\ue006\ue007<&", max_size=60), data=st.data())
def test_markup_of_the_page_stands_where_it_belongs(text: str, data: st.DataObject) -> None:
    """Around the characters it is for, whatever a document's own look like; and it changes nothing else."""
    start = data.draw(st.integers(0, len(text)))
    parts = list(said_parts(text, start, data.draw(st.integers(start, len(text)))))
    html = rendered_html(text, Highlights(), MARKDOWN, markup=[Markup(*part, '<b id="x">', "</b>") for part in parts])
    assert html.count('<b id="x">') == html.count("</b>") == len(parts)
    assert "\ue006" not in html
    assert all(first < last and "\n" not in text[first:last] for first, last in parts)
