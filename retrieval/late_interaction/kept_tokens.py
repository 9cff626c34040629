"""Chooses the tokens of a text that are compared, or kept: those of its content words, or all."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.lexical.bm25 import content_words
from passagework.retrieval.types import Tokens

TokenMask: TypeAlias = NDArray[np.bool_]
"""(tokens,) bool."""


class KeptTokens(str, Enum):
    """Names the tokens of a passage whose vectors a collection keeps."""

    ALL = "all"
    CONTENT_WORDS = "content words"  # no stop words, no punctuation: a query's are left out too

    def mask(self, text: str, tokens: Tokens) -> TokenMask:
        """Tells which tokens of the text are kept."""
        return np.ones(len(tokens), dtype=np.bool_) if self is KeptTokens.ALL else content_word_tokens(text, tokens)


def content_word_tokens(text: str, tokens: Tokens, is_common: Callable[[str], bool] = lambda _: False) -> TokenMask:
    """Tells which tokens belong to content words that are not common in the collection; all, where there are none."""
    words = content_words(text)
    chosen = [match for match in words if not is_common(match[0])] or words
    starts = np.array([match.start() for match in chosen], dtype=np.int64)
    ends = np.array([match.end() for match in chosen], dtype=np.int64)
    behind = np.searchsorted(ends, tokens.starts, "right")  # the first word that ends behind the token's start
    mask = behind < len(chosen)
    mask[mask] = starts[behind[mask]] < tokens.ends[mask]
    return mask if mask.any() else ~mask


def aligned_mask(mask: TokenMask, tokens: Tokens, ids: NDArray[np.int32]) -> TokenMask:
    """Returns the mask of a text's tokens for the ids that were read of the same text, tokenised in parts.

    Where the parts met the tokens may be others: what is between the equal ones before and behind is kept.
    """
    if np.array_equal(tokens.ids, ids):
        return mask
    shorter = min(len(ids), len(tokens))
    before = int(np.argmin(np.append(tokens.ids[:shorter] == ids[:shorter], False)))
    rest = shorter - before
    same = tokens.ids[len(tokens) - rest :] == ids[len(ids) - rest :]
    behind = int(np.argmin(np.append(same[::-1], False)))
    between = np.ones(len(ids) - before - behind, dtype=np.bool_)
    return np.concatenate([mask[:before], between, mask[len(mask) - behind :]])
