"""What the attribute `style` of an element says, as tinycss2 parses it (CSS Syntax 3)."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

import tinycss2


@lru_cache(4096)
def declarations(style: str) -> tuple[tuple[str, str], ...]:
    """What an element's style says, in lower case; what is important comes last, for it is the last that counts."""
    said: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
    for one in tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True):
        if one.type == "declaration":
            with suppress(RecursionError):  # a thousand brackets within each other mean nothing
                said[one.important].append((one.lower_name, tinycss2.serialize(one.value).strip().lower()))
    return (*said[False], *said[True])
