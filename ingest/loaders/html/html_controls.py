"""What the controls of a page's forms show: their values, marks and choices (HTML Living Standard, 4.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import Tag

_MARKS = {True: "\u2612", False: "\u2610"}
_NO_VALUES = frozenset(
    {"hidden", "password", "submit", "reset", "button", "image", "file", "color", "range", "search"}
)  # fmt: skip
"""Inputs whose values a reader doesn't see, or that are there to be pressed or filled in."""


def shown_value(control: Tag) -> str:
    """Returns what an `input` shows: its value, or whether it is ticked."""
    kind = str(control.get("type") or "text").strip().lower()
    if kind in ("checkbox", "radio"):
        return _MARKS["checked" in control.attrs]
    return "" if kind in _NO_VALUES else " ".join(str(control.get("value") or "").split())


def shown_option(choice: Tag) -> Tag | None:
    """Returns the one option that a closed `select` shows; None where it is a list that shows them all, or has none."""
    size = str(choice.get("size") or "1").strip()
    if "multiple" in choice.attrs or size not in ("0", "1"):
        return None
    options = choice.find_all("option")
    chosen = [option for option in options if "selected" in option.attrs]
    return chosen[-1] if chosen else next((option for option in options if "disabled" not in option.attrs), None)
