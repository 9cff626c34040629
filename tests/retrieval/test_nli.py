"""Rules of NLI models, shown on a tiny random one whose logits transformers itself gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.models.known_nli import KNOWN_NLI
from passagework.retrieval.models.nli import NliLabels, NliModel
from passagework.retrieval.verification.nli_support import NliSupport
from tests.support.tiny_models import WORDS, tiny_bert

SETTINGS = Settings(device="cpu", precision="fp32", backend="torch", offline=True)
LABELS = {"0": "contradiction", "1": "entailment", "2": "neutral"}
PREMISES = ["travel paper stone", "alpha beta. the river approves the budget."]
CLAIM = "the river approves travel"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of three labels with a window of 64."""
    made = tiny_bert(tmp_path_factory.mktemp("models") / "nli", num_labels=3)
    config = made / "config.json"
    labels = {"id2label": LABELS, "label2id": {name: int(place) for place, name in LABELS.items()}}
    config.write_text(json.dumps({**json.loads(config.read_text()), **labels}))
    return made


def reference(folder: Path, premise: str, hypothesis: str) -> list[float]:
    """Probabilities as transformers gives them, premise first."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        logits = model(**tokenizer(premise, hypothesis, return_tensors="pt")).logits[0]
    return [float(one) for one in torch.softmax(logits, dim=0)]


def test_probabilities_are_those_of_transformers(folder: Path) -> None:
    """The premise stands first, and the label's place is read from the model's config."""
    scores = NliModel.load(str(folder), SETTINGS).judge(PREMISES, CLAIM)
    expected = np.array([reference(folder, premise, CLAIM) for premise in PREMISES])
    np.testing.assert_allclose(scores.entailment, expected[:, 1], atol=1e-5)
    np.testing.assert_allclose(scores.contradiction, expected[:, 0], atol=1e-5)


def test_a_premise_longer_than_the_window_is_read_to_its_end(folder: Path) -> None:
    """Its probability is its best window's: another end is another probability."""
    model = NliModel.load(str(folder), SETTINGS)
    long = " ".join(WORDS[(n * n) % len(WORDS)] for n in range(120))
    one, other = (
        float(model.judge([f"{long} {end}"], CLAIM).entailment[0]) for end in ("stone", "river approve budget")
    )
    assert one != other
    with pytest.raises(ConfigError, match="a claim of 60 tokens is too long"):
        model.judge(["stone"], "river " * 60)


@pytest.mark.parametrize(
    ("name", "labels", "found"),
    [
        ("a", {"0": "CONTRADICTION", "1": "NEUTRAL", "2": "ENTAILMENT"}, NliLabels(2, 0, 3)),
        ("a", {"0": "entailment", "1": "not_entailment"}, NliLabels(0, None, 2)),
        ("models/bart-large-mnli", {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}, NliLabels(2, 0, 3)),
    ],
)
def test_the_order_of_labels(name: str, labels: dict[str, str], found: NliLabels) -> None:
    """As the config names them; where it names none, as the table of known models does."""
    assert NliLabels.of(name, {"id2label": labels}) == found


@pytest.mark.parametrize("labels", [{"0": "LABEL_0", "1": "LABEL_1"}, {"0": "joy", "1": "anger"}, {}])
def test_what_is_no_nli_model_is_refused(labels: dict[str, str]) -> None:
    """One line, with what its labels are."""
    with pytest.raises(ConfigError, match="is no NLI model: its labels are"):
        NliLabels.of("another", {"id2label": labels})


def test_known_models_have_their_labels() -> None:
    """Each of the table has entailment, and its name once."""
    for known in KNOWN_NLI:
        assert NliLabels.of(known.name, {"id2label": {str(place): one for place, one in enumerate(known.labels)}})
    assert len({known.name for known in KNOWN_NLI}) == len(KNOWN_NLI)


def test_an_engine_tells_by_the_surest_part_of_a_passage(folder: Path) -> None:
    """The passage as a whole, or one of its sentences; the characters are a sentence of it."""
    engine = NliSupport(NliModel.load(str(folder), SETTINGS))
    passage = PREMISES[1]
    (support,) = engine.judge(CLAIM, [passage])
    parts = [passage, "alpha beta.", "the river approves the budget."]
    probabilities = [reference(folder, part, CLAIM) for part in parts]
    assert support.supported == pytest.approx(max(one[1] for one in probabilities), abs=1e-5)
    assert passage[support.start : support.end] in parts[1:]
    assert engine.judge(CLAIM, []) == []
