"""Renders documents' text as HTML: lists, tables, code and emphasis, with marks, and nothing that a document could do.

Markdown is read by markdown-it without its rules for links, pictures and HTML, which are shown as they are typed. What
it makes holds no attribute that comes from a document; Streamlit sanitises it once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from passagework.ingest.loaders.formats import Format
from passagework.retrieval.text import visible
from passagework.ui.present.highlighting import Highlights, Span
from passagework.ui.present.snippets import CELLS, ROW, RULE, unwrapped

WITH_EMPHASIS = frozenset({Format.MARKDOWN.value, Format.DOCX.value, Format.IPYNB.value})
"""Formats whose text has Markdown's marks for emphasis and code; in others a star or an underscore is one."""

_WORD_ON, _WORD_OFF, _BEST_ON, _BEST_OFF, _PASSAGE_ON, _PASSAGE_OFF = "\ue000\ue001\ue002\ue003\ue004\ue005"
_MARKS = {
    _WORD_ON: '<mark class="pw-word">',
    _WORD_OFF: "</mark>",
    _BEST_ON: '<span class="pw-best" data-testid="best">',
    _BEST_OFF: "</span>",
    _PASSAGE_ON: '<mark class="pw-passage" data-testid="passage">',
    _PASSAGE_OFF: "</mark>",
}
"""Characters for private use that stand for marks while a text is rendered; a document's own become U+FFFD."""

_MARKUP_ON, _MARKUP_OFF = "\ue006\ue007"
"""Between them stands the number of what the page itself inserts."""

_OWN = re.compile(f"[{''.join(_MARKS)}{_MARKUP_ON}{_MARKUP_OFF}]")
_MARKUP = re.compile(f"{_MARKUP_ON}([0-9]+){_MARKUP_OFF}")
_LINE = re.compile(r"(?m)^[ \t]*(?:(?:[-*+]|\d+[.)]|#{1,6}|>)[ \t]+)*(?=\S)(?!\||```|~~~)(?P<said>.*\S)")
"""What a line says, behind the signs that make it a list, a heading or a quotation; rows of tables are left out."""


@dataclass(frozen=True, slots=True)
class Markup:
    """Is HTML of the page's own around `[start, end)` of a text, within its lines; nothing in it is escaped again."""

    start: int
    end: int
    before: str
    after: str


def plain(text: str) -> str:
    """Returns a text as HTML that shows it as it is: no markup, no control codes, nothing that turns words around."""
    return escape(visible(text))


def rendered_html(
    text: str,
    highlights: Highlights,
    media_type: str = "",
    columns: str = "",
    headings: Sequence[int] = (),
    passage: Span | None = None,
    markup: Sequence[Markup] = (),
) -> str:
    """Returns a text as HTML with its matching words and its best sentence marked, and `markup` of the page's own.

    `columns` are the names, as in a heading, of a table that the text begins in the midst of; at `headings` begin
    lines that are headings, whether they look like it or not. `passage` is a part of one line that is marked.
    """
    inserted = _inserted(markup)
    signs = [(at, order, f"{_MARKUP_ON}{number}{_MARKUP_OFF}") for number, (at, order, _) in enumerate(inserted)]
    marked = visible(_with_marks(_OWN.sub("\ufffd", unwrapped(text)), highlights, headings, passage, signs))
    source = "\n".join(_with_column_names(marked.split("\n"), _OWN.sub("\ufffd", visible(columns))))
    html = str(_parser(emphasis=media_type in WITH_EMPHASIS).render(source))
    html = _MARKUP.sub(lambda match: inserted[int(match[1])][2], html)
    html = html.replace("<th></th>", "<td></td>")  # a column without a name has no header for a screen reader
    return _OWN.sub(lambda match: _MARKS[match.group()], html)


def said_parts(text: str, start: int, end: int) -> Iterator[Span]:
    """Yields the parts of `[start, end)` that stand in one line each, behind the signs that make it an item of a list.

    What stands in rows of tables is left out.
    """
    for match in _LINE.finditer(text):
        first, last = max(match.start("said"), start), min(match.end("said"), end)
        if first < last:
            yield first, last


