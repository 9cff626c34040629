"""A collection as somebody may use it who may see some of its documents alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.live_version import LiveVersion
from passagework.retrieval.dense.background import BackgroundSample
from passagework.retrieval.errors import StoreError
from passagework.retrieval.filters.compiler import Where, check_visible, compile_visible
from passagework.retrieval.hits import Hits
from passagework.retrieval.memory import enough_memory
from passagework.retrieval.remote.served_version import ServedVersion
from passagework.retrieval.search.local_passages import LocalPassages
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.search.searcher import Searcher
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.visible import VisibleSnapshot


class RestrictedCollection(Collection):
    """Answers of the documents that a filter lets through, as if there were no others; whatever else is asked for.

    It uses an open collection, its models and its index, and lasts as long. A filter is one of documents: `pages` can't
    be in it. Words that no passage holds are not corrected, nor are acronyms expanded, and no plan says how many
    passages were looked at: that would tell of the other documents. Raises FilterError for a malformed filter.
    """

    def __init__(self, whole: Collection, visible: Where) -> None:
        self.path = whole.path
        self._settings = whole._settings
        self._models = whole._models
        self._whole = whole
        self._visible = visible
        self._background = BackgroundSample()
        check_visible(visible)

    @contextmanager
    def _reading(self) -> Iterator[tuple[LiveVersion, Snapshot]]:
        """Gives the live version and one moment of what may be seen of it."""
        with self._whole._reading() as (live, snapshot):
            if isinstance(live, ServedVersion):
                raise StoreError("a served collection can't be shown in part: serve one that lies here")
            yield live, VisibleSnapshot(snapshot.connection, compile_visible(self._visible, snapshot))

    def _search_many(self, requests: Sequence[SearchRequest], live: LiveVersion, snapshot: Snapshot) -> list[Hits]:
        """Searches what may be seen, with nothing that is remembered of the others' words and vectors."""
        with enough_memory("the search ran out of memory: end other programs, or ask for fewer candidates"):
            searcher = Searcher(self._models.at(live, snapshot), background=self._background)
            assert not isinstance(live, ServedVersion)  # refused as it was read
            passages = LocalPassages(snapshot, live.index(snapshot), filters=live.filters)
            return [_untold(hits) for hits in searcher.search_many(requests, snapshot, passages)]

    def close(self) -> None:
        """Does nothing: whoever opened the collection closes it."""

    def __repr__(self) -> str:
        """Returns one line: the path, and that it is a part."""
        return f"<RestrictedCollection of {str(self.path)!r}>"


def _untold(hits: Hits) -> Hits:
    """Returns hits whose plan doesn't say how many passages were looked at."""
    used = hits.plan.filter
    return replace(hits, plan=replace(hits.plan, filter=None if used is None else replace(used, looked_at=None)))
