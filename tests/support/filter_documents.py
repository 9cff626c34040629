"""Documents for tests of frameworks' filters: fields of one kind of value each, which some lack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.store import Store
from tests.support.stored_documents import new_store, put

TEXTS = ("", "a", "Peru", "peru", "Per*", "P[e]ru", "what?", "été", "ÉTÉ", "漢字", "1", "x]y")
NUMBERS = (0, 1, -1, 2, 0.5, 2.0, 2020)
LISTS: tuple[list[str], ...] = ([], ["a"], ["a", "Peru"], ["peru", "1"], ["", "a"])

DOCUMENTS: tuple[dict[str, Any], ...] = (
    *({"land": text, "year": number} for text, number in zip(TEXTS, NUMBERS * 2, strict=False)),
    *({"tags": tags, "draft": bool(tags)} for tags in LISTS),
    {"author": {"name": "Peru", "born": 1}},
    {"author": {"name": "été"}, "land": None},
    {},
)
"""Their metadata; the title of each is the text at its place among TEXTS, from the start again after the last."""


def make_filter_store(folder: Path) -> Store:
    """A store with a passage of each, whose ids are 1 and on in their order."""
    store = new_store(folder / "store.db")
    with store.write() as writer:
        for number, metadata in enumerate(DOCUMENTS):
            put(writer, f"{number}.md", str(number), title=title_of(number), metadata=metadata)
    return store


def title_of(number: int) -> str:
    """The title of a document."""
    return TEXTS[number % len(TEXTS)]


def let_through(store: Store, where: Mapping[str, Any]) -> list[int]:
    """The places of the documents that a filter lets through."""
    with store.read() as snapshot:
        return [int(one) - 1 for one in AllowedIds(where, snapshot).ids]
