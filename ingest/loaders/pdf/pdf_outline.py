"""A PDF's outline: read from pypdf, and its titles found in the pages' text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from passagework.retrieval.types import Heading, Page

_MAX_TITLE = 300
_MAX_DEPTH = 16
_MAX_ENTRIES = 20_000

_SEARCHED = 100_000
"""Characters of a page in which a title is looked for: an ordinary page has 5,000."""

_MAX_MATCHES = 50

_MAX_LOST = 5
"""Titles of one page that may be missing from its text: pictures of headings, not a wrong outline."""

_NOT_PRINTED = re.compile("[\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A line of the outline: `level` from 1, and the index of the page it leads to, from 0."""

    level: int
    title: str
    page: int


def read_outline(reader: PdfReader) -> tuple[OutlineEntry, ...]:
    """The outline from top to bottom; what leads to no page of the file is left out, its children stay.

    Walked without recursion, each node once: cycles, endless siblings and deep nesting end. Raises what pypdf raises.
    """
    top = _dictionary(reader.root_object.get("/Outlines"))
    if top is None:
        return ()
    targets = _Targets(reader)
    entries: list[OutlineEntry] = []
    seen = {id(top): top}  # holds the nodes, so that an id stays its node's
    waiting = [(_dictionary(top.get("/First")), 1)]
    while waiting and len(seen) <= _MAX_ENTRIES:
        node, level = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen[id(node)] = node
        title, page = printable(node.get("/Title"), _MAX_TITLE), targets.page(node)
        if title and page is not None:
            entries.append(OutlineEntry(level, title, page))
        waiting.append((_dictionary(node.get("/Next")), level))
        if level < _MAX_DEPTH:
            waiting.append((_dictionary(node.get("/First")), level + 1))
    return tuple(entries)


class _Targets:
    """Finds the page that a node of the outline leads to."""

    def __init__(self, reader: PdfReader) -> None:
        self._reader = reader
        references = [page.indirect_reference for page in reader.pages]
        self._pages = {ref.idnum: index for index, ref in enumerate(references) if ref is not None}
        self._count = len(references)
        self._names: Mapping[str, DictionaryObject] | None = None

    def page(self, node: DictionaryObject) -> int | None:
        """The page's index, from 0; None where the node leads nowhere in this file."""
        target = _resolved(node.get("/Dest"))
        action = _dictionary(node.get("/A"))
        if target is None and action is not None and action.get("/S") == "/GoTo":
            target = _resolved(action.get("/D"))
        if isinstance(target, (str, bytes)):
            name = target if isinstance(target, str) else target.decode("latin-1")
            destination = self._named().get(name)
            return None if destination is None else self._index(destination.get("/Page"))
        if isinstance(target, DictionaryObject):
            target = _resolved(target.get("/D"))
        return self._index(target[0]) if isinstance(target, ArrayObject) and target else None

    def _named(self) -> Mapping[str, DictionaryObject]:
        if self._names is None:
            try:
                self._names = self._reader.named_destinations
            except Exception:  # noqa: BLE001 - a malformed tree raises anything; the other destinations still lead
                self._names = {}
        return self._names

    def _index(self, target: object) -> int | None:
        """From a reference to a page, or, as some tools write, its plain number from 0."""
        if isinstance(target, int):
            return target if 0 <= target < self._count else None
        reference = target if isinstance(target, IndirectObject) else getattr(target, "indirect_reference", None)
        return None if reference is None else self._pages.get(reference.idnum)


def locate(outline: Sequence[OutlineEntry], text: str, pages: Sequence[Page]) -> list[Heading]:
    """The outline's entries as headings, in order of `start`, each over its title in its page's text.

    Case and white space don't count. A title that isn't there becomes an empty heading, at its page's start or, where
    an earlier entry stands on that page, behind that. Where many of a page's titles aren't there, the outline belongs
    to other pages (one page taken out of a book keeps the whole book's), and those entries are left out.
    """
    headings: list[tuple[int, Heading]] = []
    haystacks: dict[int, _Haystack] = {}
    behind: dict[int, int] = {}
    lost: Counter[int] = Counter()
    for entry in outline:
        if entry.page >= len(pages):
            continue
        page = pages[entry.page]
        if entry.page not in haystacks:
            haystacks[entry.page] = _Haystack(text[page.start : min(page.end, page.start + _SEARCHED)])
        after = behind.get(entry.page, 0)
        found = haystacks[entry.page].find(entry.title, after)
        if found is None:
            lost[entry.page] += 1
        start, end = found or (after, after)
        behind[entry.page] = end
        headings.append((entry.page, Heading(entry.level, entry.title, page.start + start, page.start + end)))
    kept = [h for page, h in headings if h.start < h.end or lost[page] <= _MAX_LOST]
    return sorted(kept, key=lambda heading: heading.start)


class _Haystack:
    """A page's text for searching: without white space, in lower case, with the way back to its offsets."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = [at for at, character in enumerate(text) if not character.isspace()]
        self._folded = "".join(_fold(text[at]) for at in self._at)

    def find(self, title: str, after: int) -> tuple[int, int] | None:
        """Where the title stands as `(start, end)`: behind `after` before elsewhere, then best as lines of its own."""
        return min(self._matches(title), key=lambda match: (match[0] < after, self._rank(*match)), default=None)

    def _matches(self, title: str) -> Iterator[tuple[int, int]]:
        """Whole-word occurrences, from the first."""
        folded = "".join(_fold(character) for character in title if not character.isspace())
        at = -1
        for _ in range(_MAX_MATCHES):
            at = self._folded.find(folded, at + 1)
            if at < 0:
                return
            start, end = self._at[at], self._at[at + len(folded) - 1] + 1
            if not (self._joins(start) or self._joins(end)):
                yield start, end

    def _joins(self, at: int) -> bool:
        """Whether a word goes on across the offset."""
        return 0 < at < len(self._text) and self._text[at - 1].isalnum() and self._text[at].isalnum()

    def _rank(self, start: int, end: int) -> tuple[bool, bool, int]:
        begins = start == 0 or self._text[start - 1] == "\n"
        ends = end == len(self._text) or self._text[end] == "\n"
        return not begins, not ends, start


def _fold(character: str) -> str:
    """Lower case, one character for one."""
    lower = character.lower()
    return lower if len(lower) == 1 else character


def _resolved(value: object) -> object:
    return value.get_object() if isinstance(value, IndirectObject) else value


def _dictionary(value: object) -> DictionaryObject | None:
    resolved = _resolved(value)
    return resolved if isinstance(resolved, DictionaryObject) else None


def printable(value: object, limit: int) -> str:
    """A PDF's string on one line without controls, cut between words to `limit` characters."""
    if isinstance(value, IndirectObject):
        value = value.get_object()
    if isinstance(value, bytes):
        encoding = "utf-16" if value.startswith((b"\xfe\xff", b"\xff\xfe")) else "utf-8"
        value = value[: 4 * limit].decode(encoding, "replace")
    if not isinstance(value, str):
        return ""
    line = " ".join(_NOT_PRINTED.sub(" ", value[: 4 * limit]).split())
    if len(line) > limit:
        line = line[: limit + 1].rpartition(" ")[0] or line[:limit]
    return line
