"""Marks around hidden text in the parts of an office file, found again in what comes out of its converter.

The converters know nothing of hidden text and keep no places. So what is hidden gets a mark at its beginning and its
end, of private characters that no text means anything by, and the marks are taken out again.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import read_member
from passagework.retrieval.types import Hidden, HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_FIRST = 0x10FE00
_REASONS = tuple(HiddenReason)
MARK = f"[{chr(_FIRST)}-{chr(_FIRST + 2 * len(_REASONS) - 1)}]"
"""A regular expression for one."""

_MARK = re.compile(MARK)
_MARKUP = "#| "
_BETWEEN = re.compile(r"(?:[#|\s]|---)*")


def unmarked(text: str) -> str:
    """A text without what it holds of such characters by itself."""
    return _MARK.sub("", text)


def marked(text: str, reason: HiddenReason) -> str:
    """`text` with marks from its first word to its last; it isn't blank."""
    return _closed(_opened(text, reason), reason)


def mark_texts(first: _Element, last: _Element, reason: HiddenReason) -> None:
    """Marks from the first word of one element to the last word of another, which may be the same."""
    first.text = _opened(first.text, reason)
    last.text = _closed(last.text, reason)


def with_parts(archive: zipfile.ZipFile, changed: Mapping[str, bytes]) -> io.BytesIO:
    """A copy of the archive with some of its parts changed. Raises IngestError where it is damaged."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as copy:
        for name in archive.NameToInfo:  # of members of one name, the last, as it is read
            copy.writestr(name, changed.get(name) or read_member(archive, name) or b"")
    out.seek(0)
    return out


def without_marks(text: str) -> tuple[str, tuple[Hidden, ...]]:
    """The text without marks, and what lay between them; pieces with only white space between are one."""
    parts: list[str] = []
    found: list[Hidden] = []
    opened: tuple[int, int] | None = None  # which reason, and where
    at = length = 0
    for match in _MARK.finditer(text):
        parts.append(text[at : match.start()])
        length += match.start() - at
        at = match.end()
        reason, closes = divmod(ord(match[0]) - _FIRST, 2)
        if not closes:
            opened = reason, length
        elif opened is not None and opened[0] == reason:
            if length > opened[1]:
                found.append(Hidden(opened[1], length, _REASONS[reason]))
            opened = None
    plain = "".join([*parts, text[at:]])
    return plain, tuple(_joined(found, plain, re.compile(r"\s*")))


def over_markup(hidden: Iterable[Hidden], text: str) -> tuple[Hidden, ...]:
    """The spans, those that fill lines but for the Markdown of a heading or a table with that as well."""
    joined = _joined(hidden, text, _BETWEEN)
    return tuple(_joined((_whole_lines(span, text) for span in joined), text, _BETWEEN))


def _whole_lines(span: Hidden, text: str) -> Hidden:
    start, end = span.start, span.end
    while start and text[start - 1] in _MARKUP:
        start -= 1
    while end < len(text) and text[end] in _MARKUP:
        end += 1
    whole = text[start - 1 : start] in ("", "\n") and text[end : end + 1] in ("", "\n")
    return Hidden(start, end, span.reason) if whole else span


def _joined(spans: Iterable[Hidden], text: str, between: re.Pattern[str]) -> Iterator[Hidden]:
    last: Hidden | None = None
    for span in spans:
        if last is not None and last.reason is span.reason and between.fullmatch(text, last.end, span.start):
            last = Hidden(last.start, span.end, span.reason)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _opened(text: str, reason: HiddenReason) -> str:
    mark = chr(_FIRST + 2 * _REASONS.index(reason))
    return re.sub(r"\A\s*", lambda blanks: blanks[0] + mark, text, count=1)


def _closed(text: str, reason: HiddenReason) -> str:
    """The blanks at the end stay outside."""
    words = text.rstrip()
    return words + chr(_FIRST + 2 * _REASONS.index(reason) + 1) + text[len(words) :]
