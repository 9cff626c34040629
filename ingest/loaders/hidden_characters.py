"""Characters that show nothing wherever they stand, and so can carry a message past whoever reads the text.

Unicode's tags spell ASCII invisibly; variation selectors and zero-width characters, many in a row, spell anything. The
flags of England, Scotland and Wales are tags behind a black flag; single selectors and joiners belong to emoji and to
scripts, and soft breaks to the web: those are left in peace.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import groupby

from passagework.retrieval.text import counted
from passagework.retrieval.types import Document, Hidden, HiddenReason

_UNSEEN = re.compile(
    "\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f"
    "|(?P<unseen>[\U000e0000-\U000e007f]+|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}"
    "|[\u180e\u200b-\u200f\u2060-\u2064\ufeff]{8,})"
)


def with_hidden_characters(document: Document) -> Document:
    """The document with such runs among its hidden text, and of a file a note that says how much it hides, and how."""
    found = () if document.text.isascii() else _runs(document.text)
    if not found and not document.hidden:
        return document
    hidden = tuple(sorted((*document.hidden, *found), key=lambda span: (span.start, span.end)))
    whole_file = document.name is None and not document.uri
    notes = (*document.notes, _note(hidden)) if whole_file else document.notes
    return replace(document, hidden=hidden, notes=notes)


def _runs(text: str) -> tuple[Hidden, ...]:
    return tuple(
        Hidden(*match.span("unseen"), HiddenReason.CHARACTERS) for match in _UNSEEN.finditer(text) if match["unseen"]
    )


def _note(hidden: tuple[Hidden, ...]) -> str:
    by_reason = sorted(hidden, key=lambda span: span.reason.value)
    lengths = [
        f"{counted(sum(span.end - span.start for span in spans), 'character')} ({reason.value})"
        for reason, spans in groupby(by_reason, key=lambda span: span.reason)
    ]
    return f"holds text that its readers don't see: {', '.join(lengths)}"
