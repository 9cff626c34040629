"""The fields that may stand above a text: YAML between lines of `---`, TOML between lines of `+++`, a JSON object."""

from __future__ import annotations

import json
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
_FIELD = re.compile(r"^([ \t]*(?:-[ \t]+)?[\w-]+[ \t]*[:=][ \t]+)([^\s&*!|>#][^\n]{,998}?)[ \t]*$", re.MULTILINE)
"""A field and its value in one line; a value that refers, has a tag or goes on below is left as it is."""


# A ValueError too: a date such as 2024-13-45.
_UNREADABLE = (yaml.YAMLError, NotPlainError, ValueError, OverflowError, RecursionError, TypeError)


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written."""


def _date(loader: _Loader, node: yaml.ScalarNode) -> str:
    """A date's text; raises ValueError for one such as 2024-13-45."""
    loader.construct_yaml_timestamp(node)
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _date)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields above a text, and where the text begins; a note where they are damaged, or are no fields but text."""

    fields: dict[str, Json] = field(default_factory=dict)
    end: int = 0
    notes: tuple[str, ...] = ()


def front_matter(text: str) -> FrontMatter:
    """The YAML between lines of `---` at the very start of a text, TOML between lines of `+++`, or a JSON object."""
    opening = _OPENING.match(text)
    if opening is None:
        return _json_fields(text) if text.startswith("{\n") else FrontMatter()
    toml = opening[1] == "+++"
    closing = (_TOML_ENDS if toml else _YAML_ENDS).search(text, opening.end(), opening.end() + MAX_FRONT_MATTER)
    if closing is None:
        return FrontMatter()
    source = text[opening.end() : closing.start()]
    notes: tuple[str, ...] = ()
    try:
        fields = _fields(source, toml=toml)
    except _UNREADABLE as error:
        if not _KEY.match(source):
            return FrontMatter()
        damage = f"its front matter is not valid {'TOML' if toml else 'YAML'}"
        reason = one_line(str(error), limit=_REASON)
        try:
            fields = _fields(_with_quotes(source, toml=toml), toml=toml)
            notes = (f"{damage}: what can't be read of a line is taken as it stands: {reason}",)
        except _UNREADABLE:
            return FrontMatter(notes=(f"{damage}, and is kept as text: {reason}",))
    if not isinstance(fields, dict):
        return FrontMatter()
    body = closing.end()
    while text.startswith("\n", body):
        body += 1
    return FrontMatter(fields, body, notes)


def _json_fields(text: str) -> FrontMatter:
    """The JSON object that a text begins with, in lines of its own, and that more text follows, as Hugo has it."""
    try:
        found, end = json.JSONDecoder().raw_decode(text[:MAX_FRONT_MATTER])
        fields = plain(found)
    except _UNREADABLE:
        return FrontMatter()
    if not isinstance(fields, dict) or text[end : end + 1] != "\n" or not text[end:].strip():
        return FrontMatter()
    return FrontMatter(fields, end + len(text[end:]) - len(text[end:].lstrip("\n")))


def _fields(source: str, *, toml: bool) -> Json:
    """What a block says; raises one of _UNREADABLE. Aliases are shared until `plain` counts them."""
    return plain(tomllib.loads(source) if toml else yaml.load(source, Loader=_Loader))  # noqa: S506 - a SafeLoader


def _with_quotes(source: str, *, toml: bool) -> str:
    """The block with quotes around each value that is no value: `title: Pumps: a guide`, `day: 2024-13-45`."""

    def quoted(line: re.Match[str]) -> str:
        try:
            _fields(f"x = {line[2]}" if toml else f"x: {line[2]}", toml=toml)
        except _UNREADABLE:
            return line[1] + json.dumps(line[2], ensure_ascii=False)
        return line[0]

    return _FIELD.sub(quoted, source)
