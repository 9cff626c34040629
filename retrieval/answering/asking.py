"""Answers a question: the context decides whether there is anything to ask, the model writes, claims are verified."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from passagework.retrieval.answering.answered_question import Answer, AnswerState
from passagework.retrieval.answering.language_model import ModelCall
from passagework.retrieval.answering.prompt import prompt_of, says_nothing, standalone_prompt
from passagework.retrieval.citations import Context
from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.search.clock import Clock
from passagework.retrieval.text import collapsed
from passagework.retrieval.verification.verification import Verification

ANSWER_TOKENS = 512
"""Tokens that a model writes, at most, where nothing else is asked for."""


STANDALONE_TOKENS, STANDALONE_CHARACTERS = 128, 500
"""Tokens that a follow-up question is written anew in, and characters beyond which that is no question."""


def answer_question(
    question: str,
    call: ModelCall,
    *,
    retrieve: Callable[[str], Context],
    verify: Callable[[str, Context], Verification] | None,
    most_tokens: int,
    earlier: Sequence[Answer] = (),
    on_text: Callable[[str], object] | None = None,
) -> Answer:
    """Returns the answer of a language model to a question, with what it was made from.

    `retrieve` gives the documents for what is searched, in XML; where none is relevant, the model isn't asked. A
    question that follows `earlier` answers is first written so that it stands alone, by the model too, and so searched.
    `on_text` gets the answer in parts as they come. Raises ModelUnavailableError where the model gives no whole answer.
    """
    clock = Clock()
    searched, used = question, None
    if earlier:
        with clock.timed("rewrite"):
            searched = standalone(question, call, earlier)
        used = call.usage
    with clock.timed("retrieve"):
        context = retrieve(searched)
    relevant = context.relevant or 0
    if not context.citations:
        state, timings = AnswerState.NOTHING_RELEVANT, clock.timings_ms()
        return Answer(question, None, state, (), relevant, call.name, timings, used, searched=searched)
    with clock.timed("generate"):
        text, first_token = _written(call, prompt_of(question, context.text, earlier), most_tokens, on_text)
    state = AnswerState.CUT if call.finish == "length" else AnswerState.ANSWERED
    state = AnswerState.NOT_TOLD if says_nothing(text) else state
    verification = None
    if verify is not None and state is not AnswerState.NOT_TOLD:
        with clock.timed("verify"):
            verification = verify(text, context)
    timings = {**clock.timings_ms(), "first_token": first_token}
    usage = call.usage if used is None or call.usage is None else used.plus(call.usage)
    return Answer(question, text, state, context.citations, relevant, call.name, timings, usage, verification, searched)


def _written(
    call: ModelCall,
    messages: Sequence[dict[str, str]],
    most_tokens: int,
    on_text: Callable[[str], object] | None,
) -> tuple[str, float]:
    """Returns what the model writes, and after how many milliseconds it began."""
    parts: list[str] = []
    begun, first = time.perf_counter(), 0.0
    for part in call.stream(messages, most_tokens):
        first = first or (time.perf_counter() - begun) * 1000
        parts.append(part)
        if on_text is not None:
            on_text(part)
    text = "".join(parts)
    if not text.strip():
        raise ModelUnavailableError(f"{call.name} answers nothing")
    return text, round(first, 3)


def standalone(question: str, call: ModelCall, earlier: Sequence[Answer]) -> str:
    """Returns a follow-up question as the model writes it to stand alone; behind the one before where it writes none.

    Raises ModelUnavailableError where the model gives no whole answer.
    """
    written = collapsed("".join(call.stream(standalone_prompt(question, earlier), STANDALONE_TOKENS)))
    if 0 < len(written) <= STANDALONE_CHARACTERS:
        return written
    return f"{earlier[-1].searched} {question}"
