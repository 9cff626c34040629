"""What a `where` filter means, in plain Python, written from its documentation alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True)
class Known:
    """All that a filter can ask of a passage; `pages` are the numbers of those that it touches."""

    id: int
    path: str
    document: str
    title: str
    media_type: str
    pages: tuple[int, ...]
    metadata: Mapping[str, Any]


OWN = ("path", "document", "title", "media_type")


def holds(where: Mapping[str, Any], passage: Known) -> bool:
    """Whether a passage fulfils a filter."""
    return all(_entry(key, value, passage) for key, value in where.items())


def names_unknown_field(where: Mapping[str, Any], passages: list[Known], *, negated: bool = False) -> bool:
    """Whether a filter asks of a field that no document has what only a document that has it could fulfil."""
    for key, value in where.items():
        if key in ("$and", "$or"):
            if any(names_unknown_field(part, passages, negated=negated) for part in value):
                return True
        elif key == "$not":
            if names_unknown_field(value, passages, negated=not negated):
                return True
        elif not _is_known(key, passages) and _needs_field(key, value, negated=negated):
            return True
    return False


def _is_known(field: str, passages: list[Known]) -> bool:
    return field in (*OWN, "pages") or any(_present(one.metadata, _plain(field)) for one in passages)


def glob(pattern: str, text: str) -> bool:
    """SQLite's GLOB: `*` any characters, `?` one, `[ab0-9]` one of these, `[^...]` one of the others; case matters."""
    parts = _parse(pattern)
    return parts is not None and _glob(parts, text)


NOBODY = Known(0, "", "", "", "", (), {})
"""A passage of a document that has no metadata."""


def _needs_field(field: str, value: Any, *, negated: bool) -> bool:
    if not isinstance(value, dict):
        value = {"$eq": value}
    return any(
        _needs_field(field, one, negated=not negated)
        if operator == "$not"
        else operator != "$exists" and _operator(field, operator, one, NOBODY) is negated
        for operator, one in value.items()
    )


def _entry(key: str, value: Any, passage: Known) -> bool:
    if key == "$and":
        return all(holds(part, passage) for part in value)
    if key == "$or":
        return any(holds(part, passage) for part in value)
    if key == "$not":
        return not holds(value, passage)
    return _field(key, value, passage)


def _field(field: str, value: Any, passage: Known) -> bool:
    if not isinstance(value, dict):
        value = {"$eq": value}
    return all(_operator(field, operator, operand, passage) for operator, operand in value.items())


def _operator(field: str, operator: str, operand: Any, passage: Known) -> bool:
    if operator == "$not":
        return not _field(field, operand, passage)
    if operator == "$exists":
        return _exists(field, passage) is operand
    if operator in ("$ne", "$nin"):
        return not _operator(field, "$eq" if operator == "$ne" else "$in", operand, passage)
    if operator == "$in":
        return any(_operator(field, "$eq", one, passage) for one in operand)
    if operator == "$eq" and operand is None and field not in OWN:
        return not _exists(field, passage) or None in _values(field, passage)
    dates = operator != "$glob" and field not in OWN
    return any(_compare(value, operator, operand, dates=dates) for value in _values(field, passage))


def moment(text: str) -> datetime | None:
    """The instant of a text that is a date in ISO form or a mail's, in UTC where it has no zone; None for another."""
    if len(text) < 10:
        return None
    try:
        iso = text.replace("Z", "+00:00")
        found = datetime.fromisoformat(iso) if text[0].isdigit() and text[4] == "-" else parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _compare(value: Any, operator: str, operand: Any, *, dates: bool) -> bool:
    value, operand = _stored(value), _stored(operand)
    if dates and isinstance(operand, str) and moment(operand) is not None:
        operand, value = moment(operand), moment(value) if isinstance(value, str) else None
    if value is None or operand is None or _kind(value) != _kind(operand):
        return False
    if operator == "$eq":
        return bool(value == operand)
    if operator == "$glob":
        return isinstance(value, str) and glob(operand, value)
    if operator in ("$gt", "$gte"):
        return bool(value > operand or (operator == "$gte" and value == operand))
    return bool(value < operand or (operator == "$lte" and value == operand))


def _kind(value: Any) -> str:
    return {bool: "truth", int: "number", float: "number", str: "text", datetime: "instant"}[type(value)]


def _stored(value: Any) -> Any:
    """An integer that needs more than 64 bits is kept as a float."""
    return float(value) if type(value) is int and abs(value) > 2**63 - 1 and value != -(2**63) else value


def _values(field: str, passage: Known) -> list[Any]:
    if field in OWN:
        return [getattr(passage, field)]
    if field == "pages":
        return list(passage.pages)
    return [value for key, value in _walk(passage.metadata) if key == _plain(field) and value not in ([], {})]


def _exists(field: str, passage: Known) -> bool:
    if field in OWN:
        return True
    return bool(passage.pages) if field == "pages" else _present(passage.metadata, _plain(field))


def _present(metadata: Mapping[str, Any], key: str) -> bool:
    return any(one == key or one.startswith(f"{key}.") for one, _ in _walk(metadata))


def _walk(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its dotted key; a list's items stand under the list's own."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _walk(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _walk(inner, key)
    elif key:
        yield key, value


def _plain(field: str) -> str:
    return field.removeprefix("metadata.")


@dataclass(frozen=True)
class _OneOf:
    ranges: tuple[tuple[str, str], ...]
    inverted: bool

    def accepts(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) != self.inverted


def _parse(pattern: str) -> list[str | _OneOf] | None:
    """The pattern's parts; None for a bracket that is never closed, which matches nothing."""
    parts: list[str | _OneOf] = []
    at = 0
    while at < len(pattern):
        if pattern[at] != "[":
            parts.append(pattern[at])
            at += 1
            continue
        inverted = pattern[at + 1 : at + 2] == "^"
        at += 2 if inverted else 1
        close = pattern.find("]", at + 1)  # a bracket that stands first is one of the characters
        if close < 0:
            return None
        parts.append(_OneOf(_ranges(pattern[at:close]), inverted))
        at = close + 1
    return parts


def _ranges(inside: str) -> tuple[tuple[str, str], ...]:
    ranges: list[tuple[str, str]] = []
    at, may_open = 0, inside[:1] != "]"  # neither a leading bracket nor a range's end opens a range
    while at < len(inside):
        if inside[at : at + 1] == "-" and ranges and may_open and at + 1 < len(inside):
            ranges.append((ranges[-1][0], inside[at + 1]))
            may_open = False
            at += 2
        else:
            may_open = at > 0 or inside[0] != "]"
            ranges.append((inside[at], inside[at]))
            at += 1
    return tuple(ranges)


def _glob(parts: list[str | _OneOf], text: str) -> bool:
    reached = {0}  # how much of the text the parts so far can have taken
    for part in parts:
        if part == "*":
            reached = set(range(min(reached, default=len(text) + 1), len(text) + 1))
        else:
            reached = {one + 1 for one in reached if one < len(text) and _fits(part, text[one])}
    return len(text) in reached


def _fits(part: str | _OneOf, character: str) -> bool:
    return part.accepts(character) if isinstance(part, _OneOf) else part in ("?", character)
