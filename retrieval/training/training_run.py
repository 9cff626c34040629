"""The progress of a training, and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """Tells where a training stands: steps, the loss lately, nDCG@10 of the pairs held out at the last evaluation."""

    step: int
    steps: int
    loss: float | None = None
    measure: float | None = None


Watch = Callable[[TrainingProgress], None]


@dataclass(slots=True)
class TrainingRun:
    """Tells how a training went: `measures` are (step, nDCG@10) pairs, from step 0, before training."""

    steps: int = 0
    best_step: int = 0
    measures: list[tuple[int, float]] = field(default_factory=list)
    losses: list[tuple[int, float]] = field(default_factory=list)
    pairs: int = 0
    held_out: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    batch: int = 0
    """Queries that fitted into memory at once."""
    resumed_at: int = 0

    @property
    def improved(self) -> bool:
        """Tells whether an evaluation was better than the one before training."""
        return any(value > self.measures[0][1] for _, value in self.measures)

    def to_json(self) -> dict[str, Json]:
        """Returns what the record beside the weights has."""
        return {
            "steps": self.steps,
            "best_step": self.best_step,
            "measures": [[step, round(value, 4)] for step, value in self.measures],
            "losses": [[step, round(value, 4)] for step, value in self.losses],
            "pairs": self.pairs,
            "held_out": self.held_out,
            "kinds": dict(self.kinds),
            "batch": self.batch,
            "resumed_at": self.resumed_at,
        }
