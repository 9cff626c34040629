"""A book's table of contents (EPUB 3.3, 7; OPF 2.0.1, 2.4.1), and the headings that its entries are."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import given_title
from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.parts import Part
from passagework.retrieval.types import Heading

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_NEAR = 200
"""Characters behind a place in which the heading that an entry leads to stands."""
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: the reference it has, its name, and its depth from 1."""

    target: str
    name: str
    depth: int


def read_navigation(root: _Element | None) -> Iterator[Entry]:
    """The entries of EPUB 3's navigation document; of its lists the contents alone, where it says which they are."""
    lists = [] if root is None else [nav for nav in root.iter("{*}nav") if "toc" in _type(nav).split()]
    for listed in lists or ([] if root is None else [root]):
        for link in listed.iter("{*}a"):
            name = given_title(text_of(link))
            if name and link.get("href"):
                yield Entry(str(link.get("href")), name, max(1, _depth(link, "ol")))


def read_ncx(root: _Element | None) -> Iterator[Entry]:
    """The entries of EPUB 2's NCX."""
    for point in () if root is None else root.iter("{*}navPoint"):
        target = next((str(content.get("src") or "") for content in point.iter("{*}content")), "")
        name = given_title(next((text_of(label) for label in point.iter("{*}navLabel")), ""))
        if name and target:
            yield Entry(target, name, 1 + _depth(point, "navPoint"))


def text_of(element: _Element) -> str:
    """All text of an element, in one line."""
    return " ".join(clean("".join(str(text) for text in element.itertext())).split())


def with_entries(part: Part, entries: Sequence[Entry], places: Mapping[str, int]) -> Part:
    """The chapter with a heading for each entry that leads into it: its own, else the entry's name, put into the text.

    `places` says where the text of each anchor begins. An entry for the chapter as a whole, or for an anchor that it
    hasn't got, counts where the chapter has no heading of its own.
    """
    lower: int | None = None  # levels that the chapter's own headings lie below the depth of their entries
    missing: list[tuple[int, Entry]] = []
    for entry in entries:
        place = places.get(entry.target.partition("#")[2], None if part.headings else 0)
        if place is None:
            continue
        known = _heading_at(part, place, entry.name)
        if known is None:
            missing.append((place, entry))
        elif lower is None:
            lower = max(0, known.level - entry.depth)
    for place, entry in sorted(missing, key=lambda found: found[0])[::-1]:
        part = _with_heading(part, place, entry.name, entry.depth + (lower or 0))
    return part


def _heading_at(part: Part, place: int, name: str) -> Heading | None:
    """The heading that stands at a place, or shortly behind it under the entry's name."""
    index = bisect_left([heading.end for heading in part.headings], place + 1)
    if index == len(part.headings):
        return None
    heading = part.headings[index]
    alike = heading.title.casefold() in name.casefold() or name.casefold() in heading.title.casefold()
    near = heading.start - place < _NEAR and alike
    return heading if near or not _WORD.search(part.text, place, max(place, heading.start)) else None


def _with_heading(part: Part, place: int, name: str, level: int) -> Part:
    """The part with a heading at a place: the line that stands there, where it says the name, else the name itself."""
    line = part.text[place : place + 2 * len(name) + 20].partition("\n")[0]
    if line.split() == name.split():
        heading = Heading(level, name, place, place + len(line.rstrip()))
        text, moved = part.text, part
    else:
        heading = Heading(level, name, place, place + len(name))
        between = "" if place == 0 or part.text[place - 1] == "\n" else "\n"
        heading = replace(heading, start=place + len(between), end=heading.end + len(between))
        inserted = f"{between}{name}\n\n"
        text = part.text[:place] + inserted + part.text[place:]
        moved = _opened(part, place, len(inserted))
    index = bisect_right([known.start for known in moved.headings], heading.start)
    return replace(moved, text=text, headings=(*moved.headings[:index], heading, *moved.headings[index:]))


def _opened(part: Part, place: int, length: int) -> Part:
    """The structure where so many characters come in at a place."""
    behind = part.shifted(length)
    pairs = [list(zip(getattr(part, name), getattr(behind, name), strict=True)) for name in _SPANS]
    headings, hidden, tables = (
        tuple(
            old if old.end <= place else new if old.start >= place else replace(old, end=new.end) for old, new in spans
        )
        for spans in pairs
    )
    return Part(part.text, headings, hidden, tables)


_SPANS = ("headings", "hidden", "tables")


def _type(nav: _Element) -> str:
    return " ".join(str(value) for name, value in nav.attrib.items() if str(name).endswith(("}type", "role")))


def _depth(element: _Element, name: str) -> int:
    return sum(1 for _ in element.iterancestors(f"{{*}}{name}"))
