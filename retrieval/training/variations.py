"""Makes queries of other kinds from pairs by rule: people also type keywords, make errors, and state claims.

A model trained on well-formed questions alone loses on the rest, so training sees every kind.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from passagework.retrieval.lexical.bm25 import content_words
from passagework.retrieval.training.pairs import Pair

SENTENCE = re.compile(r"[^.!?]+(?:[.!?]+(?=\s|$)|$)")
QUESTION_WORDS = re.compile(
    r"\b(?:(?:in|at|on|by|to|for|from) )?(?:what|which|who|whom|whose|when|where|how (?:many|much|long|old|far)|how)\b"
    r"(?: (?:year|day|date|time|month|name|type|kind|number|percentage) )?",
    re.IGNORECASE,
)
AUXILIARY = re.compile(r"\b(?:did|does|do)\b ?", re.IGNORECASE)

SHARES = {"given": 0.5, "keywords": 0.14, "claim": 0.12, "sentence": 0.12, "typos": 0.06, "dropped": 0.06}
"""Shares of the pairs by the kind that each is turned into; a pair that can't be turned stays as it is."""


def varied(pairs: Iterable[Pair], *, seed: int) -> Iterator[Pair]:
    """Yields every pair, each turned into one kind of SHARES at random; the same seed gives the same."""
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    kinds, weights = list(SHARES), list(SHARES.values())
    for pair in pairs:
        (kind,) = draw.choices(kinds, weights)
        variation = MAKERS[kind](pair, draw) if kind in MAKERS and pair.kind == "given" else None
        yield variation or pair


def keywords(pair: Pair, draw: random.Random) -> Pair | None:
    """Returns the query's content words as one types them to search: often reordered, sometimes with the title."""
    words = [match[0] for match in content_words(pair.query)]
    if len(words) < 2:
        return None
    if draw.random() < 0.3:
        draw.shuffle(words)
    words = words[: draw.randint(2, 6)]
    title = [pair.title] if pair.title and draw.random() < 0.25 else []
    return replace(pair, query=" ".join([*title, *words]).lower(), kind="keywords")


def claim(pair: Pair, _: random.Random) -> Pair | None:
    """Returns the query with its first answer where it asks: `In 1912 sank the Titanic`; None without answers."""
    question_word = QUESTION_WORDS.search(pair.query)
    if not pair.answers or question_word is None:
        return None
    answer = min(pair.answers, key=len)
    stated = pair.query[: question_word.start()] + f"{answer} " + pair.query[question_word.end() :].lstrip()
    stated = AUXILIARY.sub("", stated, count=1).rstrip(" ?") + "."
    return replace(pair, query=" ".join(stated.split()), kind="claim")


def sentence(pair: Pair, draw: random.Random) -> Pair | None:
    """Takes a sentence out of the positive as the query (inverse cloze task, Lee, Chang and Toutanova 2019)."""
    whole = [match for match in SENTENCE.finditer(pair.positive) if 6 <= len(match[0].split()) <= 60]
    if len(whole) < 3:
        return None
    chosen = draw.choice(whole)[0].strip()
    return replace(pair, query=chosen, answers=(), hidden=chosen if draw.random() < 0.9 else "", kind="sentence")


def typos(pair: Pair, draw: random.Random) -> Pair | None:
    """Makes one or two typing errors: letters swapped, dropped or doubled inside a longer word."""
    words = pair.query.split(" ")
    long = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return None
    for place in draw.sample(long, min(len(long), draw.randint(1, 2))):
        word = words[place]
        at = draw.randint(1, len(word) - 2)
        words[place] = draw.choice(
            (
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
            )
        )
    return replace(pair, query=" ".join(words), kind="typos")


def dropped(pair: Pair, draw: random.Random) -> Pair | None:
    """Returns the query without a fifth of its words."""
    words = pair.query.split()
    if len(words) < 5:
        return None
    remaining = [word for word in words if draw.random() > 0.2]
    return replace(pair, query=" ".join(remaining), kind="dropped") if remaining and remaining != words else None


MAKERS: dict[str, Callable[[Pair, random.Random], Pair | None]] = {
    "keywords": keywords,
    "claim": claim,
    "sentence": sentence,
    "typos": typos,
    "dropped": dropped,
}
