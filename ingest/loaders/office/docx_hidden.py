"""Word text that nobody sees, marked in the file's parts before they are converted."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from passagework.ingest.loaders.hidden_marks import mark_texts, unmarked, with_parts
from passagework.ingest.loaders.office.docx_elements import word
from passagework.ingest.loaders.office.docx_style import Look, Styles
from passagework.ingest.loaders.office.package import MAIN, part_root, relations

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_PARTS = re.compile(r"word/(?:document|footnotes|endnotes)\d*\.xml", re.IGNORECASE)
"""What is read where no relation leads to it."""
_STYLES = "word/styles.xml"
_NOTES = frozenset({"footnotes", "endnotes"})
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def with_marks(archive: zipfile.ZipFile) -> io.BytesIO | None:
    """The file with its hidden runs marked; None where there are none. Raises IngestError where it is damaged."""
    mains = [relation.target for relation in relations(archive, "").values() if relation.kind == MAIN]
    led = [
        relation
        for main in mains
        for relation in relations(archive, main).values()
        if relation.target in archive.NameToInfo
    ]
    targets = {relation.kind: relation.target for relation in reversed(led)}
    theme = part_root(archive, targets.get("theme"))
    styles = Styles(part_root(archive, targets.get("styles", _STYLES)), theme)
    notes = [relation.target for relation in led if relation.kind in _NOTES]
    changed: dict[str, bytes] = {}
    for name in sorted({*mains, *notes, *filter(_PARTS.fullmatch, archive.NameToInfo)}):
        root = part_root(archive, name)
        if root is not None and _mark_runs(root, styles):
            from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

            changed[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    if not changed:
        return None
    return with_parts(archive, changed)


def _mark_runs(root: _Element, styles: Styles) -> bool:
    """Puts marks around each hidden run, and takes out what a document holds of such characters; whether it did."""
    changed = False
    for text in root.iter("{*}t"):
        plain = unmarked("".join(text.itertext()))
        if plain != (text.text or "") or len(text):
            for inner in list(text):
                text.remove(inner)
            text.text = plain
            changed = True
    for picture in root.iter("{*}docPr", "{*}cNvPr", "{*}imagedata"):
        for name, value in picture.attrib.items():
            if (plain := unmarked(str(value))) != value:
                picture.set(name, plain)
                changed = True
    for run in root.iter(*word("r")):
        reason = Look.of(run, styles).unseen
        texts = [element for element in run.iterchildren(*word("t")) if element.text and element.text.strip()]
        if reason is not None and texts:
            changed = True
            mark_texts(texts[0], texts[-1], reason)
            for element in (texts[0], texts[-1]):
                element.set(_SPACE, "preserve")
    return changed
