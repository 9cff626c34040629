"""What is asked of an engine: points with vectors, words and a payload, found by each of them or by their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from passagework.retrieval.errors import StoreError
from passagework.retrieval.remote.typed_tokens import EngineFilter
from passagework.retrieval.text import shortened
from passagework.retrieval.types import Json, Vectors

TOKENS, CARD, BORN, DIED, ROWS = "tokens", "card", "born", "died", "rows"
"""What a payload has: the tokens that filters ask for, the card (see `passage_card`), from which moment on and until
which one it is answered, and the rows of the store (see `document_rows`), packed."""

FOUND = (CARD, BORN, DIED)
"""What comes with each passage that is found."""

SEARCH_SECONDS = 10.0
LOAD_SECONDS = 120.0
"""Seconds until an engine that gives no answer is taken for gone: of a search, and of a load."""


@dataclass(frozen=True, slots=True)
class EnginePoint:
    """Is what an engine keeps under a number: a passage has `vector` (dim,) and `words`, by their numbers."""

    id: int
    payload: Mapping[str, Json]
    vector: Vectors | None = None
    words: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """Is a passage that was found, its score (a cosine, or a sum over words), and `FOUND` of its payload."""

    id: int
    score: float
    payload: Mapping[str, Json]


class Engine(Protocol):
    """Keeps and finds points. Every method raises StoreError where the engine doesn't answer, or answers no."""

    @property
    def name(self) -> str:
        """Returns how the plan names it."""

    @property
    def shards(self) -> int:
        """Returns over how many parts a search goes."""

    def create(self, dim: int) -> None:
        """Makes an empty place for points with vectors of so many numbers; raises StoreError where it exists."""

    def exists(self) -> bool:
        """Tells whether the place is there."""

    def drop(self) -> None:
        """Takes it away with all that is in it."""

    def index_numbers(self, keys: Sequence[str]) -> None:
        """Has the numbers under these keys found by an index."""

    def put(self, points: Sequence[EnginePoint]) -> None:
        """Keeps points, in place of those with the same numbers: they are found as soon as it returns."""

    def end(self, ids: Sequence[int], moment: int | None) -> None:
        """Writes down until which moment these are answered; None: for good."""

    def delete(self, ids: Sequence[int]) -> None:
        """Takes points away."""

    def settle(self) -> None:
        """Has what was put indexed, where the engine doesn't by itself."""

    def count(self, asked: EngineFilter) -> int:
        """Returns how many points a filter lets through."""

    def nearest(self, vector: Vectors, k: int, asked: EngineFilter | None, *, exact: bool) -> list[FoundPoint]:
        """Returns the `k` points nearest to `vector` (dim,), best first; `exact` compares with all of them."""

    def by_words(self, words: Mapping[int, float], k: int, asked: EngineFilter | None) -> list[FoundPoint]:
        """Returns the `k` points with the largest sums of products over words, best first."""

    def page(self, asked: EngineFilter, after: int, size: int, payload: Sequence[str]) -> list[EnginePoint]:
        """Returns the first `size` points beyond the number `after` that a filter lets through, ascending."""

    def fetch(self, ids: Sequence[int], payload: Sequence[str], *, vectors: bool = False) -> list[EnginePoint]:
        """Returns those of the points that are there, in any order, with these parts of their payload."""

    def close(self) -> None:
        """Lets go of it."""


_NO_ROOM = ("no space left", "out of disk space", "not enough space", "disk full")
"""What servers and their systems say of a full disk."""


def no_room(place: str, reason: str) -> StoreError:
    """Returns the line that an engine's full disk gets."""
    return StoreError(f"{place} has no room left ({reason}): free some space there and run again; its answers stand")


@contextmanager
def engine_errors(place: str, kinds: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turns what an engine's library raises into one line that names the engine and the next step."""
    try:
        yield
    except kinds as error:
        reason = shortened(" ".join(str(error).split()) or type(error).__name__, 160)
        if any(sign in str(error).lower() for sign in _NO_ROOM):
            raise no_room(place, reason) from error
        raise StoreError(f"{place} didn't answer ({reason}): look whether it runs and can be reached") from error


def every_point(engine: Engine, asked: EngineFilter, payload: Sequence[str], size: int = 1000) -> Iterator[EnginePoint]:
    """Yields all points that a filter lets through, ascending."""
    after = -1
    while points := engine.page(asked, after, size, payload):
        yield from points
        after = points[-1].id
