"""Pairs of labelled texts: what asks for what, and an encoder that learns labels from them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

from passagework.retrieval import BiEncoder
from passagework.retrieval.errors import ConfigError, TrainingError
from passagework.retrieval.labels.label_files import LabelledText
from passagework.retrieval.training import train_encoder, train_reranker
from passagework.retrieval.training.label_pairs import MOST_EACH, NEAREST, NEGATIVES, label_pairs
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from tests.retrieval.test_training import FP32, QUICK, pairs_to_learn
from tests.support.fakes import FakeEncoder
from tests.support.tiny_encoders import tiny_encoder

pytestmark = pytest.mark.slow

BIRDS = ["river stone", "river bank", "stone bank river", "alone"]
OFFICE = ["paper budget", "budget approve", "approve paper travel"]
EXAMPLES = [
    *(LabelledText(text, "birds") for text in BIRDS),
    *(LabelledText(text, "office") for text in OFFICE),
    LabelledText("paper stone", "birds"),
    LabelledText("paper stone", "office"),
    LabelledText("alpha", "single"),
]


def test_a_text_asks_for_another_of_its_label() -> None:
    """And not for itself, nor one of another label; what stands under two labels, or alone, asks for nothing."""
    pairs = label_pairs(EXAMPLES, FakeEncoder())
    label = {one.text: one.label for one in EXAMPLES}
    assert Counter(pair.query for pair in pairs) == dict.fromkeys((*BIRDS, *OFFICE), MOST_EACH)
    for pair in pairs:
        assert label[pair.query] == label[pair.positive]
        assert pair.query != pair.positive
        assert label[pair.query] not in {label[text] for text in pair.negatives}
        assert len(set(pair.negatives)) == len(pair.negatives)
        assert "paper stone" not in (pair.positive, *pair.negatives)
        assert (pair.kind, pair.group) == ("label", pair.query)
    assert {len(pair.negatives) for pair in pairs if label[pair.query] == "office"} == {NEGATIVES}
    assert {len(pair.negatives) for pair in pairs if label[pair.query] == "birds"} == {4}
    assert label_pairs(EXAMPLES, FakeEncoder()) == pairs


def test_negatives_are_the_nearest_of_other_labels() -> None:
    """Those that the encoder would mistake for texts of the label."""
    far = [LabelledText(f"budget paper {number}", "far") for number in range(NEAREST + 20)]
    near = [LabelledText(f"river stone {number}", "near") for number in range(NEAREST)]
    asking = [LabelledText("river stone", "a"), LabelledText("river stone a", "a")]
    pairs = label_pairs([*far, *near, *asking], FakeEncoder())
    found = {text for pair in pairs if pair.query == "river stone" for text in pair.negatives}
    assert found <= {one.text for one in near}
    assert found


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        (EXAMPLES[:3], "all 3 texts have one label"),
        ([EXAMPLES[0], EXAMPLES[4]], "no label has two texts"),
        ([EXAMPLES[7], EXAMPLES[8]], "all 0 texts have one label"),
    ],
)
def test_nothing_to_learn_from(examples: list[LabelledText], message: str) -> None:
    """It is said in a line."""
    with pytest.raises(TrainingError, match=message):
        label_pairs(examples, FakeEncoder())


def test_an_encoder_learns_from_a_querys_own_negatives(tmp_path: Path) -> None:
    """Texts of one label come together, though a batch is full of them; a reranker takes no such option."""
    start = str(tiny_encoder(tmp_path / "base"))
    pairs = label_pairs(EXAMPLES, BiEncoder.load(start, settings=FP32))
    options = replace(QUICK, batch_negatives=False, epochs=2, learning_rate=5e-3)
    train_encoder(pairs, tmp_path / "made", base=start, options=options, settings=FP32)

    def apart(folder: str) -> float:
        """How much nearer texts of one label are than those of two."""
        encoder = BiEncoder.load(folder, settings=FP32)
        birds, office = (encoder.encode_queries(texts) for texts in (BIRDS, OFFICE))
        within = (float((birds @ birds.T).mean()) + float((office @ office.T).mean())) / 2
        return within - float((birds @ office.T).mean())

    assert apart(str(tmp_path / "made")) > 2 * apart(start)
    with pytest.raises(ConfigError, match="left out for an encoder alone"):
        train_reranker(pairs_to_learn(30), tmp_path / "no", base=start, options=replace(QUICK, batch_negatives=False))
    with pytest.raises(ConfigError, match="token vectors learn from the texts"):
        train_encoder(pairs, tmp_path / "no", base=start, options=replace(options, token_vectors=True))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Labelled texts become an encoder; with pairs, or for a reranker, they are refused."""
    start = str(tiny_encoder(tmp_path / "base"))
    labels = tmp_path / "labels.csv"
    labels.write_text("text,label\n" + "".join(f"{one.text},{one.label}\n" for one in EXAMPLES))
    at = ["--labels", str(labels), "--out", str(tmp_path / "made"), "--base", start]
    quick = ["--window", "64", "--epochs", "0.1", "--batch", "8", "--evaluate-every", "2", "--json"]
    assert run(app, ["train", "encoder", *at, *quick]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["options"]["batch_negatives"], list(told["kinds"])) == (False, ["label"])
    assert (tmp_path / "made" / "model.safetensors").exists()
    for wrong in (["train", "reranker", *at], ["train", "encoder", *at, "--pairs", str(labels)]):
        assert run(app, wrong) == 2
        assert "--labels are of a classifier, or of an encoder without --pairs" in capsys.readouterr().err
