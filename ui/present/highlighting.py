"""Finds the words of a passage that match the query, and the sentence that answers it best."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from passagework.retrieval.lexical.bm25 import matching_spans
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.words.sentences import sentence_spans

Span = tuple[int, int]

SENTENCES = 40
"""The most sentences of a passage that are compared with the query: a table has hundreds of lines."""

LEAST_WORDS = 4
_NUMBERED = re.compile(r"^[0-9]+(\.[0-9]+)*\.?\s")
"""A heading's number."""
_SAYING = re.compile(r"[.!?;:…।。！？|0-9]|\w,")


@dataclass(frozen=True, slots=True)
class Highlights:
    """Offsets into one text: matching `words` in order, and the `best` sentence where there are several."""

    words: tuple[Span, ...] = ()
    best: Span | None = None


def highlights_of(
    query: str, texts: Sequence[str], encoder: Callable[[], Encoder] | None, languages: Sequence[str] = ()
) -> list[Highlights]:
    """Returns the highlights of each text; sentences are compared by meaning with `encoder`, else by matching words.

    `languages` are those by whose stems words were looked for.
    """
    words = matching_spans(query, texts, languages)
    sentences = [_candidate_sentences(text) for text in texts]
    if encoder is None:
        best = [_by_words(spans, word_spans) for spans, word_spans in zip(sentences, words, strict=True)]
    else:
        best = _by_meaning(query, texts, sentences, encoder)
    return [Highlights(tuple(word_spans), best_sentence) for word_spans, best_sentence in zip(words, best, strict=True)]


def _candidate_sentences(text: str) -> list[Span]:
    """Returns the first sentences, less headings where there is anything else; none where there is no choice."""
    spans = sentence_spans(text)
    candidates = [(start, end) for start, end in spans if _is_statement(text[start:end])] or spans
    return candidates[:SENTENCES] if len(spans) > 1 else []


def _is_statement(sentence: str) -> bool:
    """Tells whether a sentence is more than a heading: several words, and an end or a number or the bars of a table."""
    text = _NUMBERED.sub("", sentence)
    return len(text.split()) >= LEAST_WORDS and not text.startswith("#") and bool(_SAYING.search(text))


def _by_words(sentences: Sequence[Span], words: Sequence[Span]) -> Span | None:
    """Returns the sentence with most matching words, the first of equals."""
    counts = [sum(start <= word[0] < end for word in words) for start, end in sentences]
    most = max(counts, default=0)
    return sentences[counts.index(most)] if most else None


def _by_meaning(
    query: str, texts: Sequence[str], sentences: Sequence[Sequence[Span]], encoder: Callable[[], Encoder]
) -> list[Span | None]:
    """Returns the sentence nearest to the query, the first of equals; without sentences no model is loaded."""
    pieces = [text[start:end] for text, spans in zip(texts, sentences, strict=True) for start, end in spans]
    if not pieces:
        return [None for _ in texts]
    loaded = encoder()
    cosines = loaded.encode_passages(pieces) @ loaded.encode_queries([query])[0]
    best: list[Span | None] = []
    position = 0
    for spans in sentences:
        best.append(spans[int(np.argmax(cosines[position : position + len(spans)]))] if spans else None)
        position += len(spans)
    return best
