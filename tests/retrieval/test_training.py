"""Rules of training, on tiny random models: what is read, what is mined, what is learned, what a kill can't lose."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers import BertTokenizerFast, ModernBertConfig, ModernBertModel

from passagework.retrieval import BiEncoder
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, ModelUnavailableError, TrainingError
from passagework.retrieval.late_interaction.late_interaction import BLEND, LateInteractionReranker
from passagework.retrieval.models.cross_encoder import CrossEncoderReranker
from passagework.retrieval.training import (
    Loss,
    Pair,
    TrainingOptions,
    TrainingProgress,
    TrainingRun,
    digest_pairs,
    encoder_training as encoder,
    read_pairs,
    reranker_training as reranker,
    teacher,
    train_encoder,
    train_reranker,
    working_folder,
    write_pairs,
)
from passagework.retrieval.training.encoder_training import prompts_of
from passagework.retrieval.training.folders import last_checkpoint
from passagework.retrieval.training.held_out import mean_gain
from passagework.retrieval.training.listwise import CERTAIN, listwise_loss
from passagework.retrieval.training.maxsim import JointScorer, joint_loss
from passagework.retrieval.training.prepared_training import split_pairs
from passagework.retrieval.training.teacher import SHARPNESS, teacher_scores
from passagework.retrieval.training.variations import MAKERS, SHARES, varied
from tests.support.tiny_encoders import tiny_byte_pairs, tiny_encoder, tiny_sentencepiece, tiny_static
from tests.support.tiny_models import WORDS, _wordpieces, tiny_bert

pytestmark = pytest.mark.slow

FP32 = Settings(device="cpu", precision="fp32", offline=True)
QUICK = TrainingOptions(
    epochs=1, batch=8, negatives=3, learning_rate=1e-3, window=64, evaluate_every=10, patience=50, seed=1
)


MARK = "river"


def pairs_to_learn(count: int, *, seed: int = 0) -> list[Pair]:
    """Pairs that the smallest model can learn: the text that answers has MARK in it, and no other text has."""
    draw = random.Random(seed)
    words = [word for word in WORDS if word != MARK]
    pairs = []
    for number in range(count):
        query, *others = draw.sample(words, 8)
        negatives = tuple(f"{one} {two}" for one, two in pairwise(others[:5]))
        pairs.append(Pair(f"{query} {number}", f"{others[0]} {MARK}", title=f"{number}", negatives=negatives))
    return pairs


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads only wait for one another over so little work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT."""
    return tiny_bert(tmp_path_factory.mktemp("models") / "bert")


def written(path: Path, *lines: object) -> Path:
    """A file of these JSON lines."""
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


# pairs


