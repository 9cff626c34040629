"""Tells texts of which an encoder knows little, so that what it makes of them isn't taken for more than it is."""

from __future__ import annotations

import unicodedata

import numpy as np

from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.recognition import facts_of
from passagework.retrieval.text import counted
from passagework.retrieval.types import Tokens

ENGLISH = "en"

WORD_LETTERS = ("CJK", "HIRAGANA", "KATAKANA")
"""Begin the names of letters of which each may be a word."""


def unknown_count(encoder: Encoder, text: str, tokens: Tokens) -> int:
    """Returns how many of a text's tokens the encoder knows nothing of.

    These are unknown tokens, and those of words that it can only spell, a letter a token: so do tokenisers of English
    with words of Arabic.
    """
    unknown = 0 if encoder.unknown_token is None else int(np.count_nonzero(tokens.ids == encoder.unknown_token))
    return unknown + _spelt(text, tokens, encoder.unknown_token)


def _spelt(text: str, tokens: Tokens, unknown: int | None) -> int:
    """Returns the tokens of words of two letters or more of which every token is one letter."""
    spelt = length = last = 0
    letters = False
    for token, start, end in zip(tokens.ids.tolist(), tokens.starts.tolist(), tokens.ends.tolist(), strict=True):
        if start != last or not length:
            spelt += length if letters and length > 1 else 0
            length, letters = 0, True
        length, last = length + 1, end
        letters = letters and end - start == 1 and token != unknown and _is_spelling(text[start])
    return spelt + (length if letters and length > 1 else 0)


def _is_spelling(character: str) -> bool:
    """Tells whether a character is a letter, or a mark on one, that is no word."""
    return unicodedata.category(character)[0] in "LM" and not unicodedata.name(character, "").startswith(WORD_LETTERS)


def knows_little_of(encoder: Encoder, text: str) -> bool:
    """Tells whether half of a text's tokens are unknown, or most letters not Latin and the encoder's language English.

    Another language in Latin letters can't be told of a short text.
    """
    tokens = encoder.tokenize([text])[0]
    if 2 * unknown_count(encoder, text, tokens) >= max(1, len(tokens)):
        return True
    facts = facts_of(encoder.fingerprint.model)
    letters = [letter for letter in text if letter.isalpha()]
    foreign = sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return facts is not None and facts.languages == ENGLISH and 2 * foreign > len(letters)


def language_notes(encoder: str, strange: int, texts: int) -> tuple[str, ...]:
    """Returns a line on how many of some texts an encoder of this name knows little of; none where it knows all."""
    told = f"{encoder} knows little of the language of {strange:,} of {counted(texts, 'text')}"
    return (f"{told}: what is told of them means little",) if strange else ()
