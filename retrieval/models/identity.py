"""Records how a collection was made, and refuses another encoder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

import numpy as np

from passagework.retrieval.errors import IndexMismatchError, StoreError
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.store import Snapshot, VersionState, Writer
from passagework.retrieval.types import Json

PROBE_TEXT = "A probe: the quick brown fox jumps over the lazy dog, 1 2 3."
PROBE_COSINE = 0.999
"""The least cosine between the vectors of the probe: bf16 against fp32 gives 0.9999, another model next to nothing."""


def record_identity(writer: Writer, encoder: Encoder, chunking: Mapping[str, Json], *, state: VersionState) -> None:
    """Writes down the encoder, its window, a probe of it, and how documents are cut."""
    writer.set_meta("encoder", encoder.fingerprint.to_json())
    writer.set_meta("backend", encoder.backend)
    writer.set_meta("window", encoder.window)
    writer.set_meta("probe", _probe(encoder).tolist())
    writer.set_meta("chunking", dict(chunking))
    writer.set_meta("created", datetime.now(timezone.utc).isoformat(timespec="seconds"))
    writer.set_meta("state", state.value)


def recorded_encoder(snapshot: Snapshot) -> Fingerprint:
    """Returns the encoder that made the vectors; raises StoreError where the record is damaged."""
    return Fingerprint.from_json(snapshot.meta("encoder"))


def recorded_window(snapshot: Snapshot) -> int:
    """Returns the encoder's window in tokens, as it was when the collection was made."""
    window = snapshot.meta("window")
    if not isinstance(window, int):
        raise StoreError("the collection's record of its encoder's window is damaged")
    return window


def check_encoder(snapshot: Snapshot, encoder: Encoder) -> None:
    """Raises IndexMismatchError, naming both, unless `encoder` gives the vectors that the collection holds."""
    recorded = recorded_encoder(snapshot)
    if not recorded.same_as(encoder.fingerprint):
        raise IndexMismatchError(
            f"the collection was built with {recorded.describe()}, not with {encoder.fingerprint.describe()}: "
            "use that encoder, or run `passagework rebuild` with the other one"
        )
    backend = snapshot.meta("backend")
    if backend == encoder.backend:
        return
    probe = np.asarray(snapshot.meta("probe"), dtype=np.float32)
    cosine = float(probe @ _probe(encoder))
    if not cosine >= PROBE_COSINE:
        raise IndexMismatchError(
            f"{recorded.model} on {encoder.backend} gives other vectors than on {backend}, with which the collection "
            f"was built: the probe's cosine is {cosine:.4f}, expected at least {PROBE_COSINE}"
        )


def _probe(encoder: Encoder) -> np.ndarray:
    vector: np.ndarray = encoder.encode_passages([PROBE_TEXT])[0]
    return vector
