"""A choice among the members of an enumeration, made by member or by value."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from passagework.retrieval.errors import ConfigError

Choice = TypeVar("Choice", bound=Enum)


def choose(kind: type[Choice], value: Choice | str, name: str) -> Choice:
    """Returns the member that is meant; raises ConfigError, which lists the members, where `value` is none of them."""
    try:
        return kind(value)
    except ValueError as error:
        raise ConfigError(f"{name} is {value!r}: give one of {', '.join(member.value for member in kind)}") from error
