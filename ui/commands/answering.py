"""Defines `passagework ask`: a language model answers from the collection, and what it says is verified."""

from __future__ import annotations

from typing import Annotated

import typer

from passagework.ui.commands import context_options as quoting, options as opt, search_options as find
from passagework.ui.commands.output import parse_where, print_result
from passagework.ui.commands.searching import open_searched
from passagework.ui.commands.verifying import NliOption

QuestionArgument = Annotated[str, typer.Argument(help="What to answer.", metavar="QUESTION")]
LlmOption = Annotated[
    str | None,
    typer.Option(
        "--llm",
        help="Language model of a server that answers as OpenAI's does, with options behind its address as an "
        "encoder's; its key is in the environment (default: PASSAGEWORK_LLM).",
        metavar="MODEL@URL",
    ),
]
AnswerTokensOption = Annotated[
    int, typer.Option("--answer-tokens", help="Tokens that the model writes, at most.", metavar="N", min=1)
]
VerifyOption = Annotated[
    bool, typer.Option("--verify/--no-verify", help="Verify each claim of the answer by what the model read.")
]


def ask(
    question: QuestionArgument,
    collection: find.SearchedOption,
    llm: LlmOption = None,
    max_tokens: quoting.MaxTokensOption = 2000,
    k: find.PoolOption = 20,
    stage: find.StageOption = None,
    reranker: find.RerankerOption = None,
    encoder: opt.MovedEncoderOption = None,
    where: find.WhereOption = None,
    min_relevance: find.ContextRelevanceOption = None,
    answer_tokens: AnswerTokensOption = 512,
    verify: VerifyOption = True,
    nli: NliOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Have a language model answer from one or more collections, with citations, and verify what it says."""
    from passagework.retrieval.config import RELEVANT
    from passagework.retrieval.text import visible
    from passagework.ui.present.answer_lines import show_answer

    parsed = parse_where(where)
    with open_searched(collection, encoder=encoder, reranker=reranker) as opened:
        answer = opened.ask(
            question,
            llm=llm,
            max_tokens=max_tokens,
            k=k,
            stage=stage,
            where=parsed,
            min_relevance=RELEVANT if min_relevance is None else min_relevance,
            answer_tokens=answer_tokens,
            verify=verify,
            nli=nli,
            on_text=None if as_json else lambda part: typer.echo(visible(part), nl=False),
        )
    if not as_json and answer.answer is not None:
        typer.echo()
    print_result(answer.to_json(), as_json, lambda console: show_answer(console, answer))
