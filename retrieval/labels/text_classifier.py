"""A classifier of texts: a head beside the fingerprint of the encoder whose vectors it reads, saved and loaded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, IndexMismatchError, ModelUnavailableError, StoreError
from passagework.retrieval.labels.head_report import HeadReport, measured_head
from passagework.retrieval.labels.label_files import LabelledText
from passagework.retrieval.labels.label_head import LabelHead, Labelled
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_loading import load_encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.types import Vectors

RECORD, WEIGHTS = "classifier.json", "classifier.safetensors"
FORMAT = 1
ARRAYS = ("weights", "biases", "centres")


@dataclass(frozen=True, slots=True, eq=False)
class TextClassifier:
    """Gives texts labels, or says that none fits. `field` is the metadata field that its labels are values of.

    `encoder_record` is that of the encoder whose vectors it learned from, and `window` the tokens that it read at once.
    `learned_passages` tells that these were vectors of passages, not of texts encoded as queries.
    """

    head: LabelHead
    encoder_record: Fingerprint
    window: int
    field: str
    learned_passages: bool
    report: Mapping[str, Any]
    encoder: Encoder | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """Returns the labels, sorted."""
        return self.head.labels

    @classmethod
    def load(
        cls, folder: str | Path, *, encoder: Encoder | None = None, settings: Settings | None = None
    ) -> TextClassifier:
        """Loads a classifier and its encoder, unless one is given, which must be the same.

        Raises ModelUnavailableError where the folder holds none or the encoder is missing, IndexMismatchError for
        another encoder.
        """
        read = _read(Path(folder))
        if encoder is None:
            options = EncoderOptions().as_recorded(read.encoder_record, read.window)
            encoder = load_encoder(read.encoder_record.model, options, settings or Settings.from_environment())
        read.check(encoder.fingerprint)
        return replace(read, encoder=encoder)

    @classmethod
    def read(cls, folder: str | Path) -> TextClassifier:
        """Reads a classifier without its encoder: for vectors that are there. Raises as `load` does."""
        return _read(Path(folder))

    def check(self, fingerprint: Fingerprint) -> None:
        """Raises IndexMismatchError, naming both, where another encoder made the vectors that it is to read."""
        if not self.encoder_record.same_as(fingerprint):
            raise IndexMismatchError(
                f"the classifier reads vectors of {self.encoder_record.describe()}, not of {fingerprint.describe()}: "
                "train one on these"
            )

    def classify(self, texts: Sequence[str]) -> list[Labelled]:
        """Returns the label of each text, in order; a text over the encoder's window is cut to it.

        Raises ConfigError for what is no text, or an empty one.
        """
        return self.head.labelled(self._vectors(texts)) if texts else []

    def evaluate(self, examples: Sequence[LabelledText]) -> HeadReport:
        """Returns the figures on labelled texts; raises ConfigError where one has a label that it doesn't know."""
        place = {label: row for row, label in enumerate(self.labels)}
        unknown = sorted({example.label for example in examples} - place.keys())
        if unknown:
            raise ConfigError(f"{len(unknown):,} labels are not the classifier's, such as {unknown[0]!r}")
        vectors = self._vectors([example.text for example in examples])
        logits = vectors @ self.head.weights.T + self.head.biases
        fitting = (vectors * self.head.centres[logits.argmax(axis=1)]).sum(axis=1) >= self.head.least_cosine
        return measured_head(self.labels, np.array([place[example.label] for example in examples]), logits, fitting)

    def save(self, folder: str | Path) -> None:
        """Writes the new folder, whole or not at all; raises ConfigError where it can't be made, or holds something."""
        from safetensors.numpy import save_file

        folder = Path(folder)
        partial = folder.with_name(f"{folder.name}.partial")
        try:
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise ConfigError(f"{folder} is there, and not empty: name a new folder")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            save_file({name: np.ascontiguousarray(getattr(self.head, name)) for name in ARRAYS}, partial / WEIGHTS)
            (partial / RECORD).write_text(json.dumps(self._record(), indent=1) + "\n", encoding="utf-8")
            if folder.exists():
                folder.rmdir()
            partial.rename(folder)
        except OSError as error:
            raise ConfigError(f"{folder} can't be written: {error.strerror or error}") from error

    def _record(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "labels": list(self.labels),
            "least_cosine": self.head.least_cosine,
            "encoder": self.encoder_record.to_json(),
            "window": self.window,
            "field": self.field,
            "learned_passages": self.learned_passages,
            "report": dict(self.report),
        }

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        for number, text in enumerate(texts, start=1):
            if not isinstance(text, str) or not text.strip():
                raise ConfigError(f"text {number} is {'empty' if isinstance(text, str) else type(text).__name__}")
        if self.encoder is None:
            raise ConfigError("the classifier has no encoder: load it with one")
        return self.encoder.encode_passages(texts) if self.learned_passages else self.encoder.encode_queries(texts)


def _read(folder: Path) -> TextClassifier:
    """Reads what `save` wrote; raises ModelUnavailableError naming what is wrong with it."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        arrays = load_file(folder / WEIGHTS)
        if record["format"] != FORMAT:
            raise ModelUnavailableError(f"{folder} was written by a newer version: format {record['format']}")
        labels, least = tuple(map(str, record["labels"])), float(record["least_cosine"])
        head = LabelHead(labels, arrays["weights"], arrays["biases"], arrays["centres"], least)
        encoder = Fingerprint.from_json(record["encoder"])
        read = TextClassifier(
            head, encoder, record["window"], record["field"], record["learned_passages"], record["report"]
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, StoreError) as error:
        found = f"no {RECORD}" if isinstance(error, FileNotFoundError) else f"{type(error).__name__}: {error}"
        raise ModelUnavailableError(f"{folder} holds no classifier: {found}") from error
    shape = (len(head.labels), encoder.dimension)
    whole = head.weights.shape == head.centres.shape == shape and head.biases.shape == shape[:1]
    if not whole or not all(np.isfinite(array).all() for array in arrays.values()):
        raise ModelUnavailableError(f"{folder} holds no classifier: {WEIGHTS} doesn't fit {RECORD}")
    return read
