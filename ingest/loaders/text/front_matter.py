"""The YAML that may stand above a text, between lines of `---`."""

from __future__ import annotations

import re

import yaml

from passagework.ingest.loaders.metadata import NotPlainError, plain
from passagework.retrieval.types import Json

MAX_FRONT_MATTER = 100_000
"""Characters. A longer block between `---` lines is text."""


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written."""


def _date(loader: _Loader, node: yaml.ScalarNode) -> str:
    """A date's text; raises ValueError for one such as 2024-13-45."""
    loader.construct_yaml_timestamp(node)
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _date)


def front_matter(text: str) -> tuple[dict[str, Json], int]:
    """The YAML mapping between `---` lines at the very start, and where the text begins after it.

    `({}, 0)` where there is none, or where it is malformed: then it is text like any other.
    """
    match = re.compile(r"---[ \t]*\n").match(text)
    if match is None:
        return {}, 0
    closing = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE).search(
        text, match.end(), match.end() + MAX_FRONT_MATTER
    )
    if closing is None:
        return {}, 0
    try:
        # A ValueError too: a date such as 2024-13-45. Aliases are shared until `plain` counts them.
        loaded = yaml.load(text[match.end() : closing.start()], Loader=_Loader)  # noqa: S506 - a SafeLoader
        fields = plain(loaded)
    except (yaml.YAMLError, NotPlainError, ValueError, OverflowError, RecursionError, TypeError):
        return {}, 0
    if not isinstance(fields, dict):
        return {}, 0
    body = closing.end()
    while text.startswith("\n", body):
        body += 1
    return fields, body
