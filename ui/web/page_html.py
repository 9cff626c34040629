"""Renders hits as HTML. Every text that comes from a document goes through `plain`, without exception."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from passagework.retrieval.hits import Hit, Hits, StageScore, is_relevant
from passagework.retrieval.text import counted, visible
from passagework.retrieval.types import Stage
from passagework.ui.present import (
    also_in_line,
    heading,
    hidden_line,
    injection_line,
    ocr_line,
    plan_line,
    relevance_label,
    timing_line,
    understood_line,
)
from passagework.ui.web.bump_chart import moved
from passagework.ui.web.highlighting import Highlights

_WRAPPED = re.compile(r"^(?!#)([^\n]{60,})\n(?=[^\W\d_])", re.MULTILINE)
"""A long line that a word follows on the next one: no list, table or heading of Markdown looks so."""


def plain(text: str) -> str:
    """Returns a text as HTML that shows it as it is: no markup, no control codes, nothing that turns words around."""
    return escape(visible(text))


def unwrapped(text: str) -> str:
    """Returns a text with its lines joined where they were broken to a width: at another width they would break twice.

    A space stands for each line end, so that offsets hold.
    """
    return _WRAPPED.sub(r"\1 ", text)


def hit_html(hit: Hit, highlights: Highlights | None = None, *, first_stage: bool = False) -> str:
    """Returns a hit as a card: rank, title, score, place, highlighted passage, and its rank and score at every stage.

    One of the first stage, which another is to replace, bears other test ids.
    """
    named = "first-stage-" if first_stage else ""
    stages = "".join(
        f'<span class="pw-stage" data-testid="{named}stage">{_stage(stage, score, moved(hit))}</span>'
        for stage, score in hit.stages.items()
    )
    hidden = hidden_line(hit)
    warning = f'<div class="pw-hidden" data-testid="{named}hidden">Hidden text: {plain(hidden)}</div>' if hidden else ""
    if injection := injection_line(hit):
        warning += f'<div class="pw-hidden" data-testid="{named}injection">Injection: {plain(injection)}</div>'
    read = ocr_line(hit)
    badge = f'<span class="pw-badge" data-testid="{named}ocr">{plain(read)}</span>' if read else ""
    elsewhere = also_in_line(hit.also_in)
    also_in = f'<div class="pw-place" data-testid="{named}also-in">{plain(elsewhere)}</div>' if elsewhere else ""
    passage = highlighted_html(unwrapped(hit.text), highlights or Highlights())
    relevance = _relevance_html(hit, f"{named}relevance")
    return (
        f'<article class="pw-hit" data-testid="{named}hit"><div class="pw-head">'
        f'<span class="pw-rank">{hit.rank}</span><span class="pw-title" dir="auto">{plain(heading(hit))}</span>'
        f'<span class="pw-score" title="score at the last stage">{hit.score:.3f}</span>{relevance}</div>'
        f'<div class="pw-place" data-testid="{named}place">{place_html(hit)}{badge}</div>{warning}'
        f'<div class="pw-text" data-testid="{named}text" dir="auto">{passage}</div>{also_in}'
        f'<div class="pw-stages">{stages}</div></article>'
    )


def _relevance_html(hit: Hit, name: str) -> str:
    """Returns the relevance of a hit with a bar as long as it is large, and what it is estimated by behind it."""
    estimate = hit.estimate
    if estimate is None:
        return ""
    near = "" if estimate.closeness is None else f"closeness {estimate.closeness:.2f}, "
    title = f"estimated probability that it answers, by {near}coverage of the query's words {estimate.coverage:.2f}"
    weak = "" if is_relevant(hit) else " pw-weak"
    return (
        f'<span class="pw-relevance{weak}" data-testid="{name}" title="{plain(title)}">'
        f'<i style="width:{100 * estimate.probability:.0f}%"></i>{plain(relevance_label(hit))}</span>'
    )


def compact_hit_html(hit: Hit, move: str) -> str:
    """Returns a hit for comparing: rank, title, place and passage; `move` says how it stands in the other list."""
    return (
        '<article class="pw-hit pw-compact" data-testid="compact-hit"><div class="pw-head">'
        f'<span class="pw-rank">{hit.rank}</span><span class="pw-title" dir="auto">{plain(heading(hit))}</span>'
        f'<span class="pw-score">{plain(move)}</span></div><div class="pw-place">{place_html(hit)}</div>'
        f'<div class="pw-text pw-short" dir="auto">{plain(unwrapped(hit.text))}</div></article>'
    )


def place_html(hit: Hit) -> str:
    """Returns where a hit stands: path and record, pages, and the headings above it."""
    parts = (hit.address, hit.place, " › ".join(hit.headings))
    return plain(" · ".join(part for part in parts if part))


def highlighted_html(text: str, highlights: Highlights) -> str:
    """Returns a passage whose matching words and best sentence stand out."""
    if highlights.best is None:
        return _words_html(text, 0, len(text), highlights.words)
    start, end = highlights.best
    before, best, behind = (
        _words_html(text, *part, highlights.words) for part in ((0, start), (start, end), (end, len(text)))
    )
    return f'{before}<span class="pw-best" data-testid="best" title="best sentence">{best}</span>{behind}'


def _words_html(text: str, start: int, end: int, words: Sequence[tuple[int, int]]) -> str:
    out = []
    at = start
    for first, last in words:
        first, last = max(first, at), min(last, end)
        if first < last:
            out.append(f'{plain(text[at:first])}<mark class="pw-word">{plain(text[first:last])}</mark>')
            at = last
    return "".join([*out, plain(text[at:end])])


def plan_html(hits: Hits) -> str:
    """Returns how the hits were found, and how long it took."""
    understood = understood_line(hits.plan)
    query = f"query {understood} · " if understood else ""
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
    return isinstance(value, int) or bool(re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?|", value))


def _cell(column: str, value: str | int, number: bool) -> str:
    shown = f"{value:,}" if isinstance(value, int) else plain(value)
    kind = 'class="pw-number" ' if number else ""
    return f'<td {kind}data-label="{plain(column)}">{shown}</td>'


def _stage(stage: Stage, score: StageScore, up: int | None) -> str:
    probability = "" if score.probability is None else f" ({score.probability:.2f})"
    arrow = ""
    if stage is Stage.RERANK and up:
        arrow = f" {'▲' if up > 0 else '▼'}{abs(up)}"
    return f"{stage.value} #{score.rank}{arrow} · {score.score:.3f}{probability}"
