"""Which texts an encoder knows little of, by their letters and by its unknown tokens."""

from __future__ import annotations

import pytest

from passagework import BiEncoder
from passagework.retrieval.models.known_languages import knows_little_of, language_notes, unknown_count
from tests.support.fakes import FakeEncoder


@pytest.mark.parametrize(
    ("text", "little"),
    [
        ("The sky is blue.", False),
        ("Der Himmel über der Stadt", False),  # Latin letters: can't be told of a short text
        ("Синее небо над городом", True),
        ("ท้องฟ้าเป็นสีฟ้า", True),
        ("天空是蓝色的", True),
        ("paid 120 € on 3 May 2024", False),
        ("Π equals 3.14159, as everybody knows", False),
        ("", False),
    ],
)
def test_the_default_encoder_knows_english(text: str, little: bool) -> None:
    """Half of the letters decide, or half of the tokens."""
    assert knows_little_of(BiEncoder.load(), text) is little


def test_what_is_not_known_of_a_model_is_not_claimed() -> None:
    """Of an encoder without facts and without an unknown token nothing is told."""
    assert not knows_little_of(FakeEncoder(), "Синее небо")
    assert language_notes("m", 0, 3) == ()
    assert language_notes("m", 2, 3) == (
        "m knows little of the language of 2 of 3 texts: what is told of them means little",
    )


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Where is the observatory?", 0),
        ("a b c", 0),  # letters that are words
        ("HNF4A and qzx", 3),  # a word that is spelt; one that is partly so is known in part
        ("Синее небо", 9),
        ("מהי בירת צרפת", 11),
        ("天空", 0),  # each letter may be a word
        ("\u0e17\u0e49\u0e2d\u0e07\u0e1f\u0e49\u0e32", 1),  # one unknown token
    ],
)
def test_words_that_are_spelt_are_not_known(text: str, unknown: int) -> None:
    """Tokens of a letter each, in a word of several, tell nothing, as unknown ones don't."""
    encoder = BiEncoder.load()
    assert unknown_count(encoder, text, encoder.tokenize([text])[0]) == unknown
