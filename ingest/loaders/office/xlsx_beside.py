"""What stands on a sheet beside its cells: notes, threads of comments, text boxes, charts and diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.docx_elements import chosen
from passagework.ingest.loaders.office.drawing_text import paragraph_texts
from passagework.ingest.loaders.office.figures import write_figure
from passagework.ingest.loaders.office.office_values import flag, local
from passagework.ingest.loaders.office.office_writer import OfficeWriter, words
from passagework.ingest.loaders.office.package import Package, Relation
from passagework.ingest.loaders.office.xlsx_parts import excel
from passagework.ingest.loaders.office.xlsx_strings import text_of
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_THREAD = "tc="
"""What the author of a note is called that stands for a thread of comments, in programs that don't know threads."""
_FIGURES = frozenset({"chart", "relIds"})


def write_beside(
    package: Package,
    relations: dict[str, Relation],
    people: dict[str, str],
    writer: OfficeWriter,
    reason: HiddenReason | None,
) -> None:
    """Writes what a sheet leads to; `reason` is why nobody sees it, None where it is seen."""
    for relation in relations.values():
        if relation.kind == "drawing":
            _drawing(package, relation.target, writer, reason)
    for relation in relations.values():
        if relation.kind == "comments":
            _notes(package.side(relation.target, "the notes of a sheet"), writer, reason)
        elif relation.kind == "threadedComment":
            _thread(package.side(relation.target, "the comments of a sheet"), people, writer, reason)


def people_of(package: Package, relations: dict[str, Relation]) -> dict[str, str]:
    """Who writes in the threads of a workbook, by their ids."""
    found = {}
    for relation in relations.values():
        root = package.side(relation.target, "who commented") if relation.kind == "person" else None
        for person in root.iter("{*}person") if root is not None else ():
            found[str(person.get("id"))] = (person.get("displayName") or "").strip()
    return found


def _notes(root: _Element | None, writer: OfficeWriter, reason: HiddenReason | None) -> None:
    if root is None:
        return
    authors = [str(author.text or "").strip() for author in root.iter(*excel("author"))]
    for note in root.iter(*excel("comment")):
        number = note.get("authorId") or ""
        author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        text = " ".join(text_of(body) for body in note.iterchildren(*excel("text")))
        if not author.startswith(_THREAD):
            _say("Note", note.get("ref"), author, text.removeprefix(f"{author}:"), writer, reason)


def _thread(root: _Element | None, people: dict[str, str], writer: OfficeWriter, reason: HiddenReason | None) -> None:
    for comment in root.iter("{*}threadedComment") if root is not None else ():
        text = " ".join(str(body.text or "") for body in comment.iterchildren("{*}text"))
        author = people.get(str(comment.get("personId")), "")
        _say("Comment", comment.get("ref"), author, text, writer, reason)


def _say(
    kind: str, place: str | None, author: str, text: str, writer: OfficeWriter, reason: HiddenReason | None
) -> None:
    where = f"{kind} on {place}" if place else kind
    before = f"[{where}, {author}] " if author else f"[{where}] "
    if text.strip():
        writer.write(words(before + " ".join(text.split()), reason))


def _drawing(package: Package, name: str, writer: OfficeWriter, reason: HiddenReason | None) -> None:
    """The text boxes, charts and pictures' descriptions of a drawing, in their order."""
    root = package.side(name, f"a drawing ({name})")
    relations = package.relations(name)
    waiting = [(root, reason)] if root is not None else []
    while waiting:
        element, why = waiting.pop()
        kind = local(element)
        if kind in _FIGURES:
            write_figure(package, element, relations, writer, why)
        elif kind == "txBody":
            for number, text in enumerate(paragraph_texts(element)):
                writer.write(words(text, why), gap=1 if number else 2)
        elif kind == "AlternateContent":
            waiting += [(child, why) for child in reversed(chosen(element))]
        else:
            if kind in ("sp", "pic", "graphicFrame", "grpSp", "cxnSp"):
                why = why or _unseen(element)
            if kind == "pic" and (text := _description(element)):
                writer.write(words(text, why))
            waiting += [(child, why) for child in reversed(element)]


def _unseen(shape: _Element) -> HiddenReason | None:
    hidden = (flag(named.get("hidden")) for first in list(shape)[:1] for named in first.iterchildren("{*}cNvPr"))
    return HiddenReason.INVISIBLE if any(hidden) else None


def _description(picture: _Element) -> str:
    named = next(picture.iter("{*}cNvPr"), None)
    said = (named.get("descr") or "").strip() if named is not None else ""
    return said if named is not None and said != (named.get("name") or "").strip() else ""
