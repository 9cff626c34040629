"""The models that an adapter is given: objects as they are, names loaded."""

from __future__ import annotations

from pathlib import Path

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.late_interaction.late_interaction import LateInteractionReranker
from passagework.retrieval.models.encoder import Encoder, gives_token_vectors
from passagework.retrieval.models.encoder_loading import load_encoder, load_reranker
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.reranker import Reranker


def loaded_encoder(encoder: Encoder | str | Path | None) -> Encoder:
    """Returns an encoder, loaded where a folder, a hub name or an address is given; None is the default one.

    Raises ModelUnavailableError where weights are missing or refused.
    """
    if encoder is None or isinstance(encoder, str | Path):
        return load_encoder(None if encoder is None else str(encoder), EncoderOptions(), Settings.from_environment())
    return encoder


def loaded_reranker(reranker: Reranker | str | Path | None, encoder: Encoder | str | Path | None) -> Reranker:
    """Returns a reranker, loaded where it is named; None is late interaction of the encoder.

    Raises ModelUnavailableError where weights are missing or refused, ConfigError for an encoder that gives no vectors
    of tokens.
    """
    settings = Settings.from_environment()
    named = reranker or settings.reranker
    if isinstance(named, str | Path):
        return load_reranker(str(named), settings)
    if named is not None:
        return named
    found = loaded_encoder(encoder)
    if not gives_token_vectors(found):
        raise ConfigError(f"{found.fingerprint.model} gives no vectors of tokens to rerank by: name a reranker")
    return LateInteractionReranker(found)
