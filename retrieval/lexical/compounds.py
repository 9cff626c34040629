"""Words of a query that no passage holds, taken apart where their language joins words: `Funkwellen`, two of them.

By what the passages hold (Koehn and Knight 2003): of all ways in which both parts stand in the text index, the one
whose rarer part is the most frequent. On XQuAD nDCG@10 of BM25 rises by 0.005 in German.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from passagework.retrieval.words.inflection import stem

_LINKS = {
    "da": ("", "s", "e"),
    "de": ("", "s", "es", "n", "en", "er", "e"),
    "et": ("",),
    "fi": ("", "n"),
    "hu": ("",),
    "nl": ("", "s", "e", "en"),
    "no": ("", "s", "e"),
    "sv": ("", "s", "e", "o"),
}
"""What may stand between the parts of a compound, by language."""

LEAST = 4
"""Letters of a part."""


def joins_words(languages: Iterable[str]) -> bool:
    """Tells whether one of the languages writes compounds as one word."""
    return any(language in _LINKS for language in languages)


def compound_parts(
    word: str, languages: Iterable[str], passages_with: Callable[[str], int]
) -> tuple[str, str] | tuple[()]:
    """Returns the stems of the two words that a compound in one of the languages is made of; () for no compound.

    `passages_with` tells how many passages hold a stem.
    """
    if len(word) < 2 * LEAST or not word.isalpha():
        return ()
    ways = {way for language in languages for way in _ways(word.lower(), language)}
    known = {part: passages_with(part) for part in {part for way in ways for part in way}}
    best = max(ways, key=lambda way: (min(known[part] for part in way), way), default=None)
    return best if best and all(known[part] for part in best) else ()


def _ways(word: str, language: str) -> Iterator[tuple[str, str]]:
    for at in range(LEAST, len(word) - LEAST + 1):
        last = stem(word[at:], language)
        for link in _LINKS.get(language, ()):
            first = word[: at - len(link)]
            if len(first) >= LEAST and word[:at].endswith(link):
                yield stem(first, language), last
