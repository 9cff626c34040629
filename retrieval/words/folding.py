"""Folds a text to the characters that people type: what the text index and the models read, never what is stored.

Soft hyphens and characters of no width go; ligatures, full-width letters, presentation forms of Arabic and letters of
mathematics become plain ones (the compatibility mappings of Unicode, UAX 15); exponents, note marks and fractions stay
apart from the number before them: `10⁶` is `10^6`, `3½` is `3 1/2`, and `m²` and `H₂O` are `m2` and `H2O`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Origins = NDArray[np.int64]
"""(n,) int64, a place in the text before folding for each character after it."""

MOST = 4
"""The most characters that one becomes; what would be more stays as it is."""

_LETTERS = (
    "\u0132\u0133\u013f\u0140\u0149\u017f\u01c4-\u01cc\u01f1-\u01f3"  # Latin digraphs and the long s
    "\u2080-\u2089\u2102-\u2138\u2145-\u2149\u2160-\u217f"  # digits below the line, letters as symbols, Roman numbers
    "\u2e9f\u2ef3\u2f00-\u2fd5\uf900-\ufaff"  # radicals and doubles of ideographs
    "\ufb00-\ufb4f\ufb50-\ufdfb\ufe70-\ufefc"  # ligatures, presentation forms of Hebrew and Arabic
    "\uff01-\uff9f\uffa0-\uffdc\uffe0-\uffe6"  # full width and half width
    "\U0001d400-\U0001d7ff"  # letters of mathematics
)
_UNBROKEN = "\u0600-\u06ff\u0750-\u077f\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff"
"""Behind these, a character of no width parts words: in Persian those of a compound, in Khmer or Thai any."""
_RAISED = "\u00b2\u00b3\u00b9\u2070\u2074-\u2079"
_FRACTIONS = "\u00bc-\u00be\u2150-\u215e\u2189"
_NOTHING = "\u00ad\u034f\u061c\u0640\u180e\u200e-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_ANY = re.compile(f"[{_LETTERS}{_RAISED}{_FRACTIONS}{_NOTHING}\u200b-\u200d]")
"""Found in few texts, and ten times as quickly as what tells what it is."""
_FOLDED = re.compile(
    f"(?P<raised>(?:(?<=\\d)|(?<=[^\\W\\d_]{{3}}))[\u207a\u207b]?[{_RAISED}]+)"
    f"|(?P<square>[{_RAISED}])"
    f"|(?P<fraction>[{_FRACTIONS}])"
    "|(?P<voiced>[\uff66-\uff9d][\uff9e\uff9f])"
    f"|(?P<letter>[{_LETTERS}])"
    f"|[{_NOTHING}]"
    f"|(?<![{_UNBROKEN}])[\u200b\u200c]"
    "|(?<=\\w)\u200d"  # the one that joins pictures stays
)


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A folded text, and for each of its characters where in the original that begins and ends which it stands for."""

    text: str
    starts: Origins
    ends: Origins

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Returns the places in the original of `[start, end)`, which isn't empty."""
        return int(self.starts[start]), int(self.ends[end - 1])

    def original_spans(self, starts: NDArray[np.integer], ends: NDArray[np.integer]) -> tuple[Origins, Origins]:
        """Returns the same of many spans; those that are empty stay so."""
        begins = np.append(self.starts, self.ends[-1:] if len(self.ends) else 0)[starts]
        closes = np.concatenate([[0], self.ends])[ends]
        return begins, np.where(starts == ends, begins, closes)


def folded(text: str) -> str:
    """Returns the text as people type it."""
    return text if text.isascii() or _ANY.search(text) is None else _FOLDED.sub(_replacement, text)


def folded_with_origins(text: str) -> Folded | None:
    """Returns the same with the place that each character comes from; None where nothing changes."""
    if text.isascii() or _ANY.search(text) is None:
        return None
    parts: list[str] = []
    lengths: list[int] = []  # of each part, by turns what stays and what was folded
    edges = [0]
    for match in _FOLDED.finditer(text):
        kept, made = text[edges[-1] : match.start()], _replacement(match)
        parts += (kept, made)
        lengths += (len(kept), len(made))
        edges += (match.start(), match.end())
    parts.append(text[edges[-1] :])
    lengths.append(len(parts[-1]))
    edges.append(len(text))
    begins, counts = np.array(edges[:-1], np.int64), np.array(lengths, np.int64)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    is_kept = np.repeat(np.arange(len(counts)) % 2 == 0, counts)
    starts = np.repeat(begins, counts) + np.where(is_kept, within, 0)
    ends = np.where(is_kept, starts + 1, np.repeat(np.array(edges[1:], np.int64), counts))
    return Folded("".join(parts), starts, ends)


def _replacement(match: re.Match[str]) -> str:
    found = match[0]
    match match.lastgroup:
        case "raised":
            return f"^{unicodedata.normalize('NFKC', found)}"
        case "fraction":
            apart = " " if match.string[match.start() - 1 : match.start()].isdigit() else ""
            return apart + unicodedata.normalize("NFKC", found).replace("\u2044", "/")
        case "square" | "voiced":
            return unicodedata.normalize("NFKC", found)
        case "letter":
            return _letter(found)
        case _:
            return ""


@lru_cache(maxsize=10_000)
def _letter(character: str) -> str:
    """Returns what a letter is made of; signs that are not letters, and what is long, stay as they are."""
    plain = unicodedata.normalize("NFKC", character)
    wide = "\uff01" <= character <= "\uff5e"
    is_word = all(part.isalnum() or unicodedata.combining(part) for part in plain)
    return plain if len(plain) <= MOST and (wide or is_word) else character
