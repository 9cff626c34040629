"""Reads `serve.toml`: what `passagework serve` is told by a file, each key being named as its option is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from passagework.retrieval.collection.collection_names import NAME
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.text import one_line

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def options_of(path: Path) -> dict[str, Any]:
    """Returns the options that a file gives, by the names of the parameters of `passagework serve`.

    A folder or file in it that has no absolute path lies beside it; `~` is the home folder. Raises ConfigError, which
    names the file, where it can't be read, for a key that there is none of (and names the nearest), and for a value
    that is of another kind.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is no TOML: {one_line(str(error))}") from error
    try:
        _check_keys(content, KEYS, "")
        options: dict[str, Any] = {}
        for key, value in content.items():
            options |= KEYS[key](value, key, path.absolute().parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return options


Reading = Callable[[Any, str, Path], dict[str, Any]]
"""Makes options of a value, its key, and the folder that the file lies in."""


def _scalar(option: str, *kinds: type) -> Reading:
    """Returns what reads one value of a kind; True is no number."""

    def read(value: Any, key: str, _: Path) -> dict[str, Any]:
        if type(value) not in kinds:
            raise _wrong(key, _NAMES[kinds[0]], value)
        return {option: value}

    return read


def _file(option: str) -> Reading:
    def read(value: Any, key: str, beside: Path) -> dict[str, Any]:
        return {option: str(_place(value, key, beside))}

    return read


def _texts(option: str) -> Reading:
    def read(value: Any, key: str, _: Path) -> dict[str, Any]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise _wrong(key, "a list of texts", value)
        return {option: value}

    return read


def _model(value: Any, key: str, beside: Path) -> dict[str, Any]:
    """Returns a model: a folder where one lies at the place, else the name of one."""
    if not isinstance(value, str):
        raise _wrong(key, "a text", value)
    folder = _place(value, key, beside)
    return {"reranker": str(folder) if folder.is_dir() else value}


def _collections(value: Any, key: str, beside: Path) -> dict[str, Any]:
    """Returns the folders of collections by name, and those that callers may bring each up to date with."""
    if not isinstance(value, dict):
        raise _wrong(key, "a table of collections by their names", value)
    folders, sources = [], []
    for name, told in value.items():
        if NAME.fullmatch(name) is None:
            raise ConfigError(f"{name!r} can't name a collection in an address")
        place = f"{key}.{name}"
        table = told if isinstance(told, dict) else {"path": told}
        _check_keys(table, ("path", "sources"), f"{place}.")
        if "path" not in table:
            raise ConfigError(f"{place}.path is missing: give the collection's folder")
        folders.append(f"{name}={_place(table['path'], f'{place}.path', beside)}")
        given = table.get("sources", [])
        if not isinstance(given, list):
            raise _wrong(f"{place}.sources", "a list of folders", given)
        sources += [f"{name}={_place(one, f'{place}.sources', beside)}" for one in given]
    return {"collection": folders, "source": sources}


KEYS: Mapping[str, Reading] = {
    "collections": _collections,
    "host": _scalar("host", str),
    "port": _scalar("port", int),
    "allowed_hosts": _texts("allowed_host"),
    "tokens": _file("tokens"),
    "no_auth": _scalar("no_auth", bool),
    "reranker": _model,
    "timeout": _scalar("timeout", float, int),
    "workers": _scalar("workers", int),
    "access_log": _scalar("access_log", bool),
}
"""What a file may have, and how each is read."""

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _place(value: Any, key: str, beside: Path) -> Path:
    if not isinstance(value, str) or not value:
        raise _wrong(key, "a path", value)
    return beside / Path(value).expanduser()


def _check_keys(table: Mapping[str, Any], known: Mapping[str, Any] | tuple[str, ...], before: str) -> None:
    for key in table:
        if key not in known:
            nearest = get_close_matches(key, list(known), n=1, cutoff=0.5)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(known)}"
            raise ConfigError(f"there is no key {before + key!r}: {hint}")


def _wrong(key: str, expected: str, value: Any) -> ConfigError:
    return ConfigError(f"{key} is {one_line(repr(value), limit=80)}: give {expected}")