def test_a_pairs_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Every field survives, in order, and a pair that comes twice is taken once."""
    pairs = [
        Pair("why is the sky blue?", "Rayleigh.", title="Sky", answers=("Rayleigh",), negatives=("Mie.", "Sea\nMie.")),
        Pair("who?", "Nobody.", kind="typos", hidden="Nobody"),
    ]
    write_pairs([*pairs, pairs[0]], tmp_path / "pairs.jsonl")
    assert read_pairs([tmp_path / "pairs.jsonl"]) == pairs


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "pairs.jsonl:2 is not JSON"),
        ("[1]", "pairs.jsonl:2 is no object"),
        ({"query": "a"}, "pairs.jsonl:2 has no positive"),
        ({"query": "a", "positive": 3}, "pairs.jsonl:2: positive is no text"),
        ({"query": " ", "positive": "b"}, "pairs.jsonl:2 has an empty query"),
        ({"query": "a", "positive": "\n"}, "pairs.jsonl:2 has an empty positive"),
        ({"query": "a", "positive": "b", "negatives": "c"}, "pairs.jsonl:2: negatives is no list of texts"),
        (
            {"query": "a", "positive": "b", "negatives": ["c", ""]},
            "pairs.jsonl:2 has an empty text among its negatives",
        ),
        ({"query": "a", "positive": "b", "negatives": ["b"]}, "pairs.jsonl:2 has its positive among its negatives"),
        ("[" * 100_000, "pairs.jsonl:2 is not JSON"),
        ('{"query": "a", "positive": "b", "query": "c"}', "pairs.jsonl:2: 'query' comes twice"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: object, told: str) -> None:
    """File, line and reason; nothing is trained on the rest."""
    path = written(tmp_path / "pairs.jsonl", {"query": "a", "positive": "b"}, line)
    with pytest.raises(TrainingError, match=told.replace("[", r"\[")):
        read_pairs([path])


def test_files_without_pairs_are_refused(tmp_path: Path) -> None:
    """Missing, empty, or not text."""
    with pytest.raises(TrainingError, match="can't be read"):
        read_pairs([tmp_path / "absent.jsonl"])
    with pytest.raises(TrainingError, match="no pairs in"):
        read_pairs([written(tmp_path / "empty.jsonl")])
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TrainingError, match="is not UTF-8"):
        read_pairs([tmp_path / "binary.jsonl"])


def test_held_out_sources_share_nothing_with_what_is_learned() -> None:
    """All pairs of a title are held out, or none is."""
    pairs = [Pair(f"q{n}", f"text {n}", title=f"title {n // 4}", negatives=("x",)) for n in range(800)]
    learned, held_out = split_pairs(pairs, TrainingOptions())
    assert held_out
    assert not {pair.title for pair in learned} & {pair.title for pair in held_out}
    assert len(learned) + len([pair for pair in pairs if pair.held_out]) == len(pairs)


def test_few_pairs_are_parted_all_the_same() -> None:
    """A single source gives both sides something; one pair can't."""
    pairs = [Pair(f"q{n}", f"text {n}", title="one", negatives=("x",)) for n in range(10)]
    learned, held_out = split_pairs(pairs, TrainingOptions())
    assert (len(learned), len(held_out)) == (9, 1)
    with pytest.raises(TrainingError, match="1 pair can't be parted"):
        split_pairs(pairs[:1], TrainingOptions())


def test_mean_gain_is_ndcg_with_ties_against_the_model() -> None:
    """Rank 1, rank 3, and a tie of all, which counts as the last."""
    pairs = [replace(pair, negatives=pair.negatives[:2]) for pair in pairs_to_learn(3)]
    found = mean_gain(pairs, [3, 2, 1, 1, 2, 3, 5, 5, 5])
    assert found == pytest.approx((1 + 1 / np.log2(4) + 1 / np.log2(4)) / 3)


# queries made of pairs


def test_every_pair_stays_one_pair_of_some_kind() -> None:
    """Kinds come in their shares, the same for the same seed; the text that answers never changes."""
    asked = "In what year did the great earthquake of Sichuan occur?"
    text = "The quake was among the strongest. It struck in 2008 on a spring day. Many towns there were hit hard."
    pairs = [Pair(asked, text, title=f"t{n}", answers=("2008",)) for n in range(2_000)]
    made = list(varied(pairs, seed=3))
    assert made == list(varied(pairs, seed=3))
    assert [pair.positive for pair in made] == [pair.positive for pair in pairs]
    counts = {kind: sum(pair.kind == kind for pair in made) / len(made) for kind in SHARES}
    assert counts == pytest.approx(SHARES, abs=0.04)


@pytest.mark.parametrize("kind", list(MAKERS))
def test_a_made_query_differs_and_is_never_empty(kind: str) -> None:
    """Whatever the query, a maker gives another one, or nothing."""
    draw = random.Random(5)
    for query in ("", "what?", "a b", "In what year did the tower of London burn down?", "WHO", "émigré naïveté café"):
        for answers in ((), ("1666", "in 1666")):
            pair = Pair(query, "It burned down in 1666 one day. The tower stands still. Nobody had expected any of it.")
            made = MAKERS[kind](replace(pair, answers=answers), draw)
            assert made is None or (made.query.strip() and made.query != query and made.kind == kind)


