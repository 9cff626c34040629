"""What was understood of a query as it was typed: the plan tells it, and the search keeps to it."""

from __future__ import annotations

from dataclasses import dataclass

from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class FieldValue:
    """Is a `field:value` of a query; `excluded` where a minus stood before it."""

    field: str
    value: str
    excluded: bool = False

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has of it."""
        return {"field": self.field, "value": self.value, "excluded": self.excluded}

    def __str__(self) -> str:
        """Returns it as it may be typed."""
        return f"{'-' if self.excluded else ''}{self.field}:{self.value}"


@dataclass(frozen=True, slots=True)
class Reading:
    """Tells that what was `typed` was read as something else, or also as that."""

    typed: str
    read: str

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has of it."""
        return {"typed": self.typed, "read": self.read}


@dataclass(frozen=True, slots=True)
class Understood:
    """Tells what a query was taken for.

    `text` is what was searched for: the query without what it excludes and without its fields, words corrected. Every
    hit holds all of the `phrases` and none of `excluded`, and its document has the values of `fields`. `corrected`
    are words that no passage holds, each read as one that some do; `expanded` are words that were looked for in
    another form, too, as the documents have it: an acronym and what it stands for, a name and its other spelling.
    """

    text: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    fields: tuple[FieldValue, ...] = ()
    corrected: tuple[Reading, ...] = ()
    expanded: tuple[Reading, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `understood`."""
        return {
            "text": self.text,
            "phrases": list(self.phrases),
            "excluded": list(self.excluded),
            "fields": [value.to_json() for value in self.fields],
            "corrected": [reading.to_json() for reading in self.corrected],
            "expanded": [reading.to_json() for reading in self.expanded],
        }
