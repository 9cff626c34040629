"""Tells whether a document changed: one number of all that search can show of it."""

from __future__ import annotations

import hashlib
import json

from passagework.retrieval.types import Document
from passagework.retrieval.words.file_names import searched_title


def document_hash(document: Document) -> str:
    """Returns the SHA-256 of all that search can find and show of a document: equal ones mean there's nothing to do."""
    return _digest(document, searched_title(document))


def is_hash_of(document: Document, sha256: str) -> bool:
    """Tells whether a hash is a document's, also one made before names of files were searched."""
    return sha256 in (document_hash(document), _digest(document, document.title))


def _digest(document: Document, searched: str) -> str:
    digest = hashlib.sha256()
    shape: list[object] = [
        document.media_type,
        document.title,
        dict(document.metadata),
        [[page.number, page.label, page.start, page.end] for page in document.pages],
        [[heading.level, heading.title, heading.start, heading.end] for heading in document.headings],
    ]
    if searched != document.title:
        shape.append({"searched_title": searched})
    if document.hidden:  # a document without keeps the digest that it had before there was this
        shape.append([[span.start, span.end, span.reason.value] for span in document.hidden])
    if document.tables:
        shape.append({"tables": [[table.start, table.end, table.columns] for table in document.tables]})
    if document.places:
        places = [[place.unit.value, place.first, place.last, place.start, place.end] for place in document.places]
        shape.append({"places": places})
    if document.ocr:
        shape.append({"ocr": [[span.start, span.end, span.confidence, span.box] for span in document.ocr]})
    if document.masked:
        shape.append(
            {"masked": [[mask.start, mask.kind, mask.original_start, mask.original_end] for mask in document.masked]}
        )
    if document.surroundings:
        shape.append({"surroundings": document.surroundings})
    digest.update(json.dumps(shape, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    for start in range(0, len(document.text), 1 << 20):  # piece by piece: a book need not be in memory twice
        digest.update(document.text[start : start + (1 << 20)].encode("utf-8"))
    return digest.hexdigest()
