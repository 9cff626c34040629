"""The numbers of an engine's points: passages have their own, and what belongs to a document lies far above.

A document keeps its number when its text changes, and its passages get new ones. So a version of a document goes by its
first passage, whose number is never given again.
"""

from __future__ import annotations

from collections.abc import Sequence

_DOCUMENTS = 1 << 60
_SEGMENTS = 1 << 61
_PER_VERSION = 1 << 16
"""Segments of about a million characters that a document may have."""
_WITHOUT_PASSAGES = 1 << 43


def version_of(document: int, passages: Sequence[int]) -> int:
    """Returns what a version of a document with these passages, in order, goes by."""
    return passages[0] if passages else _WITHOUT_PASSAGES + document


def document_point(version: int) -> int:
    """Returns the number of what is kept of a document, beside its text and its passages."""
    return _DOCUMENTS + version


def segment_point(version: int, ordinal: int) -> int:
    """Returns the number of a part of a document's text."""
    return _SEGMENTS + version * _PER_VERSION + ordinal


def version_at(point: int) -> int:
    """Returns the version whose rows are kept under the number of a document's point."""
    return point - _DOCUMENTS
