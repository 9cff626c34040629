"""What pictures of a page say in words: the text that their authors gave for readers who don't see them."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from passagework.retrieval.words.unspaced import RUN

if TYPE_CHECKING:
    from bs4 import Tag

_WORD = re.compile(r"[^\W\d_]{2,}")
_FILE = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?)$"
    r"|^(?:img|dsc|image|photo|picture|screen ?shot)(?:[\W\d_]|\b(?:at|am|pm)\b)*$",
    re.IGNORECASE,
)
_LEAST_RUN = 4
"""Characters of a script without blanks that say as much as two words."""
_SIGNS = frozenset({"logo", "icon", "avatar", "badge", "emoji", "spacer", "thumbnail", "banner"})
_SIGN_WORDS = 4
_ICON = 32
"""Pixels: what is as small stands for a word that is beside it."""
_AROUND = frozenset({"figure", "a", "picture", "button", "p", "td", "th", "li"})
_PARTS = 60
"""Elements and texts around a picture among which its description is looked for: a page may be pictures alone."""


def described(picture: Tag) -> str:
    """Returns what an `img` says in place of itself: an emoji, or words that say what is to be seen; else "".

    Names of files, logos, icons and badges say nothing of a page's matter, nor does a description that a caption or a
    link has again.
    """
    alt = " ".join(str(picture.get("alt") or "").split())
    if not alt or str(picture.get("role") or "").lower() in ("presentation", "none"):
        return ""
    words = [word.lower() for word in _WORD.findall(alt)]
    if not words and len(alt) <= _SIGN_WORDS and not alt.isascii():
        return alt
    says = len(words) > 1 or any(len(run) >= _LEAST_RUN for run in RUN.findall(alt))
    if not says or _FILE.search(alt) or any(_pixels(picture, side) <= _ICON for side in ("width", "height")):
        return ""
    if len(words) <= _SIGN_WORDS and not _SIGNS.isdisjoint(words):
        return ""
    if "badge" in str(picture.get("src") or "") or alt.casefold() in _said_around(picture):
        return ""
    return alt


def _pixels(picture: Tag, side: str) -> float:
    given = re.fullmatch(r"\s*(\d{1,6})(?:\.\d*)?(?:px)?\s*", str(picture.get(side) or ""))
    return float(given[1]) if given else float("inf")


def _said_around(picture: Tag) -> str:
    """The text of the figure, link or paragraph that a picture is in."""
    from bs4.element import NavigableString

    around = picture.parent
    for _ in range(3):
        if around is None or around.name not in _AROUND:
            return ""
        texts = (part for part in islice(around.descendants, _PARTS) if isinstance(part, NavigableString))
        said = " ".join(" ".join(texts).split()).casefold()
        if said:
            return said
        around = around.parent
    return ""
