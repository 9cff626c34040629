"""The encoder and the reranker of an open collection: which they are, loaded when first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache

from passagework.retrieval.collection.opened import LiveVersion
from passagework.retrieval.config import Settings
from passagework.retrieval.late_interaction.late_interaction import (
    LateInteractionReranker,
    TokenMemory,
    can_rerank,
    token_memory,
)
from passagework.retrieval.late_interaction.stored import StoredTokens
from passagework.retrieval.models.bi_encoder import BiEncoder
from passagework.retrieval.models.cross_encoder import CrossEncoderReranker
from passagework.retrieval.models.encoder import Encoder, gives_token_vectors
from passagework.retrieval.models.identity import check_encoder, recorded_encoder, recorded_window
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.store import Snapshot


class LoadedModels:
    """Models by object, folder or hub name, each loaded once whoever asks; safe to share among threads."""

    def __init__(self, encoder: Encoder | str | None, reranker: Reranker | str | None, settings: Settings) -> None:
        self._asked_encoder = encoder
        self._asked_reranker = reranker
        self._settings = settings
        self._lock = threading.Lock()  # loading takes seconds
        self._encoder: Encoder | None = None
        self._encoder_of: LiveVersion | None = None
        self._memory = token_memory()

    def encoder(self, live: LiveVersion, snapshot: Snapshot) -> Encoder:
        """The one that was named, else the one on the version's record, which either is checked against."""
        return self._with_memory(live, snapshot)[0]

    def for_search(
        self, live: LiveVersion, snapshot: Snapshot
    ) -> tuple[Callable[[], Encoder], Callable[[], Reranker | None] | None]:
        """What gives the encoder, and what gives the reranker: the one that was named, else late interaction.

        Late interaction is that of the very encoder that reads the query, whatever is loaded meanwhile. Its giver gives
        None where the encoder turns out to have no token vectors, and is itself None where that is known beforehand.
        """

        @cache
        def loaded() -> tuple[Encoder, TokenMemory]:
            return self._with_memory(live, snapshot)

        def late_interaction() -> Reranker | None:
            encoder, memory = loaded()
            if not gives_token_vectors(encoder):
                return None
            return LateInteractionReranker(encoder, memory=memory, stored=StoredTokens.of(snapshot))

        if self._asked_reranker is not None:
            return lambda: loaded()[0], self.named_reranker
        return lambda: loaded()[0], late_interaction if can_rerank(self._asked_encoder) else None

    def forget(self) -> None:
        """Lets go of the token vectors."""
        with self._lock:
            self._memory = token_memory()

    def named_reranker(self) -> Reranker:
        """The reranker that was named."""
        with self._lock:
            if isinstance(self._asked_reranker, str):
                self._asked_reranker = CrossEncoderReranker.load(self._asked_reranker, settings=self._settings)
            assert self._asked_reranker is not None
            return self._asked_reranker

    def _with_memory(self, live: LiveVersion, snapshot: Snapshot) -> tuple[Encoder, TokenMemory]:
        with self._lock:
            if self._encoder is None or self._encoder_of is not live:
                encoder = self._load_encoder(snapshot)
                check_encoder(snapshot, encoder)
                if encoder is not self._encoder:
                    self._memory = token_memory()  # a search of the version before keeps the one it has
                self._encoder, self._encoder_of = encoder, live
            return self._encoder, self._memory

    def _load_encoder(self, snapshot: Snapshot) -> Encoder:
        asked, recorded, loaded = self._asked_encoder, recorded_encoder(snapshot), self._encoder
        if asked is not None and not isinstance(asked, str):
            return asked
        if loaded and recorded.same_as(loaded.fingerprint) and loaded.window == recorded_window(snapshot):
            return loaded  # another version, made with the same
        return BiEncoder.load(asked or recorded.model, window=recorded_window(snapshot), settings=self._settings)
