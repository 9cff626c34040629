"""Tells which passages hold instructions to language models, while they are encoded and stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from passagework.ingest.injection.candidate_sentences import candidate_sentences
from passagework.ingest.injection.injection_head import InjectionHead
from passagework.ingest.injection.instruction_rules import instructions_by_rules
from passagework.retrieval.injection import united
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.store import NewPassage
from passagework.retrieval.types import Document, Injection, InjectionSign


@dataclass(frozen=True, slots=True)
class Suspects:
    """Holds spans of a document: what rules found, and the sentences that the head is to judge, by their texts."""

    by_rules: tuple[Injection, ...] = ()
    sentences: tuple[tuple[int, int, str], ...] = ()

    def injection(self, judged: Collection[str]) -> tuple[Injection, ...]:
        """Returns what instructs a language model, in order, where the head judged these sentences so."""
        by_head = (Injection(start, end, InjectionSign.HEAD) for start, end, text in self.sentences if text in judged)
        return united((*self.by_rules, *by_head))


NO_SUSPECTS = Suspects()


class InjectionScreen:
    """Finds instructions by rules, and by a head on sentences' vectors where the encoder is the one that it is for."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        head = InjectionHead.load()
        self._head = head if head.encoder.same_as(encoder.fingerprint) else None

    def suspects(self, document: Document) -> Suspects:
        """Returns what of a document is, or may be, an instruction; the head has its say in `judged`."""
        text = document.text
        by_rules = tuple(Injection(start, end, InjectionSign.RULE) for start, end in instructions_by_rules(text))
        if self._head is None:
            return Suspects(by_rules)
        return Suspects(by_rules, tuple((start, end, text[start:end]) for start, end in candidate_sentences(text)))

    def judged(self, sentences: Sequence[str]) -> set[str]:
        """Returns the sentences that seem to instruct a language model; to be called where the encoder runs."""
        if self._head is None or not sentences:
            return set()
        suspects = self._head.suspects(self._encoder.encode_passages(sentences))
        return {sentence for sentence, suspect in zip(sentences, suspects, strict=True) if suspect}


def with_injection(passages: Sequence[NewPassage], injection: Sequence[Injection]) -> Sequence[NewPassage]:
    """Returns a document's passages, each with what of it instructs a language model."""
    if not injection:
        return passages
    return [replace(passage, injection=united(injection, passage.start, passage.end)) for passage in passages]
