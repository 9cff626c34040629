"""Finds documents by what people call them: a record's `_id`, a URI, a path, or a path with its record."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import quote

from sqlalchemy import ColumnElement, Connection, or_, select

from passagework.retrieval.store import schema as t


def has_any_name(connection: Connection, names: Sequence[str]) -> ColumnElement[bool]:
    """Returns a condition: a document's `_id`, URI, path, or path and record (`list.csv#row=3`) is in `names`."""
    d = t.documents.c
    return or_(d.name.in_(names), d.path.in_(names), d.uri.in_([*names, *_record_uris(connection, names)]))


def _record_uris(connection: Connection, names: Sequence[str]) -> list[str]:
    """Returns what the URI of `path#record` may be: a record's `_id` is escaped there, its place (`row=3`) is not."""
    records_by_path: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for mark in re.finditer("#", name):
            records_by_path[name[: mark.start()]].append(name[mark.end() :])
    if not records_by_path:
        return []
    files = connection.execute(select(t.sources.c.path, t.sources.c.uri))
    records = ((uri, record) for path, uri in files for record in records_by_path.get(path, ()))
    return [f"{uri}#{part}" for uri, record in records for part in {record, quote(record, safe="")}]
