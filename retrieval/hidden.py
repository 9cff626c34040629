"""Tells hidden text, which readers of a document don't see, from the text that they do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from passagework.retrieval.types import Hidden, HiddenReason

LEFT_OUT = "[hidden text left out]"


def cut_to(hidden: Iterable[Hidden], start: int, end: int) -> tuple[Hidden, ...]:
    """Returns the parts of spans that lie in `[start, end)`, in order."""
    return tuple(
        Hidden(max(span.start, start), min(span.end, end), span.reason)
        for span in hidden
        if span.start < end and span.end > start
    )


def without_hidden(text: str, start: int, hidden: Sequence[Hidden]) -> str:
    """Returns `text`, which begins at `start` of its document, with LEFT_OUT in place of what its readers don't see.

    Characters that show nothing anywhere go without a trace.
    """
    parts: list[str] = []
    at = start
    for span in sorted(cut_to(hidden, start, start + len(text)), key=lambda span: (span.start, span.end)):
        visible = text[at - start : max(at, span.start) - start]
        marked = span.reason is not HiddenReason.CHARACTERS and (visible or parts[-1:] != [LEFT_OUT])
        parts += [*([visible] if visible else []), *([LEFT_OUT] if marked else [])]
        at = max(at, span.end)
    return "".join([*parts, text[at - start :]])


def has_visible_text(text: str, start: int, hidden: Sequence[Hidden]) -> bool:
    """Tells whether anything is left of a text without its hidden parts."""
    return bool(without_hidden(text, start, hidden).replace(LEFT_OUT, "").strip())
