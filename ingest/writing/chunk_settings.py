"""Settles how documents are cut: what was asked for, what an encoder has room for, what a collection was made with."""

from __future__ import annotations

from collections.abc import Mapping

from passagework.ingest.chunker import ChunkSettings
from passagework.retrieval.errors import ConfigError, IndexMismatchError, StoreError
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.identity import recorded_window
from passagework.retrieval.store import Snapshot


def chunking_options(
    *, passage_tokens: int | None, overlap: int | None, whole: bool | None
) -> Mapping[str, int | bool]:
    """Returns the options of chunking that a caller gave, by the names of ChunkSettings."""
    options = {"passage_tokens": passage_tokens, "overlap_tokens": overlap, "whole": whole}
    return {name: value for name, value in options.items() if value is not None}


def new_chunking(
    encoder: Encoder, requested: Mapping[str, int | bool], base: ChunkSettings | None = None
) -> ChunkSettings:
    """Returns what was asked for, completed by `base` or the defaults, fitted to the encoder; raises ConfigError."""
    base = base or ChunkSettings()
    budget = encoder.passage_budget
    tokens = int(requested.get("passage_tokens", min(base.passage_tokens, budget)))
    check_fit(tokens, window=encoder.window, budget=budget)
    overlap = int(requested.get("overlap_tokens", min(base.overlap_tokens, tokens // 4)))
    return ChunkSettings(passage_tokens=tokens, overlap_tokens=overlap, whole=bool(requested.get("whole", base.whole)))


def recorded_chunking(snapshot: Snapshot) -> ChunkSettings:
    """Returns how the collection's documents were cut; raises StoreError where the record is damaged."""
    recorded = snapshot.meta("chunking")
    try:
        if isinstance(recorded, dict):
            return ChunkSettings.from_json(recorded)
    except ConfigError as error:
        raise StoreError(f"the collection's record of its chunking is damaged: {error}") from error
    raise StoreError("the collection's record of its chunking is damaged")


def check_chunking(
    snapshot: Snapshot, recorded: ChunkSettings, window: int | None, requested: Mapping[str, int | bool]
) -> None:
    """Raises IndexMismatchError where something else was asked for than the collection was made with."""
    for name, value in requested.items():
        recorded_value = getattr(recorded, name)
        if recorded_value != value:
            raise IndexMismatchError(
                f"the collection was made with {name} {recorded_value}, not {value}: "
                "leave that out, or run `passagework rebuild` with it"
            )
    if window is not None and window != recorded_window(snapshot):
        raise IndexMismatchError(
            f"the collection was made with a window of {recorded_window(snapshot)} tokens, not {window}: "
            "leave that out, or run `passagework rebuild` with it"
        )


def check_fit(tokens: int, *, window: int, budget: int) -> None:
    """Raises ConfigError where a passage of so many tokens has no room in the window."""
    if tokens > budget:
        raise ConfigError(
            f"passage_tokens is {tokens}: the encoder's window of {window} leaves {budget}; "
            "give fewer, or a larger window"
        )


def check_tokens(requested: Mapping[str, int | bool]) -> None:
    """Refuses what is wrong for any encoder, before one is loaded."""
    tokens = int(requested.get("passage_tokens", ChunkSettings().passage_tokens))
    ChunkSettings(passage_tokens=tokens, overlap_tokens=int(requested.get("overlap_tokens", 0)))
