"""The fields that may stand above a text: YAML between lines of `---`, TOML between lines of `+++`."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field

import yaml

from passagework.ingest.loaders.metadata import NotPlainError, plain
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Json

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_FRONT_MATTER = 100_000
"""Characters. A longer block between such lines is text."""

_REASON = 160
_OPENING = re.compile(r"(---|\+\+\+)[ \t]*\n")
_YAML_ENDS = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
_TOML_ENDS = re.compile(r"^\+\+\+[ \t]*(?:\n|\Z)", re.MULTILINE)
_KEY = re.compile(r"\s*(?:#[^\n]*\s*)*[\w-]+[ \t]*[:=]")


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written."""


def _date(loader: _Loader, node: yaml.ScalarNode) -> str:
    """A date's text; raises ValueError for one such as 2024-13-45."""
    loader.construct_yaml_timestamp(node)
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _date)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields above a text, and where the text begins; a note where they can't be read, and so are text."""

    fields: dict[str, Json] = field(default_factory=dict)
    end: int = 0
    notes: tuple[str, ...] = ()


def front_matter(text: str) -> FrontMatter:
    """The YAML between lines of `---` at the very start of a text, or the TOML between lines of `+++`."""
    opening = _OPENING.match(text)
    if opening is None:
        return FrontMatter()
    toml = opening[1] == "+++"
    closing = (_TOML_ENDS if toml else _YAML_ENDS).search(text, opening.end(), opening.end() + MAX_FRONT_MATTER)
    if closing is None:
        return FrontMatter()
    source = text[opening.end() : closing.start()]
    try:
        # A ValueError too: a date such as 2024-13-45. Aliases are shared until `plain` counts them.
        loaded = tomllib.loads(source) if toml else yaml.load(source, Loader=_Loader)  # noqa: S506 - a SafeLoader
        fields = plain(loaded)
    except (yaml.YAMLError, NotPlainError, ValueError, OverflowError, RecursionError, TypeError) as error:
        return FrontMatter(notes=_notes(source, "TOML" if toml else "YAML", error))
    if not isinstance(fields, dict):
        return FrontMatter()
    body = closing.end()
    while text.startswith("\n", body):
        body += 1
    return FrontMatter(fields, body)


def _notes(source: str, kind: str, error: Exception) -> tuple[str, ...]:
    """Why a block is no front matter, in a line; none where it isn't meant to be any."""
    if not _KEY.match(source):
        return ()
    reason = one_line(str(error), limit=_REASON)
    return (f"its front matter is not valid {kind}, and is kept as text: {reason}",)
