"""The JSON of documents that are there, that failed, and that were deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from passagework.retrieval.store import DocumentRow, SourceRow


def documents_to_json(rows: Sequence[DocumentRow], failed: Sequence[SourceRow]) -> dict[str, Any]:
    """Returns the documents JSON."""
    return {
        "documents": [
            {
                "document": _document(row),
                "uri": row.uri,
                "path": row.path,
                "title": row.title,
                "media_type": row.media_type,
                "characters": row.length,
                "language": row.language or "und",
                "pages": row.pages,
                "passages": row.passages,
                "cut": row.cut,
                "metadata": dict(row.metadata),
            }
            for row in rows
        ],
        "failed": [{"path": source.path, "reason": source.reason} for source in failed],
    }


def deleted_to_json(rows: Sequence[DocumentRow], *, dry_run: bool) -> dict[str, Any]:
    """Returns the delete JSON."""
    return {"deleted": len(rows), "documents": [_document(row) for row in rows], "dry_run": dry_run}


def _document(row: DocumentRow) -> str:
    """Returns a document's name as hits give it: a record's `_id`, else the URI."""
    return row.uri if row.name is None else row.name
