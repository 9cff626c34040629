"""Text of documents and queries as a page may show it, and figures as a person reads them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiners: Persian, Hindi and emoji need them, and they can't turn text round."""

NAME = 80
"""Characters shown of a run's or a measure's name, and of a list of pages."""

TITLE = 160
"""Characters shown of a title, a path or an id."""

QUERY = 300
"""Characters shown of a query."""

PASSAGE = 400
"""Characters shown of a passage, a setting, a note or a reason."""


def visible(text: str) -> str:
    """Text without control codes, direction marks and other characters that show nothing; lines stay.

    Direction marks would let a passage turn the words around it; escaping is the template's.
    """
    return "".join(_shown(character) for character in text)


def shortened(text: str, limit: int) -> str:
    """Visible text of at most `limit` characters; of longer text the beginning, with an ellipsis and how much it is."""
    if len(text) <= limit:
        return visible(text)
    return f"{visible(text[:limit]).rstrip()}… ({limit:,} of {len(text):,} characters)"


def counted(number: int, noun: str) -> str:
    """`1 query`, `2,000 queries`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def figure(value: float) -> str:
    """A measure's value with three decimals."""
    shown = f"{value:.3f}"
    return "0.000" if shown == "-0.000" else shown.replace("-", "−")


def signed(value: float) -> str:
    """A difference with its sign: `+0.038`, `−0.120`, `0.000`."""
    shown = f"{value:+.3f}"
    return "0.000" if shown[1:] == "0.000" else shown.replace("-", "−")


def milliseconds(value: float) -> str:
    """`0.42 ms`, `17 ms`, `1,250 ms`: two digits at least, no more decimals than they need."""
    decimals = 2 if value < 1 else 1 if value < 10 else 0
    return f"{value:,.{decimals}f} ms"


def chance(p: float) -> str:
    """A p value: `p = 0.012`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def page_list(pages: Sequence[int]) -> str:
    """`p. 3`, `pp. 3–5, 7`, or nothing."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    shown = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
    return f"{'p.' if len(pages) == 1 else 'pp.'} {shown}" if runs else ""


def _shown(character: str) -> str:
    if character == "\n" or character in JOINERS:
        return character
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cf":
            return ""
        case "Cs":  # a lone surrogate, which no file can hold
            return "\ufffd"
        case _:
            return character
