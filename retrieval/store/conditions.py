"""What a filter asks of a passage and its document, as a checked tree; `filter_sql` makes SQL of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from passagework.retrieval.types import Ids

Scalar: TypeAlias = "str | bool | int | float | None"


class Column(Enum):
    """Names the fields that are no metadata. No member is a text, so metadata of the same name is another field."""

    PATH = "path"
    DOCUMENT = "document"
    TITLE = "title"
    MEDIA_TYPE = "media_type"
    PAGES = "pages"  # the physical pages that a passage touches
    INJECTION = "injection"  # whether it seems to instruct a language model
    SURROUNDINGS = "surroundings"  # what a page of the web shows around its content


Field: TypeAlias = "Column | str"
"""A column, or the dotted key of metadata."""


class Comparison(str, Enum):
    """Names how a field is compared with one value."""

    GREATER = "$gt"
    GREATER_OR_EQUAL = "$gte"
    LESS = "$lt"
    LESS_OR_EQUAL = "$lte"
    GLOB = "$glob"


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; of no parts, it does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the parts holds; of no parts, it doesn't."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Exists:
    """The document has the field, or one nested in it."""

    field: Field


@dataclass(frozen=True, slots=True)
class Among:
    """One of the field's values is one of these, as value and type; None equals null and a missing field."""

    field: Field
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """One of the field's values compares so with a number or a text; another type never does."""

    field: Field
    comparison: Comparison
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Holds:
    """The passage holds words that follow one another: `exactly` as they are, or in any form that a search finds.

    `ids` are the passages that do, ascending, at the moment for which the condition was made.
    """

    words: str
    exactly: bool
    ids: Ids = field(repr=False, compare=False)


Leaf: TypeAlias = "Exists | Among | Compare"
"""What a filter asks of one field."""

Condition: TypeAlias = "All | AnyOf | Not | Leaf | Holds"


def leaves(condition: Condition, *, holds: bool = True) -> Iterator[tuple[Leaf, bool]]:
    """Yields what is asked of each field, in order, and whether it is to hold: below a `Not` it is not."""
    if isinstance(condition, All | AnyOf):
        for part in condition.parts:
            yield from leaves(part, holds=holds)
    elif isinstance(condition, Not):
        yield from leaves(condition.part, holds=not holds)
    elif not isinstance(condition, Holds):
        yield condition, holds
