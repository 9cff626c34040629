"""Word text that nobody sees: marked in the file's parts before they are converted, found again in what comes out.

The converter knows nothing of hidden text, colours and sizes, and keeps no places. So each hidden run gets a mark at
its beginning and its end, of private characters that no text means anything by, and the marks are taken out again.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest.loaders.archive import parse_xml, read_member
from ingest.loaders.docx_style import Look, Styles
from retrieval.types import Hidden, Unseen

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_FIRST = 0x10FE00
_REASONS = tuple(Unseen)
_MARK = re.compile(f"[{chr(_FIRST)}-{chr(_FIRST + 2 * len(_REASONS) - 1)}]")
_PARTS = re.compile(r"word/(?:document|footnotes|endnotes)\d*\.xml", re.IGNORECASE)
_MAIN = "/officeDocument"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def with_marks(archive: zipfile.ZipFile) -> io.BytesIO | None:
    """The file with its hidden runs marked; None where there are none. Raises IngestError where it is damaged."""
    styles = Styles(_root(archive, "word/styles.xml"))
    changed: dict[str, bytes] = {}
    for name in _part_names(archive):
        root = _root(archive, name)
        if root is not None and _mark_runs(root, styles):
            from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

            changed[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    if not changed:
        return None
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as copy:
        for member in archive.infolist():
            content = changed.get(member.filename) or read_member(archive, member.filename)
            copy.writestr(member.filename, content or b"")
    out.seek(0)
    return out


def without_marks(marked: str) -> tuple[str, tuple[Hidden, ...]]:
    """The text without marks, and what lay between them; pieces with only white space between are one."""
    parts: list[str] = []
    found: list[Hidden] = []
    opened: tuple[int, int] | None = None  # which reason, and where
    at = length = 0
    for match in _MARK.finditer(marked):
        parts.append(marked[at : match.start()])
        length += match.start() - at
        at = match.end()
        reason, closes = divmod(ord(match[0]) - _FIRST, 2)
        if not closes:
            opened = reason, length
        elif opened is not None and opened[0] == reason:
            if length > opened[1]:
                found.append(Hidden(opened[1], length, _REASONS[reason]))
            opened = None
    text = "".join([*parts, marked[at:]])
    return text, tuple(_joined(found, text))


def _joined(found: list[Hidden], text: str) -> Iterator[Hidden]:
    last: Hidden | None = None
    for one in found:
        if last is not None and last.reason is one.reason and not text[last.end : one.start].strip():
            last = Hidden(last.start, one.end, one.reason)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _mark_runs(root: _Element, styles: Styles) -> bool:
    """Puts marks around each hidden run, and takes out what a document holds of such characters; whether it did."""
    changed = False
    for text in root.iter("{*}t"):
        if text.text and _MARK.search(text.text):
            text.text = _MARK.sub("", text.text)
            changed = True
    for run in root.iter("{*}r"):
        reason = Look.of(run, styles).unseen
        texts = [one for one in run.iterchildren("{*}t") if one.text and one.text.strip()]
        if reason is not None and texts:
            changed = True
            _mark(texts[0], texts[-1], _FIRST + 2 * _REASONS.index(reason))
    return changed


def _mark(first: _Element, last: _Element, mark: int) -> None:
    """Marks from the first word of one element to the last word of another, which may be the same."""
    first.text = re.sub(r"\A\s*", lambda blanks: blanks[0] + chr(mark), first.text, count=1)
    last.text = re.sub(r"\s*\Z", lambda blanks: chr(mark + 1) + blanks[0], last.text, count=1)
    for element in (first, last):
        element.set(_SPACE, "preserve")


def _part_names(archive: zipfile.ZipFile) -> list[str]:
    """The parts whose text is read: the main one, whatever it is called, and the notes."""
    names = {name for name in archive.namelist() if _PARTS.fullmatch(name)}
    root = _root(archive, "_rels/.rels")
    for relation in root.iter("{*}Relationship") if root is not None else ():
        target = str(relation.get("Target")).lstrip("/")
        if str(relation.get("Type")).endswith(_MAIN) and target in archive.NameToInfo:
            names.add(target)
    return sorted(names)


def _root(archive: zipfile.ZipFile, name: str) -> _Element | None:
    data = read_member(archive, name)
    return parse_xml(data) if data else None
