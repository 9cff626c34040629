"""Text of documents and queries as a page may show it, and figures as a person reads them."""

from __future__ import annotations

from passagework.retrieval.text import visible

NAME = 80
"""Characters shown of a run's or a measure's name, and of a list of pages."""

TITLE = 160
"""Characters shown of a title, a path or an id."""

QUERY = 300
"""Characters shown of a query."""

PASSAGE = 400
"""Characters shown of a passage, a setting, a note or a reason."""


def shortened(text: str, limit: int) -> str:
    """Returns visible text of at most `limit` characters; a longer one's beginning, with an ellipsis and its length."""
    if len(text) <= limit:
        return visible(text)
    return f"{visible(text[:limit]).rstrip()}… ({limit:,} of {len(text):,} characters)"


def figure(value: float) -> str:
    """Returns a measure's value with three decimals."""
    shown = f"{value:.3f}"
    return "0.000" if shown == "-0.000" else shown.replace("-", "−")


def signed(value: float) -> str:
    """Returns a difference with its sign: `+0.038`, `−0.120`, `0.000`."""
    shown = f"{value:+.3f}"
    return "0.000" if shown[1:] == "0.000" else shown.replace("-", "−")


def milliseconds(value: float) -> str:
    """Returns `0.42 ms`, `17 ms`, `1,250 ms`: two digits at least, no more decimals than they need."""
    decimals = 2 if value < 1 else 1 if value < 10 else 0
    return f"{value:,.{decimals}f} ms"


def chance(p: float) -> str:
    """Returns a p value: `p = 0.012`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
