"""Defines the command `rebuild`: another index, or a new version with another encoder or chunking."""

from __future__ import annotations

from passagework.retrieval.errors import ConfigError
from passagework.ui.commands import model_options as model_opt, options as opt
from passagework.ui.commands.collection_status import print_status
from passagework.ui.commands.output import print_message


def rebuild(
    collection: opt.CollectionOption,
    encoder: opt.NewEncoderOption = None,
    window: opt.NewWindowOption = None,
    dimensions: model_opt.NewDimensionsOption = None,
    query_prompt: model_opt.NewQueryPromptOption = None,
    passage_prompt: model_opt.NewPassagePromptOption = None,
    passage_tokens: opt.NewPassageTokensOption = None,
    overlap: opt.NewOverlapOption = None,
    whole: opt.RewholeOption = None,
    index: opt.IndexOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Build the index again; with another encoder or chunking, build a new version beside this one and swap."""
    from passagework import Collection
    from passagework.ingest.maintenance.rebuild import rebuild as make_version, rebuild_index
    from passagework.retrieval.dense.index import IndexKind
    from passagework.ui.commands.progress import progress_bar

    kinds = [kind.value for kind in IndexKind]
    if index is not None and index not in kinds:
        raise ConfigError(f"index is {index!r}: give one of {', '.join(kinds)}")
    remade = any(
        value is not None
        for value in (
            encoder,
            window,
            dimensions,
            query_prompt,
            passage_prompt,
            passage_tokens,
            overlap,
            whole,
        )
    )
    if remade:
        with progress_bar() as progress:
            make_version(
                collection,
                encoder=encoder,
                window=window,
                dimensions=dimensions,
                query_prompt=query_prompt,
                passage_prompt=passage_prompt,
                passage_tokens=passage_tokens,
                overlap=overlap,
                whole=whole,
                progress=progress,
            )
    if index is not None or not remade:  # a new version brings an index of its own
        generation = rebuild_index(collection, kind=None if index is None else IndexKind(index))
        if index is not None and generation.kind != index:
            print_message(
                f"note: {generation.count:,} passages are too few for {index}; the index is {generation.kind}"
            )
    with Collection.open(collection) as opened:
        state = opened.status()
    print_status(collection, state, as_json)
