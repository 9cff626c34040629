"""The options of a training, checked."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import Enum

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import Json


class Loss(str, Enum):
    """Names what a reranker learns from."""

    LISTWISE = "listwise"
    """The positive against its negatives, all at once (Cao et al. 2007, ListNet)."""
    BINARY = "binary"
    """Every text for itself: does it answer?"""


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """Holds choices that change what is learned; two trainings with equal options, pairs and base are the same.

    `batch` is in queries, each with its positive and `negatives`. `window` is in tokens, query and special tokens
    included. `warmup` is the share of the steps in which the rate rises. `evaluate_every` is in steps; training ends
    after `patience` evaluations without a better one. `layers` keeps the first so many of a reranker's base (None:
    all); `frozen` leaves the first so many of an encoder, and its embeddings, as they are. In so
    many `masked_steps` an encoder first learns to fill in masked tokens of the texts. Without
    `batch_negatives` a query's negatives are its own alone, and not the texts of the batch's other queries too. A
    `teacher`, a larger encoder or a cross-encoder, says how its texts are to be ordered. `token_vectors` has an
    encoder learn what late interaction compares as well. `shuffled` trains on labels that mean nothing: a control.
    """

    loss: Loss = Loss.LISTWISE
    epochs: float = 1.0
    batch: int = 8
    negatives: int = 5
    learning_rate: float = 5e-5
    warmup: float = 0.1
    window: int = 256
    layers: int | None = None
    frozen: int = 0
    masked_steps: int = 0
    batch_negatives: bool = True
    teacher: str | None = None
    token_vectors: bool = False
    evaluate_every: int = 250
    patience: int = 4
    limit: int | None = None
    """Pairs that are used at most, those held out not counted."""
    seed: int = 13
    shuffled: bool = False

    def __post_init__(self) -> None:
        whole = {"batch": 1, "negatives": 1, "window": 32, "evaluate_every": 1, "patience": 1, "layers": 1, "frozen": 0}
        whole |= {"limit": 1, "masked_steps": 0}
        for name, least in whole.items():
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise ConfigError(f"{name} is {value!r}: give a whole number of at least {least}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed is {self.seed!r}: give a whole number from 0 to {2**32 - 1}")
        for name in ("epochs", "learning_rate"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ConfigError(f"{name} is {value!r}: give a number above 0")
        if not 0 <= self.warmup < 1:
            raise ConfigError(f"warmup is {self.warmup!r}: give a share of the steps, from 0 to 1")
        if not isinstance(self.loss, Loss):
            raise ConfigError(f"loss is {self.loss!r}: give one of {', '.join(loss.value for loss in Loss)}")

    def to_json(self) -> dict[str, Json]:
        """Returns what the model's card and record have."""
        return {name: value.value if isinstance(value, Enum) else value for name, value in asdict(self).items()}
