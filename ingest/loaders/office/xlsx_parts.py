"""The parts of a workbook, element by element; and whether a sheet is worth that."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
"""Of a workbook's own elements; Excel passes over those of others."""

_MAY_HIDE = tuple(
    re.compile(sought)
    for sought in (
        rb'hidden(?!="(?:0|false)")',
        rb'ht(?<=\sht)(?!="(?:[2-9]|1[0-9])[0-9.]{0,30}")',
        rb'width(?<=\swidth)(?!="[1-9][0-9.]{0,30}")',
        rb"rPr|\x00",
    )
)
"""Bytes without any of which a sheet hides nothing by itself; in UTF-16 they can't be sought."""
_PIECE = 1 << 20
_LONGEST = 64
"""Bytes of a piece that are looked at again with the next, where what is sought may be cut in two."""


def elements(archive: zipfile.ZipFile, name: str, tags: tuple[str, ...]) -> Iterator[_Element]:
    """A part's elements of some tags, as they end. Nothing is fetched, and no entity is resolved."""
    from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

    with archive.open(name) as part:
        for _, element in etree.iterparse(
            part,
            tag=tags,
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
            remove_comments=True,
            remove_pis=True,
        ):
            yield element


def may_hide(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether a sheet has anything but its formats to hide cells by: told by its bytes, and sometimes wrongly so."""
    with archive.open(name) as part:
        before = b""
        while piece := part.read(_PIECE):
            both = before + piece
            if any(sought.search(both) for sought in _MAY_HIDE):
                return True
            before = piece[-_LONGEST:]
    return False


def forget(element: _Element) -> None:
    """Frees an element that was read, and those before it."""
    element.clear()
    around = element.getparent()
    while around is not None and element.getprevious() is not None:
        del around[0]
