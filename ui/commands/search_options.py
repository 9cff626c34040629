"""Options of the commands that search: what to find, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from passagework.retrieval.config import COLLECTION

SearchedOption = Annotated[
    list[Path],
    typer.Option(
        "--collection",
        help="Folder of the collection; given more than once, all are searched, and hits merged by relevance.",
        envvar=COLLECTION,
        metavar="[NAME=]DIR",
    ),
]
QueryArgument = Annotated[str, typer.Argument(help="What to look for.", metavar="QUERY")]
KOption = Annotated[int, typer.Option("-k", help="Hits returned.", metavar="N")]
PoolOption = Annotated[int, typer.Option("-k", help="Passages that it may be made of.", metavar="N")]
StageOption = Annotated[
    str | None,
    typer.Option(
        "--stage",
        help="How far to go (default: rerank; hybrid is faster).",
        metavar="dense|lexical|hybrid|rerank",
    ),
]
CandidatesOption = Annotated[
    int | None,
    typer.Option("--candidates", help="Pool per first-stage retriever, at least k (default: 200).", metavar="N"),
]
FusionOption = Annotated[
    str, typer.Option("--fusion", help="How both first-stage rankings join.", metavar="convex|rrf")
]
SyntaxOption = Annotated[
    str,
    typer.Option(
        "--syntax",
        help="Read quotations, exclusions, fields and misspelt words of the query as such, or words alone.",
        metavar="plain|full",
    ),
]
RerankerOption = Annotated[
    str | None,
    typer.Option(
        "--reranker", help="Cross-encoder in place of late interaction: folder, hub name or address.", metavar="M"
    ),
]
WhereOption = Annotated[
    str | None, typer.Option("--where", help='Filter, such as \'{"year": {"$gte": 2020}}\'.', metavar="JSON")
]
PerDocumentOption = Annotated[
    int | None, typer.Option("--per-document", help="Most hits of one document.", metavar="N")
]
MinScoreOption = Annotated[
    float | None, typer.Option("--min-score", help="Least score at the last stage.", metavar="S")
]
MinRelevanceOption = Annotated[
    float | None,
    typer.Option("--min-relevance", help="Least relevance of a hit, 0 to 1 (default: any).", metavar="R"),
]
ContextRelevanceOption = Annotated[
    float | None,
    typer.Option(
        "--min-relevance", help="Least relevance of a passage, 0 to 1 (default: 0.03; 0 takes any).", metavar="R"
    ),
]
RerankDepthOption = Annotated[
    int | None,
    typer.Option(
        "--rerank-depth", help="Candidates that the reranker reads, at least k (default: its own).", metavar="N"
    ),
]
CopiesOption = Annotated[
    str,
    typer.Option(
        "--copies",
        help="What becomes of passages that say what a better hit says: named beside it, or hits of their own.",
        metavar="collapse|keep",
    ),
]
DiversityOption = Annotated[
    float,
    typer.Option("--diversity", help="How far hits are spread, from 0 (not at all) to 1.", metavar="D"),
]
RouteOption = Annotated[
    Path | None,
    typer.Option(
        "--route",
        help="Classifier that proposes a filter for the query, in the plan; the search itself is not narrowed.",
        metavar="MODEL",
    ),
]
OpenOption = Annotated[bool, typer.Option("--open", help="Open the document of the best hit.")]
