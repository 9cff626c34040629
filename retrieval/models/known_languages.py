"""Tells texts of which an encoder knows little, so that what it makes of them isn't taken for more than it is."""

from __future__ import annotations

import unicodedata

import numpy as np

from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.recognition import facts_of
from passagework.retrieval.text import counted

ENGLISH = "en"


def knows_little_of(encoder: Encoder, text: str) -> bool:
    """Tells whether half of a text's tokens are unknown, or most letters not Latin and the encoder's language English.

    Another language in Latin letters can't be told of a short text.
    """
    ids = encoder.tokenize([text])[0].ids
    unknown = 0 if encoder.unknown_token is None else int(np.count_nonzero(ids == encoder.unknown_token))
    if 2 * unknown >= max(1, len(ids)):
        return True
    facts = facts_of(encoder.fingerprint.model)
    letters = [letter for letter in text if letter.isalpha()]
    foreign = sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return facts is not None and facts.languages == ENGLISH and 2 * foreign > len(letters)


def language_notes(encoder: str, strange: int, texts: int) -> tuple[str, ...]:
    """Returns a line on how many of some texts an encoder of this name knows little of; none where it knows all."""
    told = f"{encoder} knows little of the language of {strange:,} of {counted(texts, 'text')}"
    return (f"{told}: what is told of them means little",) if strange else ()
