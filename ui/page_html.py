"""Hits as HTML. Every text that comes from a document goes through `escape`, without exception."""

from __future__ import annotations

from html import escape

from retrieval.types import Hit, Hits
from ui.present import page_list, plan_line, timing_line

STYLE = """<style>
.pw-hit { border: 1px solid rgba(128, 128, 128, 0.35); border-radius: 8px; padding: 0.8rem 1rem; }
.pw-head { display: flex; gap: 0.6rem; align-items: baseline; flex-wrap: wrap; }
.pw-rank { font-weight: 700; opacity: 0.6; }
.pw-title { font-weight: 650; overflow-wrap: anywhere; }
.pw-score { margin-left: auto; font-variant-numeric: tabular-nums; font-weight: 650; }
.pw-place { font-size: 0.85rem; opacity: 0.75; overflow-wrap: anywhere; }
.pw-text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.5rem 0; }
.pw-stages { display: flex; gap: 0.4rem; flex-wrap: wrap; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
.pw-stage { border: 1px solid rgba(128, 128, 128, 0.45); border-radius: 999px; padding: 0.05rem 0.6rem; }
.pw-plan { font-size: 0.85rem; opacity: 0.8; }
</style>"""


def hit_html(hit: Hit) -> str:
    """A hit as a card: rank, title, score, place, passage, and its rank and score at every stage."""
    title = hit.title or hit.document
    place = " · ".join(part for part in (hit.path, page_list(hit.pages), " › ".join(hit.headings)) if part)
    stages = "".join(
        f'<span class="pw-stage">{stage.value} #{score.rank} · {score.score:.3f}</span>'
        for stage, score in hit.stages.items()
    )
    return (
        '<div class="pw-hit" data-testid="hit"><div class="pw-head">'
        f'<span class="pw-rank">{hit.rank}</span><span class="pw-title">{escape(title)}</span>'
        f'<span class="pw-score">{hit.score:.3f}</span></div>'
        f'<div class="pw-place">{escape(place)}</div>'
        f'<div class="pw-text">{escape(hit.text)}</div><div class="pw-stages">{stages}</div></div>'
    )


def plan_html(hits: Hits) -> str:
    """How the hits were found, and how long it took."""
    return (
        f'<div class="pw-plan" data-testid="plan">{len(hits)} hits · {escape(plan_line(hits))} · '
        f"{escape(timing_line(hits))}</div>"
    )
