"""Tokens: who may ask, of which collections, what, and of which documents. A file keeps their hashes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any

from filelock import FileLock

from passagework.retrieval.choices import choose
from passagework.retrieval.errors import ConfigError, PassageworkError
from passagework.retrieval.files import write_atomically
from passagework.retrieval.filters.compiler import Where, check_visible
from passagework.retrieval.json_text import parse_json

PREFIX = "pw_"
"""What tokens begin with, so that one that leaked is known for what it is."""

TOKEN_BYTES = 32
"""256 random bits: none is guessed, and a plain SHA-256 of them can't be turned back."""


class Right(str, Enum):
    """Names what a token may do: search, read documents, bring some in, see the metrics."""

    SEARCH = "search"
    READ = "read"
    INGEST = "ingest"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Access:
    """Tells what a caller may have: of `collections` (None: all), and of documents that `visible` lets through.

    `rate` is how many requests it may send a minute (None: as many as it likes).
    """

    name: str
    rights: frozenset[Right]
    collections: frozenset[str] | None = None
    visible: Where | None = None
    created: str = ""
    rate: int | None = None

    def may_ask(self, collection: str) -> bool:
        """Tells whether a collection is one of its."""
        return self.collections is None or collection in self.collections

    def to_json(self) -> dict[str, Any]:
        """Returns what `token list` and the file have of it."""
        return {
            "name": self.name,
            "collections": None if self.collections is None else sorted(self.collections),
            "rights": [right.value for right in Right if right in self.rights],
            "filter": None if self.visible is None else dict(self.visible),
            "rate": self.rate,
            "created": self.created,
        }


EVERYTHING = Access("", frozenset(Right))
"""What everybody may have where no tokens are asked for."""


class TokenFile:
    """Keeps tokens by their hashes in a file that nobody but its owner reads; what changes there holds at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int, int], dict[str, Access]] | None = None

    def access(self, token: str) -> Access | None:
        """Returns what a token may have, None where there is no such token; raises PassageworkError as `all` does."""
        return self._by_hash().get(_hash_of(token))

    def all(self) -> list[Access]:
        """Returns every token's access, oldest first; raises PassageworkError where the file can't be read."""
        return list(self._by_hash().values())

    def add(
        self,
        name: str,
        *,
        collections: Sequence[str] | None = None,
        rights: Sequence[str] = (Right.SEARCH, Right.READ),
        visible: Where | None = None,
        rate: int | None = None,
    ) -> str:
        """Adds a token, and returns it: it can't be read again. The file is made where there is none.

        Raises ConfigError for a name that is taken, a right that there is none of, a filter that makes no sense, and a
        rate below one request a minute.
        """
        if not name.strip() or not rights:
            raise ConfigError("a token needs a name, and a right at least")
        if not name.isprintable():
            raise ConfigError(f"a token's name is one line of letters and signs, not {name!r}")
        if rate is not None:
            _check_rate(rate)
        chosen = frozenset(choose(Right, right, "rights") for right in rights)
        if visible is not None:
            check_visible(visible)
        token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        access = Access(name, chosen, frozenset(collections) if collections else None, visible, created, rate)
        with self._changing() as tokens:
            if any(other.name == name for other in tokens.values()):
                raise ConfigError(f"there is a token named {name!r}: `passagework token remove` takes it away")
            tokens[_hash_of(token)] = access
        return token

    def remove(self, name: str) -> None:
        """Takes a token away; raises ConfigError where there is none of the name."""
        with self._changing() as tokens:
            known = [key for key, access in tokens.items() if access.name == name]
            if not known:
                raise ConfigError(f"there is no token named {name!r}")
            del tokens[known[0]]

    @contextlib.contextmanager
    def _changing(self) -> Any:
        """Gives the tokens to change, and writes them; one at a time."""
        try:
            with FileLock(f"{self._path}.lock", timeout=10, mode=0o600):
                tokens = dict(self._by_hash()) if self._path.exists() else {}
                yield tokens
                entries = [{"sha256": key, **access.to_json()} for key, access in tokens.items()]
                text = json.dumps({"tokens": entries}, ensure_ascii=False, indent=1) + "\n"
                before = os.umask(0o077)
                try:
                    write_atomically(self._path, text.encode())
                finally:
                    os.umask(before)
        except OSError as error:
            raise PassageworkError(f"{self._path} can't be written: {error.strerror or error}") from error

    def _by_hash(self) -> dict[str, Access]:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._read is None or self._read[0] != stamp:
                self._read = stamp, _parsed(parse_json(self._path.read_bytes()))
            return self._read[1]
        except OSError as error:
            raise PassageworkError(f"{self._path} can't be read: {error.strerror or error}") from error
        except (ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
            raise PassageworkError(f"{self._path} is no file of tokens: {error}") from error


def _hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _parsed(content: Any) -> dict[str, Access]:
    """Returns the tokens of a file by their hashes; whatever is not as it was written raises."""
    tokens = {}
    for entry in content["tokens"]:
        collections, visible, rate = entry["collections"], entry["filter"], entry.get("rate")
        if rate is not None:
            _check_rate(rate)
        if visible is not None:
            if not isinstance(visible, Mapping):
                raise TypeError("a filter is no object")
            check_visible(visible)
        tokens[str(entry["sha256"])] = Access(
            str(entry["name"]),
            frozenset(Right(right) for right in entry["rights"]),
            None if collections is None else frozenset(map(str, collections)),
            visible,
            str(entry["created"]),
            rate,
        )
    return tokens


def _check_rate(rate: object) -> None:
    if isinstance(rate, bool) or not isinstance(rate, int) or rate < 1:
        raise ConfigError(f"rate is {rate!r}: give a whole number of requests a minute, from 1 on")