def test_a_claim_states_the_answer_where_the_question_asked() -> None:
    """The asking words give way to the answer."""
    pair = Pair("In what year did Titanic sink?", "It sank in 1912.", answers=("1912",))
    made = MAKERS["claim"](pair, random.Random(0))
    assert made is not None
    assert made.query == "1912 Titanic sink."


def test_a_sentence_is_taken_out_of_its_text() -> None:
    """Else the query would be found by its own words alone."""
    text = "The first sentence says one thing. The second sentence says another thing. A third one says nothing at all."
    made = [MAKERS["sentence"](Pair("q", text), random.Random(n)) for n in range(20)]
    assert all(pair is not None and pair.query in text for pair in made)
    assert any(pair is not None and pair.hidden == pair.query for pair in made)


# training


def trained(
    base: Path, out: Path, pairs: Sequence[Pair], options: TrainingOptions = QUICK, **choices: Any
) -> TrainingRun:
    """A reranker from the tiny base."""
    return train_reranker(pairs, out, base=str(base), options=options, settings=FP32, **choices)


@pytest.mark.parametrize("loss", list(Loss))
def test_a_reranker_learns_and_is_searched_with(base: Path, tmp_path: Path, loss: Loss) -> None:
    """Held-out pairs are ranked much better than before, and the folder loads as a reranker that agrees."""
    out = tmp_path / "made"
    run = trained(base, out, pairs_to_learn(200), replace(QUICK, loss=loss), command="make it")
    before, after = run.measures[0][1], max(value for _, value in run.measures)
    assert after > max(0.9, before + 0.1)
    reranker = CrossEncoderReranker.load(out, settings=FP32)
    scores = reranker.rerank("alpha 3", ["beta stone", f"1\nbeta {MARK}"])
    assert scores.logits[1] > scores.logits[0]


def test_shuffled_labels_teach_nothing(base: Path, tmp_path: Path) -> None:
    """The control: what a training gains, it gains from its labels."""
    run = trained(base, tmp_path / "control", pairs_to_learn(200), replace(QUICK, shuffled=True))
    assert max(value for _, value in run.measures) < 0.85


def test_the_folder_is_whole_half_precision_and_tells_its_story(base: Path, tmp_path: Path) -> None:
    """Safetensors in float16, tokenizer, card with digest and command, record with the course; no checkpoints left."""
    out = tmp_path / "made"
    run = trained(base, out, pairs_to_learn(60), command="passagework train reranker")
    from safetensors import safe_open

    with safe_open(str(out / "model.safetensors"), "pt") as weights:
        kinds = {weights.get_tensor(name).dtype for name in weights.keys()}  # noqa: SIM118 - no mapping
    assert kinds == {torch.float16}
    record = json.loads((out / "training.json").read_text())
    assert record["course"]["pairs"] == run.pairs == 60 - run.held_out
    card = (out / "README.md").read_text()
    assert record["weights"] in card
    assert "`passagework train reranker`" in card
    assert not list(working_folder(out).glob("checkpoint-*"))
    assert not list(tmp_path.glob("*.partial"))


def test_the_same_call_makes_the_same_weights(base: Path, tmp_path: Path) -> None:
    """Seeds hold everything that is drawn."""
    options, pairs = QUICK, pairs_to_learn(60)
    digests = []
    for name in ("a", "b"):
        trained(base, tmp_path / name, pairs, options)
        digests.append(json.loads((tmp_path / name / "training.json").read_text())["weights"])
    assert digests[0] == digests[1]


def test_a_training_that_was_stopped_goes_on(base: Path, tmp_path: Path) -> None:
    """From its last checkpoint, to the same weights as without the stop; another training may not take its place."""
    options, pairs = replace(QUICK, epochs=2, evaluate_every=5), pairs_to_learn(80)

    def stop(progress: TrainingProgress) -> None:
        if progress.step == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(base, tmp_path / "made", pairs, options, watch=stop)
    assert not (tmp_path / "made").exists()
    found = last_checkpoint(working_folder(tmp_path / "made"))
    assert found is not None
    assert found.name == "checkpoint-10"
    with pytest.raises(TrainingError, match="other options"):
        trained(base, tmp_path / "made", pairs, replace(options, seed=9))
    run = trained(base, tmp_path / "made", pairs, options)
    assert run.resumed_at == 10
    trained(base, tmp_path / "at-once", pairs, options)
    weights = [json.loads((tmp_path / name / "training.json").read_text())["weights"] for name in ("made", "at-once")]
    assert weights[0] == weights[1]


