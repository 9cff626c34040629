"""Renders lines, tables and lists of facts as HTML. Every text goes through `plain`, without exception."""

from __future__ import annotations

import re
from collections.abc import Sequence

from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.text import visible
from passagework.ui.present import heading, plan_line, timing_line, understood_line
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.snippets import breadcrumb, columns_of
from passagework.ui.present.wording import counted, formatted, gettext
from passagework.ui.web.rendered_text import plain, rendered_html


def compact_hit_html(hit: Hit, move: str) -> str:
    """Returns a hit for comparing: rank, title, place and passage; `move` says how it stands in the other list."""
    body = rendered_html(hit.text, Highlights(), columns=columns_of(hit))
    return (
        '<article class="pw-compact" data-testid="compact-hit"><div class="pw-head">'
        f'<span class="pw-rank">{hit.rank}</span><span class="pw-title" dir="auto">{plain(heading(hit))}</span>'
        f'<span class="pw-score">{plain(move)}</span></div><div class="pw-place">{place_html(hit)}</div>'
        f'<div class="pw-document pw-short" dir="auto">{body}</div></article>'
    )


def place_html(hit: Hit) -> str:
    """Returns where a hit stands: path and record, pages, and the headings above it, less names of columns."""
    parts = (hit.address, hit.place, " › ".join(breadcrumb(hit)))
    return plain(" · ".join(part for part in parts if part))


def plan_html(hits: Hits) -> str:
    """Returns how the hits were found, and how long it took."""
    understood = understood_line(hits.plan)
    query = gettext("query {understood}", understood=understood) + " · " if understood else ""
    summary = f"{counted(len(hits), 'hit')} · {query}{plan_line(hits)} · {timing_line(hits)}"
    return f'<div class="pw-plan" data-testid="plan">{plain(summary)}</div>'


def note_html(text: str) -> str:
    """Returns a line beside the hits; Streamlit's own captions are too faint to read with ease."""
    return f'<div class="pw-plan">{plain(text)}</div>'


def table_html(name: str, columns: Sequence[str], rows: Sequence[Sequence[str | int]]) -> str:
    """Returns a table of texts and numbers, all shown as they are; a column of numbers stands to the right.

    Where there is no room for columns (see `page_style`), each cell stands on a line behind the name of its own.
    """
    numbers = [all(_is_number(row[place]) for row in rows) and bool(rows) for place in range(len(columns))]
    head = "".join(
        f'<th class="pw-number">{plain(column)}</th>' if number else f"<th>{plain(column)}</th>"
        for column, number in zip(columns, numbers, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(_cell(*cell) for cell in zip(columns, row, numbers, strict=True))}</tr>" for row in rows
    )
    table = f'<table class="pw-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="pw-scroll" data-testid="{name}">{table}</div>'


def facts_html(name: str, facts: Sequence[tuple[str, str]]) -> str:
    """Returns a list of names and values that is readable however narrow the window."""
    lines = "".join(f"<dt>{plain(name)}</dt><dd>{plain(value)}</dd>" for name, value in facts)
    return f'<dl class="pw-facts" data-testid="{name}">{lines}</dl>'


def markdown_text(text: str) -> str:
    """Returns a text for the places where Streamlit expects Markdown, shown as it is."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(visible(text).split()))


def _is_number(value: str | int) -> bool:
    return isinstance(value, int) or bool(re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?|", value))


def _cell(column: str, value: str | int, number: bool) -> str:
    shown = formatted(value) if isinstance(value, int) else plain(value)
    kind = 'class="pw-number" ' if number else ""
    return f'<td {kind}data-label="{plain(column)}">{shown}</td>'
