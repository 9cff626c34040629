"""A text as the encoder sees it: the vectors of its tokens, where they stand, and in which sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.late_interaction.kept_tokens import content_word_tokens
from passagework.retrieval.late_interaction.token_encoder import AT_ONCE
from passagework.retrieval.models.encoder import TokenEncoder
from passagework.retrieval.models.pair_inputs import windows
from passagework.retrieval.types import Vectors
from passagework.retrieval.words.folding import folded
from passagework.retrieval.words.sentences import sentence_spans


@dataclass(frozen=True, slots=True, eq=False)
class EncodedText:
    """Holds `vectors` (n, hidden) float32, unit rows, of a text's tokens, with the code points where each stands.

    `telling` marks tokens of content words; `sentences` are `[start, end)` in code points.
    """

    text: str
    vectors: Vectors
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    telling: NDArray[np.bool_]
    sentences: tuple[tuple[int, int], ...]

    def tokens_in(self, start: int, end: int) -> NDArray[np.bool_]:
        """Tells which tokens lie in `[start, end)`."""
        return np.asarray((self.starts >= start) & (self.ends <= end))

    def mean(self, of: NDArray[np.bool_]) -> Vectors:
        """Returns the unit vector of some of its tokens, (hidden,): their mean, as the encoder pools a text."""
        total = self.vectors[of].sum(axis=0)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), dtype=np.float32)


def encoded_texts(encoder: TokenEncoder, texts: Sequence[str]) -> list[EncodedText]:
    """Returns each text encoded, to its end: what is longer than the encoder's window is read in several."""
    same_length = [text if len(plain := folded(text)) != len(text) else plain for text in texts]
    tokens = encoder.tokenize_whole(same_length)
    rows = [
        (place, slice(*span))
        for place, found in enumerate(tokens)
        for span in windows(len(found), encoder.passage_budget)
    ]
    rows = [row for row in rows if row[1].stop > row[1].start]
    parts: list[list[tuple[slice, Vectors]]] = [[] for _ in texts]
    for begin in range(0, len(rows), AT_ONCE):
        batch = rows[begin : begin + AT_ONCE]
        made = encoder.encode_token_vectors([tokens[place].ids[span] for place, span in batch])
        for (place, span), matrix in zip(batch, made, strict=True):
            parts[place].append((span, matrix))
    out = []
    for text, found, windows_of_text in zip(texts, tokens, parts, strict=True):
        telling = content_word_tokens(text, found) if len(found) else np.zeros(0, np.bool_)
        at = np.concatenate(
            [np.arange(span.start, span.stop) for span, _ in windows_of_text] or [np.zeros(0, np.int64)]
        )
        at = at.astype(np.int64)
        vectors = np.concatenate([matrix for _, matrix in windows_of_text] or [np.zeros((0, 1), np.float32)])
        spans = tuple(sentence_spans(text)) or ((0, len(text)),)
        starts, ends = found.starts[at].astype(np.int64), found.ends[at].astype(np.int64)
        out.append(EncodedText(text, vectors, starts, ends, telling[at], spans))
    return out
