"""The collections that a service answers for, open and with their models loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.restricted import RestrictedCollection
from passagework.retrieval.collection.several_collections import Collections
from passagework.retrieval.config import Settings
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.models.encoder_loading import load_reranker
from passagework.retrieval.models.reranker import Reranker
from passagework.ui.service.problems import RefusedError
from passagework.ui.sources.uploads import sweep_parts

if TYPE_CHECKING:
    from typing_extensions import Self


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
        opened = Collections.open(folders, reranker=named)
        try:
            for name in opened.names:
                opened[name].encoder()
                sweep_parts(opened[name].path)
        except BaseException:
            opened.close()
            raise
        return cls({name: opened[name] for name in opened.names}, named)

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
