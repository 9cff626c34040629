"""Tells copies of a text, which say nothing that the text doesn't say, from texts that only look like it.

The same page as HTML, EPUB and PDF, boilerplate that stands in every file, a file that lies in fifteen folders: their
passages differ in case, white space, punctuation and forms of letters, in words that a line's end broke, or in a few
words more or less. Where a number, a sign or a "not" is more or less, or one word stands in another's place, two facts
are told, however much the rest is alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from passagework.retrieval.words.folding import folded

SHINGLE = 5
"""Words of a shingle (Broder, On the resemblance and containment of documents, 1997)."""

CONTAINED = 0.9
"""Share of a passage's shingles that another must hold for the passage to be its copy."""

SKETCHED = 0.75
"""Share of the sketch of a copy that lies in any case in the sketch of what it is a copy of."""

MOST_NEW = 5
"""Words in a row that a copy may have and the other lacks: a running header, and no whole statement."""

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

_NEGATION = "|".join(
    (
        "not|no|nor|none|never|neither|nothing|nobody|nowhere|cannot|without|except|unless|excluding|only",  # English
        "nicht|kein|keine[mnrs]?|nie|niemals|nichts|niemand|ohne|weder|nur|ausser",  # German
        "ne|pas|jamais|rien|aucune?|sans|ni|non|sauf",  # French
        "nunca|jamás|nada|nadie|ningún|ninguna|sin|salvo|não|nem|nenhuma?|sem|mai|senza|nessuna?",  # Spanish to Italian
        "niet|geen|nooit|niets|zonder|inte|ingen|inget|aldrig|utan|ikke|aldri|uten|uden|ei",  # Dutch to Finnish
        "не|нет|ни|без|никогда|nie|bez|nigdy|není|nem|nincs|değil|yok|hayır",  # Russian to Turkish
        "لا|لم|لن|ليس|غير|بدون|नहीं|न|मत|बिना|안|못",  # Arabic, Hindi, Korean
        "[不没沒未非無无勿莫]|な い|ま せ ん|ไ ม ่",  # characters and endings, each a word here
    )
)
_TELLING = re.compile(rf"\d|{_SIGN}|(?:^| )(?:{_NEGATION})(?= |$)")
"""What changes a fact when it is more or less, in words that a space parts."""


@dataclass(frozen=True, slots=True)
class PassageWords:
    """Holds the words of a passage in the form in which copies are compared."""

    words: tuple[str, ...]
    shingles: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, text: str) -> PassageWords:
        """Returns a text's words in lower case and plain letters, without punctuation, where there is anything else."""
        plain = _plain(text)
        words = tuple(_WORD.findall(plain)) or tuple(plain.split())
        return cls(words, frozenset(zip(*(words[offset:] for offset in range(SHINGLE)), strict=False)))

    def similarity(self, other: PassageWords) -> float:
        """Returns how much of the other passage this one says (0 to 1), and 0 where the other is no copy of it.

        Of a passage of fewer than SHINGLE words, and of one without words, only its equal is a copy.
        """
        if self.words == other.words:
            return 1.0
        if not other.shingles:
            return 0.0
        shared = len(other.shingles & self.shingles) / len(other.shingles)
        return shared if shared >= CONTAINED and not self._differs_from(other) else 0.0

    def _differs_from(self, other: PassageWords) -> bool:
        return any(
            (lacking and new) or len(new) > MOST_NEW or _TELLING.search(" ".join((*lacking, *new)))
            for lacking, new in _differences(self.words, other.words)
        )


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


def _differences(words: Sequence[str], others: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Yields the words that stand in one of two texts alone, and those that stand in their place in the other.

    What the first text has before and behind the second is left out, and so is a word that was broken in two.
    """
    matched = SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks()[:-1]
    at = matched[0].a if matched else 0, 0
    for block in matched:
        lacking, new = words[at[0] : block.a], others[at[1] : block.b]
        if "".join(lacking) != "".join(new):
            yield lacking, new
        at = block.a + block.size, block.b + block.size
    if at[1] < len(others):
        yield (), others[at[1] :]
