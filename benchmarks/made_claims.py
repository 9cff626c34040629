"""Claims made of SQuAD, MedQuAD and PubMedQA: supported ones, and others that are wrong in a known way.

As in FactCC (Kryscinski et al. 2020), what is supported is turned wrong: answers, names, numbers and dates swapped,
negations put in or taken out, sentences whose source was taken away, and sentences of another passage.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.datasets import data_folder
from passagework.retrieval.verification.compared_facts import Fact, FactKind, facts_of
from passagework.retrieval.words.sentences import sentence_spans

SEED = 20


@dataclass(frozen=True, slots=True)
class MadeClaim:
    """Is a claim beside its source; `kind` says how it was made, `supported` whether the source says so."""

    claim: str
    source: str
    supported: bool
    kind: str


def made_claims(passages: int, *, held_out: bool = False) -> list[MadeClaim]:
    """Returns claims on so many passages of SQuAD, as many of MedQuAD, and PubMedQA; other ones where `held_out`."""
    chance = random.Random(SEED + held_out)
    made = [*_of_squad(passages, chance, held_out), *_of_medquad(passages // 2, chance, held_out)]
    made += _of_pubmedqa(chance, held_out)
    return [_disguised(claim, chance) for claim in made]


def _lines(name: str) -> list[dict[str, Any]]:
    with gzip.open(data_folder() / "pairs" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _half(rows: Sequence[dict[str, Any]], by: str, held_out: bool) -> list[dict[str, Any]]:
    """Returns the rows of one title in five where held out, else of the others."""
    titles = {title: place for place, title in enumerate(dict.fromkeys(row[by] for row in rows))}
    return [row for row in rows if (titles[row[by]] % 5 == 0) == held_out]


def _of_squad(count: int, chance: random.Random, held_out: bool) -> Iterator[MadeClaim]:
    rows = [row for row in _half(_lines("squad-train"), "title", held_out) if len(row["passage"]) > 300]
    chosen = chance.sample(rows, min(count, len(rows)))
    of_title: dict[str, list[str]] = {}
    for row in rows:
        of_title.setdefault(row["title"], []).append(row["passage"])
    for row in chosen:
        passage, others = row["passage"], [text for text in of_title[row["title"]] if text != row["passage"]]
        sentences = [passage[start:end] for start, end in sentence_spans(passage)]
        answers = [answer for question in row["questions"] for answer in question["answers"][:1]]
        for question in chance.sample(row["questions"], min(2, len(row["questions"]))):
            answer = question["answers"][0]
            statement = stated(question["text"], answer)
            yield MadeClaim(statement, passage, True, "statement")
            wrong = [one for one in answers if one not in answer and answer not in one and _alike(one, answer)]
            if wrong:
                yield MadeClaim(stated(question["text"], chance.choice(wrong)), passage, False, "answer swapped")
            rest = " ".join(one for one in sentences if answer not in one)
            if len(rest) > 150:
                yield MadeClaim(statement, rest, False, "source taken away")
        yield from _of_sentences(sentences, passage, others, chance)


def _of_medquad(count: int, chance: random.Random, held_out: bool) -> Iterator[MadeClaim]:
    rows = [row for row in _half(_lines("medquad"), "title", held_out) if len(row["passage"]) > 300]
    for row in chance.sample(rows, min(count, len(rows))):
        passage = row["passage"][:1500]
        sentences = [passage[start:end] for start, end in sentence_spans(passage)][:-1]
        yield from _of_sentences(sentences, passage, [chance.choice(rows)["passage"]], chance)


def _of_pubmedqa(chance: random.Random, held_out: bool) -> Iterator[MadeClaim]:
    rows = [row for place, row in enumerate(_lines("pubmedqa")) if (place % 5 == 0) == held_out]
    for row in rows:
        source, other = " ".join(row["contexts"]), chance.choice(rows)
        if row["label"] in ("yes", "no"):
            yield MadeClaim(row["question"].rstrip("? "), source, row["label"] == "yes", f"question, {row['label']}")
        yield MadeClaim(row["long_answer"], source, True, "conclusion")
        if other is not row:
            yield MadeClaim(other["long_answer"], source, False, "unrelated")


def _of_sentences(
    sentences: Sequence[str], passage: str, others: Sequence[str], chance: random.Random
) -> Iterator[MadeClaim]:
    """Yields claims of a passage's own sentences: as they stand, shortened, turned wrong, or without their source."""
    long = [one for one in sentences if 40 < len(one) < 300]
    if not long:
        return
    sentence = chance.choice(long)
    yield MadeClaim(_shortened(sentence, chance), passage, True, "sentence")
    for kind in (FactKind.NAME, FactKind.NUMBER, FactKind.DATE):
        if swapped := _swapped(sentence, passage, kind, chance):
            yield MadeClaim(swapped, passage, False, f"{kind.value} swapped")
    if turned := negated(sentence):
        yield MadeClaim(turned, passage, False, "negated")
    if len(sentences) > 2:
        yield MadeClaim(sentence, passage.replace(sentence, "").strip(), False, "source taken away")
    if others:
        text = chance.choice(others)
        foreign = [text[start:end] for start, end in sentence_spans(text) if 40 < end - start < 300]
        if foreign:
            yield MadeClaim(chance.choice(foreign), passage, False, "unrelated")
            both = f"{_shortened(sentence, chance)} {chance.choice(foreign)}"
            yield MadeClaim(both, passage, False, "half supported")
    if len(long) > 1:
        yield MadeClaim(" ".join(chance.sample(long, 2)), passage, True, "two sentences")


