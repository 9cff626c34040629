"""Rules of the tokens that are compared or kept: those of content words, whatever way a text was tokenised."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from passagework.retrieval.late_interaction.kept_tokens import KeptTokens, aligned_mask, content_word_tokens
from passagework.retrieval.lexical.bm25 import content_words
from passagework.retrieval.types import Tokens
from tests.support.fakes import FakeEncoder

TEXTS = st.text("ab the of. ,-'US", max_size=60)


def cut(text: str, places: list[int]) -> Tokens:
    """The text in tokens that end at these places, whatever the words."""
    ends = sorted({min(place, len(text)) for place in places} - {0})
    starts = [0, *ends[:-1]] if ends else []
    return Tokens(
        np.arange(len(ends), dtype=np.int32), np.array(starts, dtype=np.int32), np.array(ends, dtype=np.int32)
    )


@given(TEXTS, st.lists(st.integers(0, 60), max_size=30), st.sampled_from(["", "a", "the"]))
def test_tokens_of_content_words(text: str, places: list[int], common: str) -> None:
    """Those that share a character with one that isn't common; all, where there are none."""
    tokens = cut(text, places)
    words = content_words(text)
    chosen = [word for word in words if word[0] != common] or words
    expected = [
        any(word.start() < end and start < word.end() for word in chosen)
        for start, end in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)
    ]
    if not any(expected):
        expected = [True] * len(tokens)
    assert content_word_tokens(text, tokens, lambda word: word == common).tolist() == expected


def test_what_is_kept() -> None:
    """No stop words, no punctuation; or all."""
    text = "The ferry, to the US: it is late."
    (tokens,) = FakeEncoder().tokenize([text])
    words = [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)]
    kept = KeptTokens.CONTENT_WORDS.mask(text, tokens)
    assert [word for word, chosen in zip(words, kept, strict=True) if chosen] == ["ferry", "US", "late"]
    assert KeptTokens.ALL.mask(text, tokens).all()


@given(st.lists(st.integers(0, 3), max_size=8), st.lists(st.integers(0, 3), max_size=8), st.data())
def test_masks_are_aligned(one: list[int], other: list[int], data: st.DataObject) -> None:
    """Tokens equal before and behind keep what was said of them; what is between is kept, and nothing is left over."""
    ids = np.array(other, dtype=np.int32)
    tokens = Tokens(np.array(one, dtype=np.int32), *np.zeros((2, len(one)), dtype=np.int32))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(one), max_size=len(one))), dtype=np.bool_)
    found = aligned_mask(mask, tokens, ids)
    assert found.shape == ids.shape
    same = min(len(one), len(other))
    before = next((place for place in range(same) if one[place] != other[place]), same)
    assert found[:before].tolist() == mask[:before].tolist()
    rest = same - before
    behind = next((place for place in range(rest) if one[-1 - place] != other[-1 - place]), rest)
    assert found[len(other) - behind :].tolist() == mask[len(one) - behind :].tolist()
    assert found[before : len(other) - behind].all()
