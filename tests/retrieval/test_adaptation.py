"""Whether an adapted encoder is recommended: it gained where it is used, and lost nowhere."""

from __future__ import annotations

from hypothesis import given, strategies as st

from passagework.retrieval.evaluation.compare import Difference
from passagework.retrieval.training import TrainingRun
from passagework.retrieval.training.adaptation import CHANCE, TOLERATED, Adaptation, AdaptedSet
from passagework.retrieval.types import Stage

BETTER = TrainingRun(measures=[(0, 0.5), (10, 0.6)])


def measured(name: str, dense: float, rerank: float, *, own: bool = False, p: float = 0.01) -> AdaptedSet:
    """A set of which nDCG@10 changed by so much."""
    changes = {Stage.DENSE: dense, Stage.RERANK: rerank}
    stages = {stage: Difference("nDCG@10", 0.5, 0.5 + by, by, 5, 3, 2, p) for stage, by in changes.items()}
    return AdaptedSet(name, 10, own, stages)


def test_a_gain_on_the_own_judgments_and_no_loss_recommends() -> None:
    """A general set may lose what is tolerated, and a gain of the default stage counts."""
    sets = (measured("own", 0.02, 0.01, own=True), measured("squad", -0.004, 0.0))
    assert Adaptation(BETTER, sets).objections == ()
    assert Adaptation(BETTER, sets).to_json()["recommended"] is True


def test_a_model_that_lost_is_never_recommended() -> None:
    """Wherever it was, and whatever it gained elsewhere; the line says where, and by how much."""
    sets = (measured("own", 0.1, 0.1, own=True), measured("squad", -0.02, 0.01))
    assert Adaptation(BETTER, sets).objections == ("it lost on squad, dense: nDCG@10 0.5000 to 0.4800 (p 0.01)",)


def test_nothing_measured_recommends_nothing() -> None:
    """Nor does a gain that may be chance, none at all, or a training that never became better."""
    assert "no judgments of this collection" in Adaptation(BETTER, ()).objections[0]
    assert "may be chance" in Adaptation(BETTER, (measured("own", 0.1, 0.1, own=True, p=0.2),)).objections[0]
    assert "gained nothing" in Adaptation(BETTER, (measured("own", 0.1, 0.0, own=True),)).objections[0]
    never = TrainingRun(measures=[(0, 0.5), (10, 0.5)])
    assert "better than before training" in Adaptation(never, (measured("own", 0.1, 0.1, own=True),)).objections[0]


@given(
    st.lists(st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)), max_size=3),
    st.floats(-0.1, 0.1),
    st.floats(0, 1),
)
def test_recommended_means_gained_and_nowhere_lost(others: list[tuple[float, float]], gain: float, p: float) -> None:
    """Whatever the figures."""
    sets = (
        measured("own", gain, gain, own=True, p=p),
        *(measured(f"set {n}", *pair) for n, pair in enumerate(others)),
    )
    lost = any(change < -TOLERATED for pair in others for change in pair)
    assert Adaptation(BETTER, sets).recommended == (gain > 0 and p < CHANCE and not lost)
