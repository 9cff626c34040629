"""What collections are called where several are asked: names given with them, or those of their folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from passagework.retrieval.errors import ConfigError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a collection may be called: it stands in addresses."""


def named_folders(given: Sequence[str]) -> dict[str, Path]:
    """Returns folders by name of what `--collection` was given: NAME=DIR, or DIR, which goes by its folder's name.

    Raises ConfigError for a name that can't stand in an address, and for two collections of one name.
    """
    folders: dict[str, Path] = {}
    for text in given:
        before, equals, behind = text.partition("=")
        named = bool(equals) and NAME.fullmatch(before) is not None
        name, folder = (before, Path(behind)) if named else (Path(text).absolute().name, Path(text))
        if NAME.fullmatch(name) is None:
            raise ConfigError(f"{name!r} can't name a collection in an address: give NAME={text}")
        if name in folders:
            raise ConfigError(f"two collections are named {name!r}: give NAME=DIR for one of them")
        folders[name] = folder
    return folders
