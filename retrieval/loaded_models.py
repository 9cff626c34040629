"""The encoder and the reranker of an open collection: which they are, loaded when first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from retrieval.config import Settings
from retrieval.encoder import BiEncoder, Encoder
from retrieval.identity import check_encoder, recorded_encoder, recorded_window
from retrieval.late_interaction import LateInteractionReranker, TokenEncoder, TokenMemory, can_rerank
from retrieval.live import LiveVersion
from retrieval.reranker import CrossEncoderReranker, Reranker
from retrieval.store import Snapshot


class LoadedModels:
    """Models by object, folder or hub name, each loaded once whoever asks; safe to share among threads."""

    def __init__(self, encoder: Encoder | str | None, reranker: Reranker | str | None, settings: Settings) -> None:
        self._asked_encoder = encoder
        self._asked_reranker = reranker
        self._settings = settings
        self._lock = threading.Lock()  # loading takes seconds
        self._encoder: Encoder | None = None
        self._encoder_of: LiveVersion | None = None
        self._memory = TokenMemory()

    def encoder(self, live: LiveVersion, snapshot: Snapshot) -> Encoder:
        """The one that was named, else the one on the version's record, which either is checked against."""
        with self._lock:
            if self._encoder is None or self._encoder_of is not live:
                encoder = self._load_encoder(snapshot)
                check_encoder(snapshot, encoder)
                if encoder is not self._encoder:
                    self._memory = TokenMemory()
                self._encoder, self._encoder_of = encoder, live
            return self._encoder

    def reranker(self, live: LiveVersion, snapshot: Snapshot) -> Callable[[], Reranker] | None:
        """Gives the one that was named, else late interaction of the encoder; None where the encoder can't."""
        if self._asked_reranker is not None:
            return self.named_reranker
        if not can_rerank(self._asked_encoder):
            return None

        def late_interaction() -> Reranker:
            encoder = self.encoder(live, snapshot)
            assert isinstance(encoder, TokenEncoder)  # as what was asked for, and as every BiEncoder is
            return LateInteractionReranker(encoder, memory=self._memory)

        return late_interaction

    def named_reranker(self) -> Reranker:
        """The reranker that was named."""
        with self._lock:
            if isinstance(self._asked_reranker, str):
                self._asked_reranker = CrossEncoderReranker.load(self._asked_reranker, settings=self._settings)
            assert self._asked_reranker is not None
            return self._asked_reranker

    def _load_encoder(self, snapshot: Snapshot) -> Encoder:
        asked, recorded, loaded = self._asked_encoder, recorded_encoder(snapshot), self._encoder
        if asked is not None and not isinstance(asked, str):
            return asked
        if loaded and recorded.same_as(loaded.fingerprint) and loaded.window == recorded_window(snapshot):
            return loaded  # another version, made with the same
        return BiEncoder.load(asked or recorded.model, window=recorded_window(snapshot), settings=self._settings)
