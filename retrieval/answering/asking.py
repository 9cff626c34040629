"""Answers a question: the context decides whether there is anything to ask, the model writes, claims are verified."""

from __future__ import annotations

import time
from collections.abc import Callable

from passagework.retrieval.answering.answered_question import Answer, AnswerState
from passagework.retrieval.answering.language_model import ModelCall
from passagework.retrieval.answering.prompt import prompt_of, says_nothing
from passagework.retrieval.citations import Context
from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.search.clock import Clock
from passagework.retrieval.verification.verification import Verification

ANSWER_TOKENS = 512
"""Tokens that a model writes, at most, where nothing else is asked for."""


def answer_question(
    question: str,
    call: ModelCall,
    *,
    retrieve: Callable[[], Context],
    verify: Callable[[str, Context], Verification] | None,
    most_tokens: int,
    on_text: Callable[[str], object] | None = None,
) -> Answer:
    """Returns the answer of a language model to a question, with what it was made from.

    `retrieve` gives the documents, in XML; where none is relevant, the model isn't asked. `on_text` gets the answer in
    parts as they come. Raises ModelUnavailableError where the model gives no whole answer.
    """
    clock = Clock()
    with clock.timed("retrieve"):
        context = retrieve()
    relevant = context.relevant or 0
    if not context.citations:
        return Answer(question, None, AnswerState.NOTHING_RELEVANT, (), relevant, call.name, clock.timings_ms())
    parts: list[str] = []
    begun, first = time.perf_counter(), 0.0
    with clock.timed("generate"):
        for part in call.stream(prompt_of(question, context.text), most_tokens):
            first = first or (time.perf_counter() - begun) * 1000
            parts.append(part)
            if on_text is not None:
                on_text(part)
    text = "".join(parts)
    if not text.strip():
        raise ModelUnavailableError(f"{call.name} answers nothing")
    state = AnswerState.CUT if call.finish == "length" else AnswerState.ANSWERED
    state = AnswerState.NOT_TOLD if says_nothing(text) else state
    verification = None
    if verify is not None and state is not AnswerState.NOT_TOLD:
        with clock.timed("verify"):
            verification = verify(text, context)
    timings = {**clock.timings_ms(), "first_token": round(first, 3)}
    return Answer(question, text, state, context.citations, relevant, call.name, timings, call.usage, verification)
