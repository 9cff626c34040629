"""Defines `passagework search` and `context`: ranked passages, and cited text made of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from passagework.ui.commands import context_options as quoting, options as opt, search_options as find
from passagework.ui.commands.output import parse_where, print_message, print_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passagework import Collection, Collections
    from passagework.retrieval import Hits
    from passagework.retrieval.labels.text_classifier import TextClassifier
    from passagework.ui.present.highlighting import Highlights


def search(
    query: find.QueryArgument,
    collection: find.SearchedOption,
    k: find.KOption = 10,
    stage: find.StageOption = None,
    candidates: find.CandidatesOption = None,
    fusion: find.FusionOption = "convex",
    reranker: find.RerankerOption = None,
    encoder: opt.MovedEncoderOption = None,
    where: find.WhereOption = None,
    per_document: find.PerDocumentOption = None,
    min_score: find.MinScoreOption = None,
    min_relevance: find.MinRelevanceOption = None,
    rerank_depth: find.RerankDepthOption = None,
    copies: find.CopiesOption = "collapse",
    diversity: find.DiversityOption = 0.0,
    syntax: find.SyntaxOption = "full",
    route: find.RouteOption = None,
    open_best: find.OpenOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Find the passages that answer a query."""
    from passagework.retrieval.config import CANDIDATES
    from passagework.ui.present import show_hits

    parsed = parse_where(where)
    with open_searched(collection, encoder=encoder, reranker=reranker) as opened:
        classifier = None if route is None else _classifier(route, opened)
        hits = opened.search(
            query,
            k=k,
            stage=stage,
            candidates=CANDIDATES if candidates is None else candidates,
            fusion=fusion,
            where=parsed,
            per_document=per_document,
            min_score=min_score,
            min_relevance=min_relevance,
            rerank_depth=rerank_depth,
            copies=copies,
            diversity=diversity,
            syntax=syntax,
            route=classifier,
        )
        marks = [] if as_json else highlights_of_hits(opened, hits)
    print_result(hits.to_json(), as_json, lambda console: show_hits(console, hits, marks))
    if open_best:
        open_document(hits)


def highlights_of_hits(searched: Collection | Collections, hits: Hits) -> list[Highlights]:
    """Returns each hit's matching words and its best sentence, by meaning where the search compared any."""
    from passagework import Collection
    from passagework.retrieval import Stage
    from passagework.ui.present import searched_text
    from passagework.ui.present.highlighting import highlights_of

    words_alone = hits.plan.used is Stage.LEXICAL
    encoder = searched.encoder if isinstance(searched, Collection) and not words_alone else None
    return highlights_of(searched_text(hits), [hit.text for hit in hits], encoder, hits.plan.languages)


def open_document(hits: Hits) -> None:
    """Opens the document of the best hit with the program that this machine has for it."""
    from passagework.retrieval import ConfigError
    from passagework.retrieval.roots import path_of

    if not hits:
        return
    uri = hits[0].uri
    if not uri.startswith("file://"):
        raise ConfigError(f"{uri} is no file of this machine: it can't be opened")
    path = Path(path_of(uri))
    if not path.is_file():
        raise ConfigError(f"{path} is gone since it was ingested: it can't be opened")
    if typer.launch(str(path)):
        raise ConfigError(f"no program of this machine opens {path}")


def context(
    query: find.QueryArgument,
    collection: find.SearchedOption,
    max_tokens: quoting.MaxTokensOption = 2000,
    k: find.PoolOption = 20,
    stage: find.StageOption = None,
    reranker: find.RerankerOption = None,
    encoder: opt.MovedEncoderOption = None,
    where: find.WhereOption = None,
    per_document: find.PerDocumentOption = None,
    min_score: find.MinScoreOption = None,
    min_relevance: find.ContextRelevanceOption = None,
    diversity: find.DiversityOption = 0.0,
    tokenizer: quoting.TokenizerOption = None,
    context_format: quoting.FormatOption = "plain",
    order: quoting.OrderOption = "rank",
    expand: quoting.ExpandOption = None,
    injection: quoting.InjectionOption = "mark",
    syntax: find.SyntaxOption = "full",
    as_json: opt.JsonOption = False,
) -> None:
    """Assemble cited text for a language model."""
    from passagework.retrieval.config import RELEVANT
    from passagework.ui.present import context_notes, show_context

    parsed = parse_where(where)
    with open_searched(collection, encoder=encoder, reranker=reranker) as opened:
        assembled = opened.context(
            query,
            max_tokens=max_tokens,
            k=k,
            stage=stage,
            where=parsed,
            per_document=per_document,
            min_score=min_score,
            min_relevance=RELEVANT if min_relevance is None else min_relevance,
            diversity=diversity,
            tokenizer=tokenizer,
            format=context_format,
            order=order,
            expand=expand,
            injection=injection,
            syntax=syntax,
        )
    print_result(assembled.to_json(), as_json, lambda console: show_context(console, assembled))
    if not as_json:
        for note in context_notes(assembled):
            print_message(note)  # on stderr: the text alone goes into a file or a pipe


def open_searched(
    given: Sequence[Path], *, encoder: str | None = None, reranker: str | None = None
) -> Collection | Collections:
    """Opens what `--collection` was given: a folder, or several, each with the name that it was given or its folder's.

    Raises ConfigError where two go by one name.
    """
    from passagework import Collections
    from passagework.retrieval.collection.collection_names import named_folders

    if len(given) == 1:
        return open_collection(given[0], encoder=encoder, reranker=reranker)
    return Collections.open(named_folders(list(map(str, given))), encoder=encoder, reranker=reranker)


def _classifier(folder: Path, searched: Collection | Collections) -> TextClassifier:
    """Returns the classifier in a folder, with the encoder of the collection that is searched where it is the same."""
    from passagework import Collection
    from passagework.retrieval.labels.text_classifier import TextClassifier

    if not isinstance(searched, Collection):
        return TextClassifier.load(folder)
    recorded = TextClassifier.read(folder).encoder_record
    shared = searched.encoder() if recorded.same_as(searched.status().encoder) else None
    return TextClassifier.load(folder, encoder=shared)


def open_collection(collection: Path, *, encoder: str | None = None, reranker: str | None = None) -> Collection:
    """Opens the collection that a command was given, with the models that it was given."""
    from passagework import Collection

    return Collection.open(collection, encoder=encoder, reranker=reranker)
