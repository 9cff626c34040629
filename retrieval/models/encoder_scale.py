"""The scale of an encoder's cosines: how near it puts an answer to its question, and a text of something else.

Those of one encoder lie at 0.57 and 0.03, those of another at 0.88 and 0.76. Measured once, when a collection is made,
on questions that come with the library: so a cosine says the same of every encoder, and of a collection of any size.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.reference_answers import REFERENCE_ANSWERS
from passagework.retrieval.models.weights import DEFAULT_DIGEST
from passagework.retrieval.store import Snapshot, Writer
from passagework.retrieval.types import Json

ENCODER_SCALE = "encoder_scale"
"""The record of it among a collection's facts."""

LEAST_DEVIATIONS = 2.0
"""By so much answers must be nearer than other texts, or the encoder knows too little of English to be read by them."""


@dataclass(frozen=True, slots=True)
class EncoderScale:
    """Holds the mean cosine of a question with a text of something else, and the median with its answer."""

    unrelated: float
    answering: float

    def closeness(self, cosines: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns where cosines lie on the scale: 0 as near as what has nothing to do with it, 1 as near as answers."""
        return (cosines - self.unrelated) / (self.answering - self.unrelated)

    def to_json(self) -> dict[str, Json]:
        """Returns what a collection records of it."""
        return asdict(self)


DEFAULT_SCALE = EncoderScale(unrelated=0.0291, answering=0.5682)
"""That of the default encoder, as measured: most collections are made with it."""


def scale_of(encoder: Encoder) -> EncoderScale | None:
    """Returns the scale of an encoder; None where it doesn't tell the answers from the rest. Encodes 64 short texts."""
    fingerprint = encoder.fingerprint
    if fingerprint.weights == DEFAULT_DIGEST and not (fingerprint.query_prompt or fingerprint.passage_prompt):
        return DEFAULT_SCALE
    return measured_scale(encoder)


def measured_scale(encoder: Encoder) -> EncoderScale | None:
    """Returns the scale as it comes out now."""
    questions, answers = zip(*REFERENCE_ANSWERS, strict=True)
    cosines = (encoder.encode_queries(questions) @ encoder.encode_passages(answers).T).astype(np.float64)
    unrelated = cosines[~np.eye(len(cosines), dtype=np.bool_)]
    scale = EncoderScale(round(float(unrelated.mean()), 4), round(float(np.median(np.diag(cosines))), 4))
    deviations = (scale.answering - scale.unrelated) / max(float(unrelated.std()), 1e-6)
    return scale if deviations >= LEAST_DEVIATIONS else None


def record_scale(writer: Writer, encoder: Encoder) -> None:
    """Writes down the scale of a collection's encoder, or that it has none."""
    scale = scale_of(encoder)
    writer.set_meta(ENCODER_SCALE, {} if scale is None else scale.to_json())


def recorded_scale(snapshot: Snapshot) -> tuple[bool, EncoderScale | None]:
    """Returns whether a scale was recorded, and which: a collection made by an earlier version has no record."""
    record = snapshot.meta(ENCODER_SCALE)
    if not isinstance(record, dict):
        return False, None
    unrelated, answering = record.get("unrelated"), record.get("answering")
    if not isinstance(unrelated, float | int) or not isinstance(answering, float | int) or answering <= unrelated:
        return True, None
    return True, EncoderScale(unrelated, answering)
