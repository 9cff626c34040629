"""Finds documents by what people call them: a record's `_id`, a URI, a path, or a path with its record.

Names compare in Unicode's composed form; of two that differ in nothing else, the one that is spelled as asked is meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal
from urllib.parse import quote, unquote

from sqlalchemy import ColumnElement, Connection, or_, select

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import BATCH, batches
from passagework.retrieval.store.conditions import Column
from passagework.retrieval.store.filter_sql import COLUMNS, equals
from passagework.retrieval.text import composed

_FILE = "file://"
_FORMS: tuple[Literal["NFC"], Literal["NFD"]] = ("NFC", "NFD")


def has_any_name(connection: Connection, names: Sequence[str]) -> ColumnElement[bool]:
    """Returns a condition: a document's `_id`, URI, path, or path and record (`list.csv#row=3`) is in `names`."""
    d = t.documents.c
    return or_(d.name.in_(names), d.path.in_(names), d.uri.in_([*names, *_record_uris(connection, names)]))


def spellings(name: str) -> tuple[str, ...]:
    """Returns the name as it is, and in the other forms in which it may be on record.

    These are Unicode's composed and decomposed ones; in a file's URI they are percent-encoded.
    """
    if name.startswith(_FILE):
        parts = re.split("([/#])", name)
        forms = ["".join(_respelled(part, form) for part in parts) for form in _FORMS]
    else:
        forms = [composed(name), unicodedata.normalize("NFD", name)]
    return tuple(dict.fromkeys((name, *forms)))


def recorded_spellings(connection: Connection, column: Column, names: Iterable[str]) -> dict[str, list[str]]:
    """Maps each name to itself, or to the other spellings of it that the column holds, where it holds these alone."""
    found = {name: [name] for name in names}
    respelled = {name: forms for name in found if len(forms := spellings(name)) > 1}
    recorded: set[str] = set()
    for batch in batches([form for forms in respelled.values() for form in forms], BATCH // 4):
        recorded.update(connection.execute(select(COLUMNS[column]).where(equals(column, batch)).distinct()).scalars())
    for name, forms in respelled.items():
        if name not in recorded:
            found[name] = [form for form in forms if form in recorded] or [name]
    return found


def _respelled(part: str, form: Literal["NFC", "NFD"]) -> str:
    """Returns a part of a URI with its characters in another form; one without any stays as it is, escaped or not."""
    plain = unquote(part, errors="surrogateescape")
    return part if plain.isascii() else quote(unicodedata.normalize(form, plain), safe="", errors="surrogateescape")


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
