"""Tells the fields that a filter may name from those that nobody ever had, and what was meant by these."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from passagework.retrieval.errors import FilterError
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.conditions import Among, Column, Condition, Exists, Leaf, leaves

MAX_SHOWN = 160
"""Characters of a message that list the fields there are."""

QUOTED = 60
"""Characters of a name in a message."""

CLOSE = 0.75
"""The likeness (2 x letters in common / letters of both) from which on a name is taken for a misspelt one."""


def check_fields(condition: Condition, snapshot: Snapshot) -> None:
    """Raises FilterError for a field that no document ever had, where only a document that has it could fulfil that.

    What a document without the field fulfils, such as `$ne`, is no mistake: of these it lets through all.
    """
    known: set[str] = set()
    for leaf, holds in leaves(condition):
        field = leaf.field
        if isinstance(field, Column) or field in known or _missing_fulfils(leaf, holds=holds):
            continue
        if not _is_known(field, snapshot):
            meant = _meant(field, snapshot)
            there = f"did you mean {meant}? There are" if meant else "there are"
            raise FilterError(
                f"no document has a field {quoted(field)}: {there} {_listed(snapshot, MAX_SHOWN - len(meant))}"
            )
        known.add(field)


def misspelt_fields(condition: Condition, snapshot: Snapshot) -> Iterator[str]:
    """Yields a line on each field that no document ever had, and whose name is nearly that of another."""
    fields = {leaf.field for leaf, _ in leaves(condition) if isinstance(leaf.field, str)}
    for field in sorted(fields):
        if not _is_known(field, snapshot) and (meant := _meant(field, snapshot)):
            yield f"no document has a field {quoted(field)}: did you mean {meant}?"


def _missing_fulfils(leaf: Leaf, *, holds: bool) -> bool:
    """Tells whether a document without the field may fulfil a condition; whether there is a field, anyone may ask."""
    return isinstance(leaf, Exists) or (isinstance(leaf, Among) and None in leaf.values) is holds


def _is_known(field: str, snapshot: Snapshot) -> bool:
    return snapshot.has_field(field) or snapshot.had_field(field)


def _listed(snapshot: Snapshot, most: int) -> str:
    """Returns the fields that documents have, in at most so many characters."""
    names = [column.value for column in Column] + [quoted(name)[1:-1] for name in snapshot.field_names()]
    listed = ", ".join(names)
    return listed if len(listed) <= most else listed[:most].rpartition(", ")[0] + ", ..."


def _meant(field: str, snapshot: Snapshot) -> str:
    """Returns the field whose name is nearest to one that nobody has, in quotes, whatever its case; "" for none."""
    names = [*(column.value for column in Column), *snapshot.field_names(), *snapshot.former_field_names()]
    folded = {name.casefold(): name for name in reversed(names)}
    nearest = get_close_matches(field.casefold(), folded, n=1, cutoff=CLOSE)
    return quoted(folded[nearest[0]]) if nearest else ""


def quoted(value: object) -> str:
    """Returns a name or a value as Python writes it, in one line, shortened."""
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= QUOTED else shown[: QUOTED - 3] + "..."