def test_the_listwise_loss_is_listnets(base: Path) -> None:
    """The same value and gradients, whatever is read beside a pair, and however long lists are."""
    from sentence_transformers import CrossEncoder
    from sentence_transformers.cross_encoder.losses import ListNetLoss

    model = CrossEncoder(str(base), num_labels=1, device="cpu", max_length=64)
    draw = random.Random(3)
    lists = [
        [" ".join(draw.choices(WORDS, k=draw.randint(1, 9))) for _ in range(count)] for count in (5, 2, 4, 5, 5, 3)
    ]
    inputs = [draw.choice(WORDS) for _ in lists], lists
    labels = [torch.tensor([CERTAIN] + [0.0] * (len(texts) - 1)) for texts in lists]
    found = []
    for made in (listwise_loss, ListNetLoss):
        model.zero_grad()
        loss = made(model)(inputs, labels)
        loss.backward()
        found.append((loss.item(), [one.grad.clone() for one in model.parameters() if one.grad is not None]))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-5)
    assert len(found[0][1]) == len(found[1][1]) > 10
    for one, other in zip(found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_the_batch_halves_where_memory_runs_out(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training goes on with half of the batch, twice the steps of accumulation, and says so in its record."""
    most = 4

    def narrow(model: Any) -> Any:
        made = listwise_loss(model)
        honest = made.forward

        def forward(inputs: Any, labels: Any, **choices: Any) -> Any:
            if len(labels) > most:
                raise torch.OutOfMemoryError
            return honest(inputs, labels, **choices)

        made.forward = forward
        return made

    monkeypatch.setattr(reranker, "listwise_loss", narrow)
    run = trained(base, tmp_path / "made", pairs_to_learn(40))
    assert run.batch == 4
    assert run.steps == -(-run.pairs // 8)
    most = 0
    with pytest.raises(TrainingError, match="out of memory at one query a time"):
        trained(base, tmp_path / "none", pairs_to_learn(40))


def test_an_encoder_learns_and_is_loaded(tmp_path: Path) -> None:
    """The bi-encoder's trainer, with the base's prompts; the folder loads as an encoder with the same window."""
    start = tiny_encoder(tmp_path / "base", prompts={"query": "river: ", "document": "stone: "})
    options = replace(QUICK, batch=16, negatives=2, epochs=2)
    run = train_encoder(pairs_to_learn(160), tmp_path / "made", base=str(start), options=options, settings=FP32)
    before, after = run.measures[0][1], max(value for _, value in run.measures)
    assert after >= before
    made = BiEncoder.load(tmp_path / "made", settings=FP32)
    assert (made.window, made.dim) == (64, 32)


def comparison_of(folder: Path, queries: Sequence[str]) -> JointScorer:
    """What a training with token vectors compares by, of the encoder in this folder."""
    model = SentenceTransformer(str(folder), device="cpu")
    return JointScorer(model, prompts_of(model), queries)


QUERIES = ("what is the river paper", "stone of a bank", "the of", "paper a river stone history")
TEXTS = ("river stone bank money", "a paper stone history of the river " * 2, "water")


@pytest.mark.parametrize(
    "made",
    [
        lambda folder: tiny_encoder(folder),
        lambda folder: tiny_encoder(folder, prompts={"query": "river: ", "document": "stone: "}),
        lambda folder: tiny_encoder(folder, prompts={"query": "river: "}, include_prompt=False),
        tiny_sentencepiece,
        tiny_byte_pairs,
    ],
    ids=["plain", "prompts", "prompts-left-out", "sentencepiece", "byte-pairs"],
)
def test_what_an_encoder_learns_is_what_search_compares(made: Callable[[Path], Path], tmp_path: Path) -> None:
    """Cosines and late interactions of a batch equal the encoder's and the reranker's, padding and prompts included."""
    folder = made(tmp_path / "made")
    comparison = comparison_of(folder, QUERIES)
    with torch.inference_mode():
        read = [
            comparison.model(comparison.model.preprocess(list(texts), prompt=prompt))
            for texts, prompt in zip((QUERIES, TEXTS), comparison.prompts, strict=True)
        ]
        cosines, late = comparison.scores(*read)
    encoder = BiEncoder.load(folder, settings=FP32)
    reranker = LateInteractionReranker(encoder)
    np.testing.assert_allclose(cosines, encoder.encode_queries(QUERIES) @ encoder.encode_passages(TEXTS).T, atol=1e-5)
    np.testing.assert_allclose(late, [reranker.rerank(query, TEXTS).logits for query in QUERIES], atol=1e-3)
    assert np.ptp(late.numpy(), axis=1).min() > 0.01
    comparison.model.train()  # as a trainer leaves it: dropout must not blur the measure
    found = comparison.of_pairs([Pair(query, TEXTS[0], negatives=TEXTS[1:]) for query in QUERIES])
    np.testing.assert_allclose(np.reshape(found, (4, 3)), cosines + BLEND.reranked * late, atol=1e-5)


def test_the_joint_loss_is_that_of_both_orders(tmp_path: Path) -> None:
    """Against the cross entropies of the scores, by NumPy; its gradients reach the model."""
    comparison = comparison_of(tiny_encoder(tmp_path / "made"), QUERIES)
    comparison.model.eval()
    columns = [QUERIES, [f"{query} money" for query in QUERIES], [f"{query} street" for query in QUERIES[::-1]]]
    features = [comparison.model.preprocess(list(column)) for column in columns]
    loss = joint_loss(comparison)(features)
    read = [comparison.model(dict(one)) for one in features]
    parts = [comparison.scores(read[0], column) for column in read[1:]]
    cosines, late = (torch.cat(some, dim=1).detach().double().numpy() for some in zip(*parts, strict=True))
    wanted = []
    for scores in (20 * cosines, 20 * (cosines + BLEND.reranked * late)):
        wanted.append(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[range(4), range(4)]))
    assert loss.item() == pytest.approx(np.mean(wanted), rel=1e-4)
    loss.backward()
    assert comparison.model[0].model.embeddings.word_embeddings.weight.grad.abs().sum() > 0


def test_an_encoder_learns_token_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is asked for, and then the order of reranking gets better; else vectors of texts learn alone."""
    start = tiny_encoder(tmp_path / "base")
    pairs = pairs_to_learn(160)
    taught: list[JointScorer] = []

    def noted(comparison: JointScorer) -> Any:
        taught.append(comparison)
        return joint_loss(comparison)

    monkeypatch.setattr(encoder, "joint_loss", noted)
    options = replace(QUICK, batch=16, negatives=2, epochs=3)
    train_encoder(pairs, tmp_path / "without", base=str(start), options=options, settings=FP32)
    assert not taught
    asked = replace(options, token_vectors=True)
    run = train_encoder(pairs, tmp_path / "made", base=str(start), options=asked, settings=FP32)
    assert len(taught) == 1
    assert json.loads((tmp_path / "made" / "training.json").read_text())["options"]["token_vectors"] is True

    def gain(folder: Path) -> float:
        held_out = [pair for pair in pairs if pair.held_out]
        return mean_gain(held_out, comparison_of(folder, [pair.query for pair in held_out]).of_pairs(held_out))

    assert gain(start) == pytest.approx(run.measures[0][1])
    assert gain(tmp_path / "made") == pytest.approx(max(value for _, value in run.measures), abs=0.02)
    assert gain(tmp_path / "made") > gain(start) + 0.05


@pytest.mark.parametrize("name", ["document", "passage", "corpus"])
def test_a_base_is_trained_with_the_prompts_it_is_searched_with(name: str, tmp_path: Path) -> None:
    """Whatever it calls that of passages; an empty one that the library adds hides none."""
    model = SentenceTransformer(
        str(tiny_encoder(tmp_path, prompts={"query": "river: ", name: "stone: "})), device="cpu"
    )
    assert prompts_of(model) == ("river: ", "stone: ")


def test_token_vectors_are_an_encoders_that_gives_them(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reranker has none to train, nor has a model that gives a text's vector alone; a table of words is no model."""
    options = replace(QUICK, token_vectors=True)
    with pytest.raises(ConfigError, match="for an encoder alone"):
        trained(base, tmp_path / "reranker", pairs_to_learn(30), options)
    static = tiny_static(tmp_path / "static")
    with pytest.raises(ModelUnavailableError, match="is no transformer"):
        train_encoder(pairs_to_learn(30), tmp_path / "of-words", base=str(static), options=options, settings=FP32)
    forward = SentenceTransformer.forward

    def texts_alone(self: SentenceTransformer, *inputs: Any, **choices: Any) -> dict[str, Any]:
        return {name: value for name, value in forward(self, *inputs, **choices).items() if name != "token_embeddings"}

    monkeypatch.setattr(SentenceTransformer, "forward", texts_alone)
    start = tiny_encoder(tmp_path / "base")
    with pytest.raises(TrainingError, match="gives no vectors of tokens"):
        train_encoder(pairs_to_learn(30), tmp_path / "of-texts", base=str(start), options=options, settings=FP32)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"epochs": 0.0}, "epochs is 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"batch": 0}, "batch is 0"),
        ({"window": 8}, "window is 8"),
        ({"warmup": 1.0}, "warmup is 1.0"),
        ({"layers": 0}, "layers is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "seed is 4294967296"),
    ],
)
def test_options_out_of_range_are_named(change: dict[str, Any], told: str) -> None:
    """Before anything is loaded."""
    with pytest.raises(ConfigError, match=told):
        TrainingOptions(**change)


def test_what_cannot_be_trained_on_is_refused_in_one_line(base: Path, tmp_path: Path) -> None:
    """No negatives, a folder in use, pickled weights, a base without so many layers."""
    pairs = pairs_to_learn(30)
    bare = [replace(pair, negatives=()) for pair in pairs]
    with pytest.raises(TrainingError, match="none of 30 pairs has negatives"):
        trained(base, tmp_path / "made", bare)
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    with pytest.raises(ConfigError, match="is there, and not empty"):
        trained(base, tmp_path / "used", pairs)
    with pytest.raises(TrainingError, match="layers is 9"):
        trained(base, tmp_path / "deep", pairs, replace(QUICK, layers=9))
    pickled = shutil.copytree(base, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelUnavailableError, match="may hold a pickle"):
        trained(pickled, tmp_path / "from-pickle", pairs)


def test_a_reranker_reads_no_more_than_its_base_has_positions(base: Path, tmp_path: Path) -> None:
    """Whatever window is asked for: a long text would end a training that short ones began."""
    pairs = [replace(pair, negatives=(*pair.negatives, "alpha beta " * 100)) for pair in pairs_to_learn(30)]
    trained(base, tmp_path / "made", pairs, replace(QUICK, window=256, negatives=9))
    assert CrossEncoderReranker.load(tmp_path / "made", settings=FP32).window == 64


def test_an_encoder_takes_no_options_of_a_reranker(tmp_path: Path) -> None:
    """They would be left unheard."""
    for change, told in (({"layers": 1}, "layers can be chosen"), ({"loss": Loss.BINARY}, "loss can be chosen")):
        with pytest.raises(ConfigError, match=told):
            train_encoder(pairs_to_learn(30), tmp_path / "made", base="none", options=replace(QUICK, **change))


def test_layers_of_several_kinds_can_be_left_out(tmp_path: Path) -> None:
    """A ModernBERT's configuration says of each layer what it attends to."""
    config = ModernBertConfig(
        vocab_size=len(_wordpieces()),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        **{f"{name}_token_id": number for number, name in enumerate(("pad", "unk", "cls", "sep"))},
        bos_token_id=2,
        eos_token_id=3,
    )
    ModernBertModel(config).save_pretrained(tmp_path / "base")
    BertTokenizerFast(vocab=_wordpieces(), model_max_length=64).save_pretrained(tmp_path / "base")
    trained(tmp_path / "base", tmp_path / "made", pairs_to_learn(30), replace(QUICK, layers=2))
    made = json.loads((tmp_path / "made" / "config.json").read_text())
    assert (made["num_hidden_layers"], len(made["layer_types"])) == (2, 2)


def test_layers_can_be_left_out(base: Path, tmp_path: Path) -> None:
    """The first layers of the base are kept."""
    trained(base, tmp_path / "made", pairs_to_learn(30), replace(QUICK, layers=1))
    assert json.loads((tmp_path / "made" / "config.json").read_text())["num_hidden_layers"] == 1


def test_the_digest_tells_pairs_apart() -> None:
    """Order, texts and negatives count."""
    pairs = pairs_to_learn(3)
    assert digest_pairs(pairs) == digest_pairs(list(pairs))
    assert digest_pairs(pairs) != digest_pairs(pairs[::-1])
    assert digest_pairs(pairs) != digest_pairs([*pairs[:2], replace(pairs[2], negatives=("other",))])


def test_frozen_layers_stay_as_they_were(tmp_path: Path) -> None:
    """So do the embeddings below them, and what is above learns; a reranker has none to freeze."""
    start = tiny_encoder(tmp_path / "base")
    train_encoder(
        pairs_to_learn(40), tmp_path / "made", base=str(start), options=replace(QUICK, frozen=1), settings=FP32
    )
    before, after = (SentenceTransformer(str(folder), device="cpu").float() for folder in (start, tmp_path / "made"))
    learned = dict(after.named_parameters())
    moved = {
        name
        for name, weights in before.named_parameters()
        if not torch.allclose(weights, learned[name].float(), atol=2e-3)
    }
    assert moved
    assert all(".layer.1." in name for name in moved)
    with pytest.raises(ConfigError, match="layers can be frozen for an encoder alone"):
        trained(start, tmp_path / "reranker", pairs_to_learn(30), replace(QUICK, frozen=1))


def test_a_teacher_is_asked_once_and_its_order_learned(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cross-encoder's logits, or cosines of an encoder; kept, so that a training that goes on needs it no more."""
    start = str(tiny_encoder(tmp_path / "base"))
    candidates = [("river stone", ["paper", "stone travel"]), ("budget", ["alpha", "approve budget"])]
    encoder = BiEncoder.load(start, settings=FP32)
    made = teacher_scores(candidates, start, FP32, tmp_path)
    cosines = encoder.encode_passages(["paper", "stone travel"]) @ encoder.encode_queries(["river stone"])[0]
    assert made[0] == pytest.approx((SHARPNESS * cosines).tolist(), abs=1e-3)
    monkeypatch.setattr(teacher, "bi_encoder", None)
    assert teacher_scores(candidates, start, FP32, tmp_path) == made
    logits = CrossEncoderReranker.load(base, settings=FP32).rerank("budget", candidates[1][1]).logits
    assert teacher_scores(candidates, str(base), FP32, tmp_path)[1] == pytest.approx(logits.tolist(), abs=1e-4)
    options = replace(QUICK, teacher=str(base), epochs=8)
    run = train_encoder(pairs_to_learn(40), tmp_path / "made", base=start, options=options, settings=FP32)
    assert run.losses[-1][1] < run.losses[0][1]
    with pytest.raises(ConfigError, match="is an address"):
        teacher_scores(candidates, "openai:m@http://localhost/v1", FP32, tmp_path)
    taught = replace(QUICK, teacher=start)
    for train, wrong in ((train_encoder, replace(taught, token_vectors=True)), (train_reranker, taught)):
        with pytest.raises(ConfigError, match="teacher"):
            train(pairs_to_learn(30), tmp_path / "no", base=start, options=wrong)
