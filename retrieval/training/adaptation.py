"""What came of adapting an encoder to a collection: where it gained and lost, and whether to use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from passagework.retrieval.evaluation import Evaluation
from passagework.retrieval.evaluation.compare import Difference, difference
from passagework.retrieval.training.training_run import TrainingRun
from passagework.retrieval.types import Json, Stage

MEASURE = "nDCG@10"

TOLERATED = 0.005
"""What a set may lose: as much as of any change of the first stage (docs/first-stage.md)."""

CHANCE = 0.05
"""The p from which on a gain may be one of chance."""


@dataclass(frozen=True, slots=True)
class AdaptedSet:
    """Holds what became of a set of judged queries, `a` the encoder before and `b` the adapted one, stage by stage.

    `own` tells that they are judgments of the collection itself.
    """

    name: str
    queries: int
    own: bool
    stages: Mapping[Stage, Difference]

    @property
    def last(self) -> Difference:
        """Returns the difference at the last stage there is, which is the default of searches."""
        return self.stages[max(self.stages, key=list(Stage).index)]

    def to_json(self) -> dict[str, Json]:
        """Returns what the JSON of an adaptation has of the set."""
        stages: dict[str, Json] = {stage.value: found.to_json() for stage, found in self.stages.items()}
        return {"name": self.name, "queries": self.queries, "own": self.own, "stages": stages}


def compared_set(before: Evaluation, after: Evaluation, *, own: bool) -> AdaptedSet:
    """Compares two evaluations of one set."""
    stages = {
        stage: difference(MEASURE, figures.per_query[MEASURE], after.stages[stage].per_query[MEASURE])
        for stage, figures in before.stages.items()
        if stage in after.stages
    }
    return AdaptedSet(before.dataset, len(before.queries), own, stages)


@dataclass(frozen=True, slots=True)
class Adaptation:
    """Tells how the training went, and what it changed on the sets that were measured."""

    run: TrainingRun
    sets: tuple[AdaptedSet, ...]

    @property
    def objections(self) -> tuple[str, ...]:
        """Returns why the encoder isn't recommended: it lost somewhere, or nothing shows that it gained."""
        found = [] if self.run.improved else ["no evaluation on held-out headings was better than before training"]
        for one in self.sets:
            for stage, change in one.stages.items():
                if change.difference < -TOLERATED:
                    found.append(f"it lost on {one.name}, {stage.value}: {_course(change)}")
        own = [one for one in self.sets if one.own]
        if not own:
            found.append("no judgments of this collection were given, so nothing shows that it helps")
        for one in own:
            if one.last.difference <= 0:
                found.append(f"it gained nothing on {one.name}: {_course(one.last)}")
            elif one.last.p >= CHANCE:
                found.append(f"what it gained on {one.name} may be chance: {_course(one.last)}; judge more queries")
        return tuple(dict.fromkeys(found))

    @property
    def recommended(self) -> bool:
        """Tells whether the collection should be rebuilt with it: it gained on its judgments, and lost nowhere."""
        return not self.objections

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON of `train adapt`."""
        return {
            **self.run.to_json(),
            "sets": [one.to_json() for one in self.sets],
            "recommended": self.recommended,
            "objections": list(self.objections),
        }


def _course(change: Difference) -> str:
    return f"{MEASURE} {change.a:.4f} to {change.b:.4f} (p {change.p:.2g})"
