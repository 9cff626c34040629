"""Searches a collection that is at hand, query after query: what `passagework` does without a command."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from passagework.retrieval.config import default_collection
from passagework.retrieval.folder import CURRENT


def collection_at_hand(folder: Path) -> Path | None:
    """Returns the collection that the environment names, else `folder` where it is one, else the only one in it."""
    if (named := default_collection()) is not None:
        return named
    if (folder / CURRENT).is_file():
        return folder
    inside = sorted(path.parent for path in folder.glob(f"*/{CURRENT}"))
    return inside[0] if len(inside) == 1 else None


def search_on(collection: Path) -> None:
    """Asks for queries at a terminal, or reads them a line each, and prints what answers, until there is none."""
    from passagework.ui.commands.output import print_message, print_result
    from passagework.ui.commands.searching import highlights_of_hits, open_collection
    from passagework.ui.present import show_hits

    with open_collection(collection) as opened:
        if sys.stdin.isatty():
            print_message(f"searching {collection}; an empty line ends it, passagework --help lists the commands")
        while query := _next_query():
            hits = opened.search(query)
            print_result(None, False, partial(show_hits, hits=hits, highlights=highlights_of_hits(opened, hits)))


def _next_query() -> str:
    """Returns the next query; "" where there is none."""
    try:
        return input("search: " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""
