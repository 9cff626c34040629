"""Turns running out of memory into an error of one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from passagework.retrieval.errors import EncodingError
from passagework.retrieval.types import Stage

_MESSAGES = ("out of memory", "can't allocate memory", "not enough memory")
"""What torch says on a GPU and on a CPU, in a RuntimeError or a subclass of its own."""


@contextmanager
def enough_memory(otherwise: str) -> Iterator[None]:
    """Raises EncodingError saying `otherwise` where memory runs out within; every other error passes through."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not any(words in str(error) for words in _MESSAGES):
            raise
        raise EncodingError(otherwise) from error


def memory_for(model: str, without: Stage) -> AbstractContextManager[None]:
    """Does the same for a model in a search, which needs none of it at the stage `without`."""
    return enough_memory(f"the {model} ran out of memory: end other programs, or search at stage {without.value}")
