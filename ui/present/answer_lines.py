"""Shows at a terminal what stands behind an answer that was printed: its sources, its claims, time and cost."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from passagework.retrieval.answering.answered_question import Answer, AnswerState
from passagework.retrieval.text import one_line
from passagework.ui.present.lines import indented
from passagework.ui.present.verification_lines import show_verification
from passagework.ui.present.wording import formatted, gettext, message

NOTES = {
    AnswerState.NOTHING_RELEVANT: "nothing in this collection answers that; no model was asked",
    AnswerState.NOT_TOLD: "the model says that the documents don't answer that",
    AnswerState.CUT: "the answer is cut: the model wrote as many tokens as it was allowed (--answer-tokens)",
}


def show_answer(console: Console, answer: Answer) -> None:
    """Prints the citations of an answer, the verdicts of its claims, and what it took."""
    if note := NOTES.get(answer.state):
        console.print(Text(note, style="yellow"), soft_wrap=True)
    if answer.citations:
        console.print()
    for citation in answer.citations:
        place = "  ".join(filter(None, (citation.title, citation.address, citation.place)))
        indented(console, one_line(place), "cyan", column=Text(f"[{citation.number}] "))
    if answer.verification is not None:
        console.print()
        show_verification(console, answer.verification)
    console.print(Text(one_line(cost_line(answer)), style="dim"), soft_wrap=True)


def cost_line(answer: Answer) -> str:
    """Returns what an answer took: the model, seconds, tokens, and the cost where the address has a price."""
    parts = [f"{formatted(answer.timings_ms['total'] / 1000, 1)} s"]
    if usage := answer.usage:
        tokens = {"read": formatted(usage.prompt_tokens), "written": formatted(usage.completion_tokens)}
        about = message("about {read} tokens read, {written} written")
        exactly = message("{read} tokens read, {written} written")
        parts.append(gettext(about if usage.estimated else exactly, **tokens))
        parts += [] if usage.cost is None else [gettext("cost {amount}", amount=formatted(usage.cost, 6))]
    return ", ".join([*([answer.model] if answer.usage else []), *parts])
