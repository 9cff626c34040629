"""Prints a hit's snippet at a terminal, its matching words in bold, and links to its document."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.style import Style
from rich.text import Text

from passagework.retrieval.hits import Hit
from passagework.retrieval.text import visible
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.snippets import ROW, Snippet, snippet_of

_LINKED = re.compile(r"(?:file|https?)://[!-~]*")
"""Addresses that terminals open, of characters that can't end the escape they stand in (OSC 8)."""


def title_style(hit: Hit) -> Style:
    """Returns how a hit's title is printed: as a link to its file, where a terminal can open it."""
    address = hit.uri.partition("#")[0]
    return Style(color="cyan", bold=True, link=address if _LINKED.fullmatch(address) else None)


def snippet_lines(hit: Hit, highlights: Highlights) -> Iterator[Text]:
    """Yields the lines of a hit's snippet: prose as one, rows of a table one by one, below the names of their columns.

    What is left out of the passage is counted on the last.
    """
    snippet = snippet_of(hit, highlights)
    lines = list(_rows(snippet)) if snippet.columns else [_marked(snippet, 0, len(snippet.text))]
    if snippet.before and not snippet.columns:
        lines[0] = Text.assemble("… ", lines[0])
    left_out = len(hit.text.strip()) - len(snippet.text.strip())
    if snippet.before or snippet.after:
        lines[-1] = Text.assemble(lines[-1], (f" … ({left_out:,} more characters; --json has all)", "dim"))
    yield from lines


def _rows(snippet: Snippet) -> Iterator[Text]:
    yield Text(visible(snippet.columns), style="dim")
    for match in ROW.finditer(snippet.text):
        row = _marked(snippet, match.start(), match.end())
        row.rstrip()
        row = row[2:-1] if row.plain.startswith("| ") else row
        row.rstrip()
        yield row


def _marked(snippet: Snippet, first: int, last: int) -> Text:
    """Returns `[first, last)` of a snippet in one line, without what would drive the terminal."""
    out = Text()
    at = first
    for start, end in snippet.words:
        if at <= start < end <= last:
            out.append(_plain(snippet.text[at:start]))
            out.append(_plain(snippet.text[start:end]), style="bold underline")
            at = end
    out.append(_plain(snippet.text[at:last]))
    return out


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", visible(text))
