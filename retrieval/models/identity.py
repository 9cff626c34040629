"""Records how a collection was made, and refuses another encoder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import IndexMismatchError, ModelUnavailableError, StoreError
from passagework.retrieval.models.bi_encoder import bi_encoder
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_loading import load_encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.encoder_scale import record_scale
from passagework.retrieval.models.remote.address import is_remote
from passagework.retrieval.models.weights import PROBE_TEXT, Fingerprint, digest_weights, model_folder, resolve_model
from passagework.retrieval.store import Snapshot, VersionState, Writer
from passagework.retrieval.types import Json

PROBE_COSINE = 0.999
"""The least cosine between vectors of the probe that a server gives: what weights it has is known by nothing else."""

SAME_WEIGHTS_COSINE = 0.995
"""The least cosine between two vectors of a text by the same weights: bf16 against fp32 gives 0.9999, int8 0.9992, and
0.9977 where most tokens of a text are unknown; another model next to nothing."""

FEW = 50
"""Folders whose weights are compared, where an encoder's folder was renamed."""

MODEL_FILES = ("config.json", "modules.json")
"""What a folder of a model has; the second alone where it is a table of word vectors."""

BESIDE = "encoder_beside"
"""The record of where the encoder's folder lies, as seen from the collection's: both may be moved together."""


def record_identity(
    writer: Writer, encoder: Encoder, chunking: Mapping[str, Json], *, collection: Path, state: VersionState
) -> None:
    """Writes down the encoder, its window, a probe of it, and how documents are cut."""
    record_place(writer, encoder.fingerprint, collection)
    writer.set_meta("backend", encoder.backend)
    writer.set_meta("window", encoder.window)
    writer.set_meta("probe", _probe(encoder).tolist())
    record_scale(writer, encoder)
    writer.set_meta("chunking", dict(chunking))
    writer.set_meta("created", datetime.now(timezone.utc).isoformat(timespec="seconds"))
    writer.set_meta("state", state.value)


def recorded_encoder(snapshot: Snapshot) -> Fingerprint:
    """Returns the encoder that made the vectors; raises StoreError where the record is damaged."""
    return Fingerprint.from_json(snapshot.meta("encoder"))


def record_place(writer: Writer, encoder: Fingerprint, collection: Path) -> None:
    """Writes down which encoder it is, and where its folder lies if it is one."""
    folder = model_folder(encoder.model)
    with suppress(ValueError):  # on Windows, another drive's
        beside = None if folder is None else os.path.relpath(folder, collection.resolve())
        writer.set_meta(BESIDE, beside)
    writer.set_meta("encoder", encoder.to_json())


def locate_encoder(snapshot: Snapshot, collection: Path) -> str:
    """Returns the hub name or the folder of the encoder that made the vectors.

    A folder that is no longer where it was is looked for where it lay as seen from the collection, one recorded by a
    relative path beside the collection and above, and under another name in these places; its weights must be the same.
    Raises ModelUnavailableError where it is not found: what was no hub model is never asked of the hub.
    """
    recorded = recorded_encoder(snapshot)
    if recorded.remote or recorded.revision is not None or model_folder(recorded.model) is not None:
        return recorded.model
    beside = snapshot.meta(BESIDE)
    places = [collection / beside] if isinstance(beside, str) else []
    if not Path(recorded.model).is_absolute():
        places += [parent / recorded.model for parent in collection.resolve().parents]
    places += [beside for folder in [Path(recorded.model), *places] for beside in _folders_beside(folder)]
    for place in places:
        folder = model_folder(str(place))
        with suppress(ModelUnavailableError):  # other files lie there now
            if folder is not None and digest_weights(folder) == recorded.weights:
                return str(folder.resolve())
    raise ModelUnavailableError(
        f"the encoder {recorded.model} is not where it was, and not beside the collection: name its folder "
        "(--encoder; an ingest records it)"
    )


def _folders_beside(folder: Path) -> list[Path]:
    """Returns the folders that lie where a folder lay: it may bear another name now."""
    with suppress(OSError):
        entries = sorted(folder.parent.iterdir())
        return [entry for entry in entries if any((entry / name).is_file() for name in MODEL_FILES)][:FEW]
    return []


def load_recorded_encoder(
    snapshot: Snapshot,
    collection: Path,
    named: str | None,
    settings: Settings,
    options: EncoderOptions | None = None,
) -> Encoder:
    """Loads the encoder that made the vectors, from where it is or where it is said to be, and as it was used.

    Its window, dimensions and prompts are those on record but for what `options` ask: what is known of a model today
    changes no collection. An encoder of other weights is loaded as it is, for `check_encoder` to refuse.
    """
    options = options or EncoderOptions()
    recorded = recorded_encoder(snapshot)
    model = named or locate_encoder(snapshot, collection)
    if is_remote(model):
        if recorded.remote:
            options = options.as_recorded(recorded, recorded_window(snapshot))
        return load_encoder(model, options, settings)
    resolved = resolve_model(model, settings)
    if resolved.weights == recorded.weights:
        options = options.as_recorded(recorded, recorded_window(snapshot))
    return bi_encoder(resolved, options, settings)


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
    if backend == encoder.backend and not recorded.remote:
        return
    probe = np.asarray(snapshot.meta("probe"), dtype=np.float32)
    cosine = float(probe @ _probe(encoder))
    least = PROBE_COSINE if recorded.remote else SAME_WEIGHTS_COSINE
    if not cosine >= least:
        raise IndexMismatchError(
            f"{recorded.model} on {encoder.backend} gives other vectors than on {backend}, with which the collection "
            f"was built: the probe's cosine is {cosine:.4f}, expected at least {least}"
        )


def _probe(encoder: Encoder) -> np.ndarray:
    vector: np.ndarray = encoder.encode_passages([PROBE_TEXT])[0]
    return vector
