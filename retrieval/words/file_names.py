"""Tells what a file's name says that its title doesn't: people look for files by their names."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from passagework.retrieval.types import Document
from passagework.retrieval.words.folding import folded

_WORD = re.compile(r"[^\W_]+")

_SAYS_NOTHING = frozenset({"default", "doc", "document", "file", "index", "page", "readme", "untitled"})
"""Words of names that files have by custom, or from a program."""

_BY_MACHINE = re.compile(r"\d{9,}|(?=.*\d)[0-9a-f]{12,}", re.IGNORECASE)
"""Digests, identifiers and instants."""

LEAST_WITHIN = 4
"""Letters of a word that counts as said where it is a part of one of the title: `travel` of `Travelling`."""

MOST_CHARACTERS = 100
"""Of a name that is searched: longer ones are made by programs."""


def searched_title(document: Document) -> str:
    """Returns a document's title as models and the text index read it: with its file's name, where that says more.

    `Overview` of `travel_policy_2021.md` is `Overview (travel policy 2021)`. A record, or another part of a file, has
    its title alone.
    """
    if not document.path or document.name is not None or "#" in document.uri:
        return document.title
    words = _WORD.findall(PurePosixPath(document.path).stem)[:MOST_CHARACTERS]
    said = [word.casefold() for word in _WORD.findall(folded(document.title))]
    run = "".join(said)
    new = [word for word in words if not _is_said(word.casefold(), said, run)]
    name = " ".join(words)[:MOST_CHARACTERS]
    return f"{document.title} ({name})" if document.title and new else document.title


def _is_said(word: str, said: list[str], run: str) -> bool:
    """Tells whether a title says a word of a name, or the word says nothing."""
    if word in _SAYS_NOTHING or _BY_MACHINE.fullmatch(word):
        return True
    return word in said or (len(word) >= LEAST_WITHIN and word in run)
