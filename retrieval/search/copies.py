"""Tells copies of a text, which say nothing that the text doesn't say, from texts that only look like it.

The same page as HTML, EPUB and PDF, boilerplate that stands in every file, a file that lies in fifteen folders: their
passages differ in case, white space, punctuation and forms of letters, in words that a line's end broke, and in where
they are cut. Where a word is more, less or another, something else may be said ("hardly", "it is false that"), however
much the rest is alike: no list of such words is whole.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from passagework.retrieval.words.folding import folded

SHORTEST = 5
"""Words of the shortest passage that may be a part of another."""

SKETCHED = 0.75
"""Share of the sketch of a copy that lies in any case in the sketch of what it is a copy of."""

_NUMBER = r"(?:(?<!\w)[-+])?\d+(?:[.,:/]\d+)*"
_SIGN = r"[$¢£¤¥\u20a0-\u20cf%‰°<>≤≥≠±×÷+]|!=|(?<=[\w)\]] )[*/^](?= )"
_UNSPACED = r"[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
"""One character of a script that is written without spaces: Thai to Burmese, Khmer, Kana and Han."""
_PUNCTUATION = (
    r"\s!-/:-@\[-^`{-~\xa0-\xbf\u060c\u061b\u061f\u0964\u0965\u2000-\u206f\u25a0-\u25ff\u2e00-\u2e7f\u3000-\u303f"
)
_WORD = re.compile(rf"{_NUMBER}|{_SIGN}|{_UNSPACED}|[^{_PUNCTUATION}]+")
_UNSPACED_CHARACTER = re.compile(_UNSPACED)
_ROUGH_WORD = re.compile(r"\w+")

_STATEMENT_ENDS = re.compile(r"[.!?\u2026\n\r\u061f\u0964\u3002\uff01\uff1f]")
"""Stands between two statements: what a text has beyond one is a statement of its own, and changes nothing of it."""


@dataclass(frozen=True, slots=True)
class PassageWords:
    """Holds the words of a passage in the form in which copies are compared, and which of them begin a statement."""

    words: tuple[str, ...]
    begins: tuple[bool, ...]

    @classmethod
    def of(cls, text: str) -> PassageWords:
        """Returns a text's words in lower case and plain letters, without punctuation, where there is anything else."""
        plain = _plain(text)
        found = list(_WORD.finditer(plain))
        if not found:
            words = tuple(plain.split())
            return cls(words, (True,) * len(words))
        ends = [0, *(match.end() for match in found)]
        between = (plain[end : match.start()] for end, match in zip(ends, found, strict=False))
        begins = tuple(not at or bool(_STATEMENT_ENDS.search(gap)) for at, gap in enumerate(between))
        return cls(tuple(match[0] for match in found), begins)

    def similarity(self, other: PassageWords) -> float:
        """Returns how much of this passage the other says (0 to 1), and 0 where the other is no copy of it.

        A copy is equal word for word to some whole statements of it, but for words that a line's end broke in two. Of a
        passage of fewer than SHORTEST words, and of one without words, only its equal is a copy.
        """
        if self.words == other.words:
            return 1.0
        if len(other.words) < SHORTEST:
            return 0.0
        whole, part = "".join(self.words), "".join(other.words)
        starts = [0, *accumulate(map(len, self.words))]
        place = whole.find(part)
        while place >= 0:
            first, last = bisect_left(starts, place), bisect_left(starts, place + len(part))
            stands_alone = starts[first] == place and starts[last] == place + len(part)
            if stands_alone and self.begins[first] and (last == len(self.words) or self.begins[last]):
                return len(part) / len(whole)
            place = whole.find(part, place + 1)
        return 0.0


def sketch_of(text: str) -> frozenset[str]:
    """Returns the words of a text, each once and roughly told apart: a tenth of the work that `PassageWords.of` is.

    Of a copy's words, the text that it is a copy of has SKETCHED at least.
    """
    plain = _plain(text)
    unspaced = not plain.isascii() and _UNSPACED_CHARACTER.search(plain)
    return frozenset((_WORD if unspaced else _ROUGH_WORD).findall(plain) or plain.split())


def _plain(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", folded(text)).replace("\u2212", "-")
    return text.casefold()
