"""Other forms of a collection's calls: of several queries at once, and awaited; each takes what the call takes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.hits import Hits
from passagework.retrieval.search.request import SearchRequest

if TYPE_CHECKING:
    from typing import Concatenate

    from typing_extensions import ParamSpec

    Options = ParamSpec("Options")

Owner = TypeVar("Owner")
Answer = TypeVar("Answer")


class Answering(Protocol):
    """Answers requests that were checked."""

    def _answers(self, requests: Sequence[SearchRequest]) -> list[Hits]: ...


Searching = TypeVar("Searching", bound=Answering)


class _Asked:
    """Is what a search is called on to have its request checked alone."""

    def __init__(self) -> None:
        self.requests: list[SearchRequest] = []

    def _answers(self, requests: Sequence[SearchRequest]) -> list[Any]:
        self.requests += requests
        return [None]


def for_many(
    search: Callable[Concatenate[Any, str, Options], Hits],
) -> Callable[Concatenate[Any, Sequence[str], Options], list[Hits]]:
    """Returns the form of `search` that takes several queries."""

    def search_many(self: Answering, queries: Sequence[str], *args: Options.args, **options: Options.kwargs) -> Any:
        """Returns the Hits of each query, in the order of the queries: each what `search` finds.

        All are answered at one moment of the collection, and encoded together. Raises as `search` does, for all where
        one of them can't be answered.
        """
        if isinstance(queries, str | bytes) or not isinstance(queries, Sequence):
            raise ConfigError(f"queries is {queries!r}: give a list of texts")
        asked = _Asked()
        for query in queries:
            search(asked, query, *args, **options)
        return self._answers(asked.requests)

    _describe(search_many, search, returns="list[Hits]", first="queries")
    return search_many  # type: ignore[return-value]  # it takes `queries` by its name, too


def in_thread(
    call: Callable[Concatenate[Owner, Options], Answer],
) -> Callable[Concatenate[Owner, Options], Coroutine[Any, Any, Answer]]:
    """Returns the form of a call that is awaited: it runs on a thread, and the event loop goes on meanwhile.

    A call that began goes on to its end, though whoever awaits it is cancelled.
    """
    name = call.__name__

    async def awaited(self: Owner, *args: Options.args, **options: Options.kwargs) -> Answer:
        bound: Callable[Options, Answer] = getattr(self, name)  # as a subclass has it
        return await asyncio.to_thread(bound, *args, **options)

    update_wrapper(awaited, call)
    awaited.__name__ = f"{name}_async"
    awaited.__doc__ = f"Does what `{name}` does on a thread, and is awaited: the event loop goes on meanwhile."
    return awaited  # type: ignore[return-value]  # the name `self` is no parameter of a caller


def _describe(form: Callable[..., Any], call: Callable[..., Any], *, returns: str, first: str) -> None:
    """Gives a form the signature of its call, with another first parameter and result."""
    signature = inspect.signature(call)
    owner, query, *options = signature.parameters.values()
    many = query.replace(name=first, annotation="Sequence[str]")
    form.__signature__ = signature.replace(parameters=[owner, many, *options], return_annotation=returns)  # type: ignore[attr-defined]
    form.__annotations__ = {first: "Sequence[str]", **{one.name: one.annotation for one in options}, "return": returns}
