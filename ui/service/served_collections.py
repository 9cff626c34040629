"""The collections that a service answers for, open and with their models loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.restricted import RestrictedCollection
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_loading import load_reranker
from passagework.retrieval.models.reranker import Reranker
from passagework.ui.service.problems import RefusedError

if TYPE_CHECKING:
    from typing_extensions import Self

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a collection may be called in an address."""


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


class ServedCollections:
    """Holds open collections by name; collections of one encoder share it."""

    def __init__(self, collections: Mapping[str, Collection], reranker: Reranker | None = None) -> None:
        self.reranker = reranker
        self._collections = dict(sorted(collections.items()))
        self._parts: dict[tuple[str, str], RestrictedCollection] = {}

    @classmethod
    def open(cls, folders: Mapping[str, Path], *, reranker: str | None = None) -> Self:
        """Opens collections and loads their models; raises as `Collection.open` does."""
        named = None if reranker is None else load_reranker(reranker, Settings.from_environment())
        encoders: list[Encoder] = []
        with ExitStack() as opened:
            collections = {}
            for name, folder in folders.items():
                collection = Collection.open(folder, reranker=named)
                shared = _loaded_for(collection, encoders)
                if shared is not None:
                    collection.close()
                    collection = Collection.open(folder, encoder=shared, reranker=named)
                opened.callback(collection.close)
                encoders.append(collection.encoder())
                collections[name] = collection
            opened.pop_all()
        return cls(collections, named)

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the names, sorted."""
        return tuple(self._collections)

    def named(self, name: str) -> Collection:
        """Returns a collection; raises RefusedError (404) where there is none of the name."""
        if name not in self._collections:
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such collection")
        return self._collections[name]

    def part(self, name: str, visible: Where) -> Collection:
        """Returns what may be seen of a collection; raises as `named` does."""
        key = (name, json.dumps(visible, sort_keys=True))
        if key not in self._parts:
            self._parts[key] = RestrictedCollection(self.named(name), visible)
        return self._parts[key]

    def close(self) -> None:
        """Closes all of them."""
        for collection in self._collections.values():
            collection.close()


def _loaded_for(collection: Collection, encoders: Sequence[Encoder]) -> Encoder | None:
    """Returns the one of the encoders that a collection was built with; None for none."""
    status = collection.status()
    fitting = (one for one in encoders if status.encoder.same_as(one.fingerprint) and status.window == one.window)
    return next(fitting, None)
