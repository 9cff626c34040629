"""How often Python looks for garbage: seldom while a command is loaded, as usual in what runs on."""

from __future__ import annotations

import gc

USUAL = gc.get_threshold()

SELDOM = 50_000
"""New objects until Python looks: by its own 700, 0.1 s of a search go there."""


def look_seldom() -> None:
    """Is for a command that ends soon, and for the start of one that doesn't."""
    gc.set_threshold(SELDOM)


def look_as_usual() -> None:
    """Is for what runs on: what only looking frees would pile up."""
    gc.set_threshold(*USUAL)
