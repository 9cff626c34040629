"""The models of one search, decided before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from passagework.retrieval.memory import memory_for
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_scale import EncoderScale
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.search.clock import Clock
from passagework.retrieval.types import Stage


class SearchModels(Protocol):
    """Gives the models of one collection at one moment; each is loaded when it is first asked for."""

    @property
    def may_rerank(self) -> bool:
        """Tells whether something may rerank, as far as that is known without loading a model."""

    def encoder(self) -> Encoder:
        """Returns the encoder that made the collection's vectors."""

    def scale(self) -> EncoderScale | None:
        """Returns the scale of that encoder's cosines; None where they can't be read by one."""

    def reranker(self) -> Reranker | None:
        """Returns what reranks; None where the encoder turns out to give no vectors of tokens, and none was named."""


@dataclass(frozen=True, slots=True)
class StageChoice:
    """Tells how far a search goes, and with which models; `reason` says why `stage` is not the one `requested`.

    A model that the stage has no use for is None.
    """

    requested: Stage
    stage: Stage
    reason: str | None = None
    encoder: Encoder | None = None
    reranker: Reranker | None = None


def choose_stage(
    models: SearchModels,
    requested_stage: Stage | None,
    *,
    nothing_matches: bool,
    nothing_to_rank_by: bool = False,
    clock: Clock,
) -> StageChoice:
    """Loads what a search at the stage requested (None: the last possible) needs, and says how far it can go.

    Where `nothing_matches` the filter there is nothing to encode, and no model is loaded; nor is one where there is
    `nothing_to_rank_by`, the query having no words.
    """
    requested = requested_stage or (Stage.RERANK if models.may_rerank else Stage.HYBRID)
    stage, reason = requested, None
    if nothing_to_rank_by:
        return StageChoice(requested, Stage.LEXICAL, "the query has no words to rank by")
    if stage is Stage.RERANK and not models.may_rerank:
        stage, reason = Stage.HYBRID, "no reranker was named"
    if stage is Stage.LEXICAL or nothing_matches:
        return StageChoice(requested, stage, reason)
    with clock.timed("load"), memory_for("encoder", Stage.LEXICAL):
        encoder = models.encoder()
    if stage is not Stage.RERANK:
        return StageChoice(requested, stage, reason, encoder)
    with clock.timed("load"), memory_for("reranker", Stage.HYBRID):
        reranker = models.reranker()
    if reranker is None:
        return StageChoice(requested, Stage.HYBRID, "the encoder gives no vectors of tokens", encoder)
    return StageChoice(requested, stage, reason, encoder, reranker)
