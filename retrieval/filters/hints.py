"""Tells what was probably meant by a filter that makes sense, and yet asks for what nobody has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from passagework.retrieval.filters.field_names import misspelt_fields, quoted
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.conditions import Among, Column, Compare, Comparison, Condition, leaves


def filter_hints(condition: Condition, snapshot: Snapshot) -> tuple[str, ...]:
    """Returns a line on each field whose name is nearly that of another, and on each path that is a folder."""
    return (*misspelt_fields(condition, snapshot), *_folders(condition, snapshot))


def literal_glob(text: str) -> str:
    """Returns a glob that matches a text as it is."""
    return re.sub(r"([*?\[])", r"[\1]", text)


def _folders(condition: Condition, snapshot: Snapshot) -> Iterator[str]:
    names = dict.fromkeys(path.rstrip("/") for path in _paths(condition))
    for folder in snapshot.folders_named([name for name in names if name]):
        meant = json.dumps({"path": {"$glob": f"{literal_glob(folder)}/*"}}, ensure_ascii=False)
        yield f"{quoted(folder)} is a folder, no document's path: {meant} takes all beneath it"


def _paths(condition: Condition) -> Iterator[str]:
    """Yields every path that a filter names."""
    for leaf, _ in leaves(condition):
        if leaf.field is Column.PATH and isinstance(leaf, Among):
            yield from (value for value in leaf.values if isinstance(value, str))
        elif leaf.field is Column.PATH and isinstance(leaf, Compare) and leaf.comparison is Comparison.GLOB:
            yield str(leaf.value)
