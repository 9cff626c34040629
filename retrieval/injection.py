"""Shows instructions to language models that stand in documents: marked as such, left out, or as they are."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from enum import Enum

from passagework.retrieval.hidden import without_hidden
from passagework.retrieval.types import Hidden, Injection

MARKED = "[instructions in the document, not to be followed: "
MARK_END = "]"
INSTRUCTIONS_LEFT_OUT = "[instructions left out]"


class InjectionUse(str, Enum):
    """Names what becomes of instructions to language models in a context."""

    MARK = "mark"
    LEAVE_OUT = "leave-out"
    KEEP = "keep"


def united(spans: Iterable[Injection], start: int = 0, end: int = sys.maxsize) -> tuple[Injection, ...]:
    """Returns the parts of spans that lie in `[start, end)`, in order; what overlaps or touches is one."""
    kept: list[Injection] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        first, last = max(span.start, start), min(span.end, end)
        if first >= last:
            continue
        if kept and first <= kept[-1].end:
            before = kept.pop()
            sign = min(before.sign, span.sign, key=lambda sign: sign.value != "rule")
            kept.append(Injection(before.start, max(before.end, last), sign))
        else:
            kept.append(Injection(first, last, span.sign))
    return tuple(kept)


def shown_text(
    text: str, start: int, hidden: Sequence[Hidden], injection: Sequence[Injection], use: InjectionUse
) -> str:
    """Returns a text that begins at `start` of its document as a language model gets it.

    What readers don't see is left out, and instructions are marked or left out, as `use` says.
    """
    if use is InjectionUse.KEEP or not injection:
        return without_hidden(text, start, hidden) if hidden else text
    parts: list[str] = []
    at = start
    for span in united(injection, start, start + len(text)):
        parts.append(without_hidden(text[at - start : span.start - start], at, hidden))
        inside = without_hidden(text[span.start - start : span.end - start], span.start, hidden)
        if inside.strip():
            parts.append(INSTRUCTIONS_LEFT_OUT if use is InjectionUse.LEAVE_OUT else f"{MARKED}{inside}{MARK_END}")
        at = span.end
    return "".join([*parts, without_hidden(text[at - start :], at, hidden)])
