"""Draws how the hits of one list moved from stage to stage: a line a hit, the best on top.

At each stage the hits stand in their order there, each beside its rank: what others stand between them is left out, and
the picture stays as small as the list, however deep a hit comes from.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from html import escape

from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.text import visible
from passagework.retrieval.types import Stage
from passagework.ui.present import heading
from passagework.ui.present.wording import gettext

COLUMN, ROW, LEFT, RIGHT, TOP = 110, 20, 40, 260, 32
"""Pixels between stages and between rows, at the sides (titles stand at the right), and above the first row."""

TITLE = 30
"""Characters of a title."""

STYLE = (
    "<style>svg{color:#31333f;font-family:sans-serif;font-size:12px}"
    ".rank{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}"
    "@media(prefers-color-scheme:dark){svg{color:#fafafa}.rank{stroke:#171614}}</style>"
)
"""A rank stands on a rim of the page's own colour, for lines come in where it stands."""

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def bump_chart(hits: Hits) -> str:
    """Draws the hits' ranks at each stage as an image element; "" where fewer than two stages or hits would be shown.

    It is an image because Streamlit strips SVG from HTML.
    """
    stages = [stage for stage in Stage if any(stage in hit.stages for hit in hits)]
    if len(stages) < 2 or len(hits) < 2:
        return ""
    rows = {stage: _rows(hits, stage) for stage in stages}
    width, height = LEFT + RIGHT + COLUMN * (len(stages) - 1), TOP + ROW * len(hits)
    names = "".join(
        f'<text x="{LEFT + COLUMN * column}" y="14" text-anchor="middle">{stage.value}</text>'
        for column, stage in enumerate(stages)
    )
    lines = "".join(_line(hit, rows) for hit in reversed(hits.hits))
    words = "".join(_words(hit, rows) for hit in hits)  # above all lines
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'fill="currentColor">{STYLE}{names}{lines}{words}</svg>'
    )
    source = b64encode(drawing.encode()).decode()
    label = escape(gettext("Rank of each hit at each stage"))
    image = f'<img data-testid="bump-chart" alt="{label}" src="data:image/svg+xml;base64,{source}">'
    return f'<div class="pw-chart">{image}</div>'


def moved(hit: Hit) -> int | None:
    """Returns how many ranks the reranker moved a hit up (or, negative, down); None where it was not reranked."""
    before, after = hit.stages.get(Stage.HYBRID), hit.stages.get(Stage.RERANK)
    return None if before is None or after is None else before.rank - after.rank


def _rows(hits: Hits, stage: Stage) -> dict[int, int]:
    """Returns, by rank of each hit, its place among the hits at a stage, from 0; of equals the better hit first."""
    passed = sorted((hit.stages[stage].rank, hit.rank) for hit in hits if stage in hit.stages)
    return {at: row for row, (_, at) in enumerate(passed)}


def _places(hit: Hit, rows: Mapping[Stage, Mapping[int, int]]) -> list[tuple[int, int]]:
    return [
        (LEFT + COLUMN * column, TOP + ROW * rows[stage][hit.rank])
        for column, stage in enumerate(rows)
        if stage in hit.stages
    ]


def _line(hit: Hit, rows: Mapping[Stage, Mapping[int, int]]) -> str:
    """Draws the hit's way from dot to dot."""
    places = _places(hit, rows)
    opacity = max(0.4, 1 - 0.12 * (hit.rank - 1))
    colour = "#1e88e5" if hit.rank <= 3 else "currentColor"
    path = " ".join(f"{x},{y}" for x, y in places)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="4" stroke="none"/>' for x, y in places)
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    return f'<g opacity="{opacity:.2f}" fill="{colour}">{line}{dots}</g>'


def _words(hit: Hit, rows: Mapping[Stage, Mapping[int, int]]) -> str:
    """Draws the hit's rank beside each dot, and its title where its way ends."""
    ranks = [hit.stages[stage].rank for stage in rows if stage in hit.stages]
    *earlier, (x, y) = _places(hit, rows)
    numbers = "".join(
        f'<text class="rank" x="{left - 8}" y="{top + 4}" text-anchor="end">{rank}</text>'
        for (left, top), rank in zip(earlier, ranks, strict=False)
    )
    title = " ".join(_NO_XML.sub("", visible(heading(hit))).split())
    shown = title if len(title) <= TITLE else f"{title[: TITLE - 1]}…"
    return f'{numbers}<text x="{x + 10}" y="{y + 4}">{ranks[-1]}  {escape(shown)}</text>'
