"""Stems of words in languages other than English, by the algorithms of Snowball (Porter 2001).

English has FTS5's own Porter stems, which stand in every text index.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.metadata import version

_ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "es": "spanish",
    "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali",
    "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

STEMMED = frozenset(_ALGORITHMS)
"""The languages whose words are stemmed, by their codes (ISO 639-1)."""


def stem(word: str, language: str) -> str:
    """Returns the stem of a word in a language; as it is where that is none of STEMMED, or the word none of letters."""
    if language not in STEMMED or not _is_of_letters(word):
        return word
    return _stemmer(language)(word.lower()) or word


def stems_version() -> str:
    """Returns what tells stems apart that another version of the algorithms made."""
    return f"snowball {version('snowballstemmer')}"


def _is_of_letters(word: str) -> bool:
    """Tells whether a word is of letters, and of marks, as in Hindi."""
    return word.isalpha() or not (word.isascii() or any(character.isdigit() or character == "_" for character in word))


@lru_cache(maxsize=len(_ALGORITHMS))
def _stemmer(language: str) -> Callable[[str], str]:
    # By its own module: the package's `stemmer` prefers a C library, whose algorithms may be of another version.
    name = _ALGORITHMS[language]
    try:
        module = import_module(f"snowballstemmer.{name}_stemmer")
    except ImportError:  # older versions know fewer languages
        return lambda word: word
    algorithm = getattr(module, f"{name.title()}Stemmer")()
    return lru_cache(maxsize=100_000)(algorithm.stemWord)