def stated(question: str, answer: str) -> str:
    """Returns a question with its answer as a statement, as far as rules go: a form, not always good English."""
    question = re.sub(r"\s*\?*\s*$", "", question.strip())
    patterns = (
        (r"(?:in |on )?(?:what|which) (?:year|month|day|date|century|city|country|state)\b \w+ (.+)", r"\1 in A"),
        (r"(?:when|where) (?:did|do|does) (.+)", r"\1 in A"),
        (r"(?:when|where) (was|were|is|are) (.+)", r"\2 \1 in A"),
        (r"how (?:many|much) (.+)", r"A \1"),
        (r"(?:what|who|which) (is|are|was|were) (.+)", r"\2 \1 A"),
        (r"(?:what|who|which) (?:did|do|does) (.+)", r"\1 A"),
        (r"who (.+)", r"A \1"),
        (r"(?:what|which)(?: \w+){0,2}? ((?:is|are|was|were|has|have|had|can|will|\w+ed|\w+s)\b.+)", r"A \1"),
    )  # fmt: skip
    for pattern, form in patterns:
        match = re.fullmatch(pattern, question, re.IGNORECASE)
        if match:
            text = match.expand(form.replace("A", "\x00")).replace("\x00", answer)
            return f"{text[:1].upper()}{text[1:]}."
    replaced = re.sub(
        r"\b(?:what|who|whom|which|where|when|how)\b", lambda _: answer, question, count=1, flags=re.IGNORECASE
    )
    return f"{replaced}." if replaced != question else f"{question}: {answer}."


def negated(sentence: str) -> str | None:
    """Returns a sentence with its negation taken out, or one put in; None where there is no place for one."""
    if match := re.search(r"\s(?:not|never)\b", sentence):
        return sentence[: match.start()] + sentence[match.end() :]
    match = re.search(
        r"\b(?:is|are|was|were|can|could|will|would|should|must|may|has been|have been|had been)\b", sentence
    )
    return None if match is None else f"{sentence[: match.end()]} not{sentence[match.end() :]}"


def _swapped(sentence: str, passage: str, kind: FactKind, chance: random.Random) -> str | None:
    """Returns a sentence with one fact replaced by another of its kind from the passage, or a number by another."""
    here = [fact for fact in facts_of(sentence) if fact.kind is kind]
    if not here:
        return None
    fact = chance.choice(here)
    others = [one.text for one in facts_of(passage) if one.kind is kind and one.text not in sentence]
    if kind is not FactKind.NAME and (not others or chance.random() < 0.5):
        others = [_other_number(fact, chance)]
    if not others:
        return None
    return sentence[: fact.start] + chance.choice(others) + sentence[fact.end :]


def _other_number(fact: Fact, chance: random.Random) -> str:
    """Returns the text of a number or date with its digits changed."""
    changed = re.sub(r"\d", lambda match: str((int(match[0]) + chance.randint(1, 8)) % 10), fact.text[::-1], count=2)[
        ::-1
    ]
    return changed if changed != fact.text else f"{chance.randint(2, 90)}"


def _alike(one: str, other: str) -> bool:
    """Tells whether two answers are of one sort, as far as letters tell."""
    return (any(map(str.isdigit, one)), one[:1].isupper()) == (any(map(str.isdigit, other)), other[:1].isupper())


def _shortened(sentence: str, chance: random.Random) -> str:
    """Returns a sentence without what stands in brackets, and sometimes without an aside or its last part."""
    text = re.sub(r"\s*\([^)]*\)", "", sentence)
    parts = text.split(", ")
    if len(parts) > 2 and chance.random() < 0.6:
        del parts[chance.randrange(1, len(parts))]
    return ", ".join(parts)


def _disguised(claim: MadeClaim, chance: random.Random) -> MadeClaim:
    """Returns some claims as people write them in a chat: in small letters, with a word before."""
    text = claim.claim
    if chance.random() < 0.3:
        text = text.lower()
    if chance.random() < 0.2:
        text = f"{chance.choice(('Yes, ', 'I think ', 'Well, ', 'According to the text, ', 'I know that '))}{text}"
    return MadeClaim(text, claim.source, claim.supported, claim.kind)
