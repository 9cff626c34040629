"""Scripts that put no blanks between words: their texts are searched by overlapping runs of characters.

Chinese, Japanese and Korean by two characters, Thai, Lao, Burmese and Khmer by three; what is shorter, by what such a
piece begins with. That needs no dictionary, misses no name, and finds as well (Nie, Gao, Zhang and Zhou 2000).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BY_TWO = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u3096\u3099-\u30ff\u3105-\u312f"
    "\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""Ideographs, kana, bopomofo and hangul. Korean has blanks, but particles are joined to its words."""
_BY_THREE = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u109f\u1780-\u17d3\uaa60-\uaa7f"
"""Letters and marks of Thai, Lao, Burmese and Khmer."""

RUN = re.compile(f"[{_BY_TWO}]+|[{_BY_THREE}]+")
"""Characters that follow one another without a blank, of one kind of script."""

_THREE = re.compile(f"[{_BY_THREE}]")

BEGINS = "*"
"""Ends what is looked up as the beginning of words."""

Piece = tuple[int, int]
"""`[start, end)` of a run."""


def indexed_pieces(run: str) -> Iterator[Piece]:
    """Yields what the text index has of a run, in order of start: a piece for each character, shorter at the end.

    So the pieces of a part of a run follow one another, and a phrase is found by its pieces.
    """
    size = _size(run)
    for start in range(len(run)):
        yield start, min(start + size, len(run))


def queried_pieces(run: str) -> list[str]:
    """Returns the pieces that a run in a query is looked up by; one that is shorter, as what a piece begins with."""
    size = _size(run)
    if len(run) < size:
        return [f"{run}{BEGINS}"]
    return [run[start : start + size] for start in range(len(run) - size + 1)]


def _size(run: str) -> int:
    return 3 if _THREE.match(run) else 2
