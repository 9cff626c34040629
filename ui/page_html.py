"""Hits as HTML. Every text that comes from a document goes through `escape`, without exception."""

from __future__ import annotations

import re
from html import escape

from retrieval.types import Hit, Hits, StageScore
from retrieval.wording import counted, page_list
from ui.present import address, heading, plan_line, timing_line

# Colours are those of the theme, made fainter: every pair keeps a contrast of 4.5 or more in light and in dark.
STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 4rem; }
.pw-hit { border: 1px solid rgba(128, 128, 128, 0.4); border-radius: 8px; padding: 0.8rem 1rem; }
.pw-head { display: flex; gap: 0.6rem; align-items: baseline; }
.pw-rank { font-weight: 700; opacity: 0.8; }
.pw-title { font-weight: 650; overflow-wrap: anywhere; min-width: 0; }
.pw-score { margin-left: auto; font-variant-numeric: tabular-nums; font-weight: 650; }
.pw-place { font-size: 0.875rem; opacity: 0.85; overflow-wrap: anywhere; }
.pw-text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.5rem 0; }
.pw-stages { display: flex; gap: 0.4rem; flex-wrap: wrap; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
.pw-stage { border: 1px solid rgba(128, 128, 128, 0.5); border-radius: 999px; padding: 0.05rem 0.6rem; }
.pw-plan { font-size: 0.875rem; opacity: 0.85; overflow-wrap: anywhere; }
</style>"""


def hit_html(hit: Hit) -> str:
    """A hit as a card: rank, title, score, place, passage, and its rank and score at every stage."""
    place = " · ".join(
        part for part in (address(hit.path, hit.uri), page_list(hit.pages), " › ".join(hit.headings)) if part
    )
    stages = "".join(
        f'<span class="pw-stage" data-testid="stage">{_stage(stage.value, score)}</span>'
        for stage, score in hit.stages.items()
    )
    return (
        '<article class="pw-hit" data-testid="hit"><div class="pw-head">'
        f'<span class="pw-rank">{hit.rank}</span><span class="pw-title" dir="auto">{escape(heading(hit))}</span>'
        f'<span class="pw-score" title="score at the last stage">{hit.score:.3f}</span></div>'
        f'<div class="pw-place" data-testid="place">{escape(place)}</div>'
        f'<div class="pw-text" data-testid="text" dir="auto">{escape(hit.text)}</div>'
        f'<div class="pw-stages">{stages}</div></article>'
    )


def plan_html(hits: Hits) -> str:
    """How the hits were found, and how long it took."""
    found = f"{counted(len(hits), 'hit')} · {plan_line(hits)} · {timing_line(hits)}"
    return f'<div class="pw-plan" data-testid="plan">{escape(found)}</div>'


def note_html(text: str) -> str:
    """A line beside the hits; Streamlit's own captions are too faint to read with ease."""
    return f'<div class="pw-plan">{escape(text)}</div>'


def markdown_text(text: str) -> str:
    """Text for the places where Streamlit expects Markdown, shown as it is."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def _stage(name: str, score: StageScore) -> str:
    probability = "" if score.probability is None else f" ({score.probability:.2f})"
    return f"{name} #{score.rank} · {score.score:.3f}{probability}"
