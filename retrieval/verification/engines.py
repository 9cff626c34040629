"""Loads the engine that tells support: the NLI model that is named, or the default one."""

from __future__ import annotations

from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.models.bi_encoder import BiEncoder
from passagework.retrieval.models.encoder import Encoder, gives_token_vectors
from passagework.retrieval.models.nli import NliModel
from passagework.retrieval.verification.nli_support import NliSupport
from passagework.retrieval.verification.support import SupportEngine
from passagework.retrieval.verification.token_evidence import TokenEvidence


def load_engine(nli: str | None, encoder: Encoder | None, settings: Settings) -> SupportEngine:
    """Returns the engine; `encoder` is the default one where that is loaded already, for what is fitted is of it alone.

    Raises ModelUnavailableError where weights are missing, ConfigError for a model that is no NLI model.
    """
    if nli is not None:
        return NliSupport(NliModel.load(nli, settings))
    if encoder is not None and gives_token_vectors(encoder):
        return TokenEvidence(encoder)
    return TokenEvidence(BiEncoder.load(DEFAULT_ENCODER, settings=settings))
