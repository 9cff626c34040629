"""A linear head on vectors: what it learns, how sure it is, what it calls other, and what can't be learned from."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason='pip install "passagework[labels]"')

from passagework.retrieval.errors import TrainingError
from passagework.retrieval.labels import head_fitting
from passagework.retrieval.labels.head_fitting import FittedHead, fit_head
from passagework.retrieval.labels.head_report import measured_head
from passagework.retrieval.labels.label_head import OTHER, LabelHead
from passagework.retrieval.types import Vectors

DIM = 24


def examples(labels: int, each: int, *, noise: float, seed: int = 0) -> tuple[Vectors, list[str]]:
    """Unit rows around a direction a label."""
    draw = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((labels, DIM))
    rows = np.repeat(centres, each, axis=0) + noise * draw.standard_normal((labels * each, DIM))
    vectors = np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
    return vectors, [f"label {number:02}" for number in range(labels) for _ in range(each)]


@pytest.fixture(scope="module")
def fitted() -> FittedHead:
    """A head for 12 labels of 20 examples each."""
    return fit_head(*examples(12, 20, noise=0.6))


def test_new_texts_get_their_labels(fitted: FittedHead) -> None:
    """Of vectors that it never saw nearly all get their label; the figures of held-out ones say so too."""
    vectors, labels = examples(12, 50, noise=0.6, seed=1)
    found = fitted.head.labelled(vectors)
    accuracy = float(np.mean([row.nearest == label for row, label in zip(found, labels, strict=True)]))
    assert accuracy > 0.95
    assert fitted.report.accuracy == pytest.approx(accuracy, abs=0.04)
    assert fitted.report.texts == 240


def test_probabilities_are_calibrated() -> None:
    """Where labels are hard to tell apart, the mean probability is near the share that is right."""
    head = fit_head(*examples(6, 60, noise=2.0)).head
    vectors, labels = examples(6, 200, noise=2.0, seed=1)
    probabilities = head.probabilities(vectors)
    right = np.array([head.labels[row] for row in probabilities.argmax(axis=1)]) == np.array(labels)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(labels)), abs=1e-5)
    assert 0.5 < right.mean() < 0.95
    assert float(probabilities.max(axis=1).mean()) == pytest.approx(float(right.mean()), abs=0.06)


def test_what_fits_no_label_is_other(fitted: FittedHead) -> None:
    """Vectors of none of the labels are called other, with how sure that is and what is nearest; few of theirs are."""
    draw = np.random.default_rng(5).standard_normal((200, DIM))
    strangers = np.asarray(draw / np.linalg.norm(draw, axis=1, keepdims=True), dtype=np.float32)
    found = fitted.head.labelled(strangers)
    assert np.mean([row.label == OTHER for row in found]) > 0.9
    other = next(row for row in found if row.label == OTHER)
    assert all(0.5 <= row.probability <= 1 for row in found if row.label == OTHER)
    assert other.to_json() == {"label": "other", "probability": other.probability, "nearest": other.nearest}
    assert fitted.report.called_other < 0.05
    assert fitted.report.other is not None
    assert fitted.report.other.labels == 3
    assert fitted.report.other.found > 0.5


def test_other_is_the_surer_the_less_a_text_has_in_common_with_its_label(fitted: FittedHead) -> None:
    """Even at the threshold, certain where nothing is in common."""
    head, threshold = fitted.head, fitted.head.least_cosine
    centre = head.centres[0]
    across = np.eye(len(centre), dtype=np.float32)[int(np.abs(centre).argmin())]
    across = (across - (across @ centre) * centre) / np.linalg.norm(across - (across @ centre) * centre)
    shares = (0.99, 0.5, 0.0)
    vectors = [share * threshold * centre + np.sqrt(1 - (share * threshold) ** 2) * across for share in shares]
    alone = LabelHead(("a",), head.weights[:1], head.biases[:1], head.centres[:1], threshold)
    found = alone.labelled(np.array(vectors, np.float32))
    assert [row.label for row in found] == [OTHER] * 3
    assert [row.probability for row in found] == pytest.approx([0.505, 0.75, 1.0], abs=1e-3)


def test_few_examples_rule_little_out() -> None:
    """A handful of texts that are all alike say little of others: the threshold falls with their number."""
    few, many = (fit_head(*examples(2, size, noise=0.05)).head.least_cosine for size in (5, 50))
    assert 0 < few < 0.3 < 0.8 < many


def test_many_labels_are_told_by_their_centres(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many labels no regression is fitted, and the nearest centre decides, sure by what was held out."""
    monkeypatch.setattr(head_fitting, "MOST_REGRESSED", 20)
    fitted = fit_head(*examples(60, 6, noise=0.3))
    vectors, labels = examples(60, 5, noise=0.3, seed=1)
    assert fitted.report.strength is None
    assert (
        np.mean([row.nearest == label for row, label in zip(fitted.head.labelled(vectors), labels, strict=True)]) > 0.9
    )


def test_labels_with_one_example_do_no_harm() -> None:
    """They are learned; held out they can only be missed."""
    vectors, labels = examples(4, 12, noise=0.3)
    fitted = fit_head(vectors, [*labels[:-1], "alone"])
    assert fitted.head.labels == ("alone", "label 00", "label 01", "label 02", "label 03")
    alone = next(figures for figures in fitted.report.labels if figures.label == "alone")
    assert (alone.texts, alone.recall) == (1, 0.0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(["same"] * 8, "one label: there is nothing to tell apart"), (list("abcdefgh"), "no label has two examples")],
)
def test_nothing_to_learn_is_said(labels: list[str], message: str) -> None:
    """One label alone, or one example a label, is one clear line."""
    with pytest.raises(TrainingError, match=message):
        fit_head(examples(8, 1, noise=0.1)[0], labels)


def test_figures_are_those_of_the_definition() -> None:
    """Accuracy, F1, confusion and calibration of four texts, computed by hand."""
    logits = np.log(np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.3, 0.7]], np.float32))
    report = measured_head(("a", "b"), np.array([0, 0, 1, 1]), logits, np.array([True, True, True, False]))
    assert (report.accuracy, report.called_other) == (0.75, 0.25)
    assert [figures.to_json() for figures in report.labels] == [
        {"label": "a", "texts": 2, "precision": 0.6667, "recall": 1.0, "f1": 0.8},
        {"label": "b", "texts": 2, "precision": 1.0, "recall": 0.5, "f1": 0.6667},
    ]
    assert report.macro_f1 == pytest.approx(0.7333, abs=1e-4)
    assert [confusion.to_json() for confusion in report.confusion] == [{"label": "b", "predicted": "a", "texts": 1}]
    assert report.calibration_error == pytest.approx((0.1 + 0.2 + 0.6 + 0.3) / 4, abs=1e-4)


def test_ten_thousand_labels_are_learned() -> None:
    """By their centres, with figures of what was held out."""
    vectors, labels = examples(10_000, 2, noise=0.02)
    fitted = fit_head(vectors, labels)
    assert (len(fitted.head.labels), fitted.report.strength) == (10_000, None)
    found = fitted.head.labelled(vectors[::500])
    assert np.mean([row.nearest == label for row, label in zip(found, labels[::500], strict=True)]) > 0.9