def _inserted(markup: Sequence[Markup]) -> list[tuple[int, float, str]]:
    """Returns each piece of HTML with its place and its order among others there: what ends before what begins."""
    before = [(one.start, 1 - (one.end - one.start) * 1e-9, one.before) for one in markup]
    return [*before, *((one.end, (one.end - one.start) * 1e-9, one.after) for one in markup)]


def words_html(text: str, words: Sequence[Span]) -> str:
    """Returns a text as it is, with its matching words marked."""
    marked = _with_marks(_OWN.sub("\ufffd", text), Highlights(tuple(words)))
    return _OWN.sub(lambda match: _MARKS[match.group()], plain(marked))


def _with_marks(
    text: str,
    highlights: Highlights,
    headings: Sequence[int] = (),
    passage: Span | None = None,
    inserted: Sequence[tuple[int, float, str]] = (),
) -> str:
    """Returns a text with characters for its marks; the best sentence has one a line, or it would cross blocks."""
    signs = [*inserted]
    signs += [(at, -1.0, "\n# ") for at in headings if not text.startswith("#", at)]
    signs += [sign for first, last in highlights.words for sign in ((first, 1.0, _WORD_ON), (last, 0.0, _WORD_OFF))]
    if highlights.best is not None:
        for first, last in said_parts(text, *highlights.best):
            signs += [(first, 0.5, _BEST_ON), (last, 0.5, _BEST_OFF)]
    if passage is not None:
        said = next((match.start("said") for match in _LINE.finditer(text) if match.end() > passage[0]), passage[0])
        signs += [(max(said, passage[0]), -0.5, _PASSAGE_ON), (passage[1], 0.9, _PASSAGE_OFF)]
    out, at = [], 0
    for place, _, sign in sorted(signs):
        out += [text[at:place], sign]
        at = place
    return "".join([*out, text[at:]])


def _with_column_names(lines: Sequence[str], columns: str) -> Iterator[str]:
    """Yields lines with the rule that Markdown wants beneath columns' names, and the names where they are `columns`."""
    for at, line in enumerate(lines):
        begins = ROW.match(line) and (at == 0 or not ROW.match(lines[at - 1]))
        if not begins:
            yield line
            continue
        if at and lines[at - 1].strip():
            yield ""
        cells = len(_cells(line))
        if at == 0 and columns and cells == len(f" {columns} ".split(CELLS)):  # the outermost may have no name
            yield f"| {columns} |"
        else:
            yield line
            if at + 1 < len(lines) and RULE.match(lines[at + 1]):
                continue
            line = ""
        yield f"|{' --- |' * cells}"
        if line:
            yield line


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line.strip().strip("|"))


@cache
def _parser(*, emphasis: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    parser.disable(["link", "image", "autolink", "html_block", "html_inline", "reference", "lheading", "hr"])
    if not emphasis:
        parser.disable(["emphasis", "backticks", "escape", "entity"])
    for kind in ("heading_open", "heading_close", "th_open", "td_open", "ordered_list_open", "fence", "code_block"):
        parser.add_render_rule(kind, _RULES[kind])
    return parser


def _heading(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    """A passage's heading is no heading of the page around it."""
    del renderer, options, env
    return '<p class="pw-heading">' if tokens[at].nesting > 0 else "</p>\n"


def _bare_tag(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    del renderer, options, env
    return f"<{tokens[at].tag}>"


def _numbered(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    del renderer, options, env
    start = tokens[at].attrGet("start")
    return f'<ol start="{start}">' if isinstance(start, int) else "<ol>"


def _code(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    del renderer, options, env
    return f'<pre class="pw-code">{escape(tokens[at].content)}</pre>\n'


_RULES = {
    "heading_open": _heading,
    "heading_close": _heading,
    "th_open": _bare_tag,
    "td_open": _bare_tag,
    "ordered_list_open": _numbered,
    "fence": _code,
    "code_block": _code,
}
