"""The encoder and the reranker of an open collection: which they are, loaded when first needed."""

from __future__ import annotations

from functools import cached_property

from passagework.retrieval.collection.live_version import LiveVersion
from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.forks import ForkSafeLock
from passagework.retrieval.late_interaction.late_interaction import (
    BLEND,
    CODE_BLEND,
    LateInteractionReranker,
    TokenCache,
    can_rerank,
    token_cache,
)
from passagework.retrieval.late_interaction.stored_tokens import StoredTokens
from passagework.retrieval.lexical.common_words import CommonWords
from passagework.retrieval.models.encoder import Encoder, gives_token_vectors
from passagework.retrieval.models.encoder_loading import load_reranker
from passagework.retrieval.models.encoder_scale import EncoderScale, recorded_scale, scale_of
from passagework.retrieval.models.identity import (
    check_encoder,
    load_recorded_encoder,
    recorded_encoder,
    recorded_window,
)
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.store import Snapshot
from passagework.retrieval.verification.engines import load_engine
from passagework.retrieval.verification.support import SupportEngine


class LoadedModels:
    """Holds models by object, folder or hub name, each loaded once whoever asks; safe to share among threads."""

    def __init__(self, encoder: Encoder | str | None, reranker: Reranker | str | None, settings: Settings) -> None:
        self._named_encoder = encoder
        self._named_reranker = reranker
        self._settings = settings
        self._lock = ForkSafeLock()  # loading takes seconds
        self._encoder: Encoder | None = None
        self._encoder_of: LiveVersion | None = None
        self._memory = token_cache()
        self._measured: tuple[Encoder, EncoderScale | None] | None = None
        self._support: tuple[str | None, SupportEngine] | None = None

    def encoder(self, version: LiveVersion, snapshot: Snapshot) -> Encoder:
        """Returns the encoder that was named, else the one on the version's record, which either is checked against."""
        return self.encoder_with_cache(version, snapshot)[0]

    def at(self, version: LiveVersion, snapshot: Snapshot) -> ModelsAtMoment:
        """Returns the models for a search of this version at this moment, whatever is loaded meanwhile."""
        return ModelsAtMoment(self, version, snapshot)

    @property
    def may_rerank(self) -> bool:
        """Tells whether a reranker was named, or the encoder may give the vectors that late interaction compares."""
        return self._named_reranker is not None or can_rerank(self._named_encoder)

    @property
    def reranker_was_named(self) -> bool:
        """Tells whether another reranker than late interaction was named."""
        return self._named_reranker is not None

    def forget(self) -> None:
        """Lets go of the models, and of the token vectors."""
        with self._lock:
            self._memory = token_cache()
            self._encoder = self._encoder_of = self._measured = self._support = None

    def named_reranker(self) -> Reranker:
        """Returns the reranker that was named."""
        with self._lock:
            if isinstance(self._named_reranker, str):
                self._named_reranker = load_reranker(self._named_reranker, self._settings)
            assert self._named_reranker is not None
            return self._named_reranker

    def encoder_with_cache(self, version: LiveVersion, snapshot: Snapshot) -> tuple[Encoder, TokenCache]:
        """Returns the encoder, and what is remembered of the token vectors that it made."""
        with self._lock:
            if self._encoder is None or self._encoder_of is not version:
                encoder = self._load_encoder(version, snapshot)
                check_encoder(snapshot, encoder)
                if encoder is not self._encoder:
                    self._memory = token_cache()  # a search of the version before keeps the one it has
                self._encoder, self._encoder_of = encoder, version
            return self._encoder, self._memory

    def scale(self, version: LiveVersion, snapshot: Snapshot) -> EncoderScale | None:
        """Returns the scale on the version's record; of one made by an earlier release it is measured now, once."""
        recorded, scale = recorded_scale(snapshot)
        if recorded:
            return scale
        encoder = self.encoder(version, snapshot)
        with self._lock:
            if self._measured is None or self._measured[0] is not encoder:
                self._measured = encoder, scale_of(encoder)
            return self._measured[1]

    def support_engine(self, version: LiveVersion, snapshot: Snapshot, nli: str | None) -> SupportEngine:
        """Returns the NLI model of this name, else what compares the default encoder's tokens; the last is kept."""
        encoder = self.encoder(version, snapshot) if recorded_encoder(snapshot).model == DEFAULT_ENCODER else None
        with self._lock:
            if self._support is None or self._support[0] != nli:
                self._support = nli, load_engine(nli, encoder, self._settings)
            return self._support[1]

    def _load_encoder(self, version: LiveVersion, snapshot: Snapshot) -> Encoder:
        named, recorded, loaded = self._named_encoder, recorded_encoder(snapshot), self._encoder
        if named is not None and not isinstance(named, str):
            return named
        if loaded and recorded.same_as(loaded.fingerprint) and loaded.window == recorded_window(snapshot):
            return loaded  # another version, made with the same
        return load_recorded_encoder(snapshot, version.folder.parent, named, self._settings)


class ModelsAtMoment:
    """Holds the models of a search of one version at one moment; see `SearchModels`."""

    def __init__(self, models: LoadedModels, version: LiveVersion, snapshot: Snapshot) -> None:
        self._models = models
        self._version = version
        self._snapshot = snapshot

    @property
    def may_rerank(self) -> bool:
        """Tells whether something may rerank, as far as that is known without loading a model."""
        return self._models.may_rerank

    def encoder(self) -> Encoder:
        """Returns the encoder that made the version's vectors."""
        return self._loaded[0]

    def scale(self) -> EncoderScale | None:
        """Returns the scale of that encoder's cosines."""
        return self._models.scale(self._version, self._snapshot)

    def reranker(self) -> Reranker | None:
        """Returns the reranker that was named, else late interaction of the very encoder that reads the query."""
        if self._models.reranker_was_named:
            return self._models.named_reranker()
        encoder, memory = self._loaded
        if not gives_token_vectors(encoder):
            return None
        return LateInteractionReranker(
            encoder,
            memory=memory,
            stored=StoredTokens.of(self._snapshot),
            is_common=CommonWords(self._snapshot),
            blend=CODE_BLEND if self._snapshot.is_code else BLEND,
        )

    @cached_property
    def _loaded(self) -> tuple[Encoder, TokenCache]:
        return self._models.encoder_with_cache(self._version, self._snapshot)
