"""Words that tell a group of texts from the others."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from passagework.retrieval.lexical.bm25 import STOP_WORDS

WORDS = 4
"""Words that name a group."""

LEAST_SHARE = 0.1
"""The least share of a group's texts that have a word which names it, beside the two that must."""

_WORD = re.compile(r"[^\W\d_]{3,}")


def telling_words(groups: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Returns up to four words for each group of texts, the most telling first, as they are mostly written.

    A word tells by how many more of the group's texts have it than of all: its share times the logarithm of that share
    over all texts', the part of the group's mutual information that its presence makes.
    """
    counts = [Counter(word for text in texts for word in _words(text)) for texts in groups]
    written = Counter(match for texts in groups for text in texts for match in _WORD.findall(text))
    spelled = {word.casefold(): word for word, _ in sorted(written.items(), key=lambda item: (item[1], item[0]))}
    overall: Counter[str] = sum(counts, Counter())
    total = sum(map(len, groups))
    named = []
    for texts, own in zip(groups, counts, strict=True):
        least = max(min(2, len(texts)), LEAST_SHARE * len(texts))
        scores = {
            word: count / len(texts) * math.log(count / len(texts) / (overall[word] / total))
            for word, count in own.items()
            if count >= least
        }
        best: list[str] = []
        for word in sorted(scores, key=lambda word, scores=scores: (-scores[word], word)):  # type: ignore[misc]
            if scores[word] > 0 and not any(word.startswith(other) or other.startswith(word) for other in best):
                best.append(word)  # else another form of a word that is there
        named.append(tuple(spelled[word] for word in best[:WORDS]))
    return named


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)} - STOP_WORDS
