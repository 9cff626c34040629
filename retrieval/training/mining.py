"""Mines hard negatives: what the first stage finds for a query, and what doesn't answer it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.hits import Hit
from passagework.retrieval.models.reranker_input import reranker_text_of
from passagework.retrieval.text import counted
from passagework.retrieval.training.pairs import Pair, without_words
from passagework.retrieval.types import Copies, Stage, Syntax

DEPTH = 50
"""Hits of hybrid that negatives are drawn from: the reranker will read the first of them."""

NEGATIVES = 8
"""Negatives kept for a query, half of them from the first tenth of what was found."""

SAFE_SHARE = 0.95
"""The share of the positive's score above which a text, without answer strings to tell, may well answer too
(Moreira et al. 2024, NV-Retriever)."""

_SPACE = re.compile(r"\s+")


@dataclass(slots=True)
class Mined:
    """Counts how a mining went, for the report."""

    queries: int = 0
    kept: int = 0
    not_found: int = 0
    """Queries whose positive is not among the hits: a reranker would never see it."""
    without_negatives: int = 0
    filtered: int = 0
    """Hits left out because they may answer the query as well."""

    def describe(self) -> str:
        """Returns one line for people."""
        return (
            f"negatives mined for {self.kept:,} of {counted(self.queries, 'query')}; left out: "
            f"{self.not_found:,} whose positive was not found, {self.without_negatives:,} with nothing else found"
        )


def mine(
    collection: Collection,
    pairs: Sequence[Pair],
    *,
    seed: int = 0,
    negatives: int = NEGATIVES,
    progress: Callable[[int, int], None] | None = None,
    counts: Mined | None = None,
) -> Iterator[Pair]:
    """Yields pairs with their negatives, in order, as passages of the collection; those that have some pass unchanged.

    The positive becomes the best passage that is part of it (and holds an answer, where there are answers).
    """
    counts = counts if counts is not None else Mined()
    for done, pair in enumerate(pairs, start=1):
        draw = random.Random(f"{seed} {pair.document} {pair.query}")  # noqa: S311 - whatever else is mined
        mined = pair if pair.negatives else _mined(collection, pair, negatives, draw, counts)
        counts.queries += 1
        if mined is not None:
            counts.kept += 1
            yield mined
        if progress is not None:
            progress(done, len(pairs))


def _mined(collection: Collection, pair: Pair, count: int, draw: random.Random, counts: Mined) -> Pair | None:
    hits = collection.search(
        pair.query, k=DEPTH, stage=Stage.HYBRID, copies=Copies.KEEP, syntax=Syntax.PLAIN, relevance=False
    )
    whole, answers = _normalized(pair.positive), [_normalized(answer) for answer in pair.answers]
    plain = [_normalized(hit.text) for hit in hits]
    overlapping = [text in whole or whole in text for text in plain]
    answering = [not answers or any(answer in text for answer in answers) for text in plain]
    place = next((place for place in range(len(hits)) if overlapping[place] and answering[place]), None)
    if place is None:
        counts.not_found += 1
        return None
    bar = SAFE_SHARE * hits[place].score
    unrelated = [
        number for number in range(len(hits)) if not (overlapping[number] and (answering[number] or not answers))
    ]
    safe = [number for number in unrelated if not (answering[number] if answers else hits[number].score >= bar)]
    counts.filtered += len(unrelated) - len(safe)
    if not safe:
        counts.without_negatives += 1
        return None
    context, text = _parts(hits[place])
    texts = [reranker_text_of(hits[number]) for number in drawn_negatives(safe, count, draw)]
    text = without_words(pair.hidden, text)
    return replace(pair, positive=text, title=context, negatives=tuple(dict.fromkeys(texts)), hidden="")


def drawn_negatives(safe: Sequence[int], count: int, draw: random.Random) -> list[int]:
    """Returns `count` numbers of those given, nearest first: half of the nearest fifth, half of all others."""
    near = safe[: max(count, len(safe) // 5)]
    chosen = draw.sample(near, min(len(near), (count + 1) // 2))
    further = [number for number in safe if number not in chosen]
    return sorted(chosen + draw.sample(further, min(len(further), count - len(chosen))), key=safe.index)


def _parts(hit: Hit) -> tuple[str, str]:
    context = reranker_text_of(hit)[: -len(hit.text)].rstrip("\n")
    return context, hit.text


def _normalized(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()
