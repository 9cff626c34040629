"""Writes the tables of docs/models.md from what is known of models: `python docs/make_models.py`.

What stands outside the two marks is written by hand and kept. With `--out FILE` the page is written there instead.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from passagework.retrieval.models.facts import ModelFacts
from passagework.retrieval.models.known_models import ENCODERS, RERANKERS

PAGE = Path(__file__).with_name("models.md")
BEGIN, END = "<!-- MODELS: BEGIN (python docs/make_models.py) -->\n", "<!-- MODELS: END -->\n"


def tables() -> str:
    """Three tables: encoders, their prompts, and rerankers."""
    return "\n".join([*_encoders(ENCODERS), "", *_prompts(ENCODERS), "", *_rerankers(RERANKERS)])


def _encoders(encoders: Sequence[ModelFacts]) -> Iterator[str]:
    yield "| Encoder | Million parameters | Dimensions | can be cut to | Window | Languages | Licence |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for facts in encoders:
        sizes = [f"{facts.any_from} or more"] if facts.any_from else [str(size) for size in facts.matryoshka[:-1]]
        yield _row(_named(facts), f"{facts.parameters:g}", str(facts.dimension), ", ".join(sizes), *_rest(facts))


def _prompts(encoders: Sequence[ModelFacts]) -> Iterator[str]:
    yield "| Encoders with prompts | Before a query | Before a passage |"
    yield "| --- | --- | --- |"
    for prompts in dict.fromkeys(facts.prompts for facts in encoders if facts.prompts is not None):
        if prompts.query or prompts.passage:
            names = [facts.name.rsplit("/", 1)[-1] for facts in encoders if facts.prompts == prompts]
            yield _row(", ".join(names), *(f"`{text!r}`" if text else "" for text in (prompts.query, prompts.passage)))


def _rerankers(rerankers: Sequence[ModelFacts]) -> Iterator[str]:
    yield "| Reranker | Million parameters | Window | Languages | Licence |"
    yield "| --- | --- | --- | --- | --- |"
    for facts in rerankers:
        yield _row(_named(facts), f"{facts.parameters:g}", *_rest(facts))


def _named(facts: ModelFacts) -> str:
    return f"[{facts.name}]({facts.source}){' (refused)' if facts.remote_code else ''}"


def _rest(facts: ModelFacts) -> tuple[str, str, str]:
    return "any" if facts.window is None else str(facts.window), facts.languages, facts.licence or ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> None:
    """Puts the tables between the marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PAGE)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    parser.parse_args().out.write_text(f"{before}{BEGIN}\n{tables()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
