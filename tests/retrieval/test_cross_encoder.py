"""Rules of the reranker, shown on tiny random models whose scores sentence-transformers itself gives."""

from __future__ import annotations

import json
import string
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

import numpy as np
import torch
from hypothesis import given, strategies as st
from sentence_transformers import CrossEncoder
from transformers import AutoModelForSequenceClassification

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, ModelUnavailableError
from passagework.retrieval.models.backends.openvino_library import openvino_available
from passagework.retrieval.models.cross_encoder import CrossEncoderReranker
from passagework.retrieval.models.pair_inputs import OVERLAP, windows
from tests.support.tiny_models import WORDS, saved_again, tiny_bert, tiny_generative, tiny_headless_bert, tiny_roberta

QUERY = "who approves travel?"
PASSAGES = ["The budget is 12.5.", "travel paper, stone", "", "alpha beta gamma delta", "river river", "a"]
LONG = [WORDS[(i * i + i // 7) % len(WORDS)] for i in range(150)]


@pytest.fixture(scope="module", params=["torch", "openvino"])
def fp32(request: pytest.FixtureRequest) -> Settings:
    """Either backend, at full precision: both keep every rule, and what OpenVINO can't run is left to torch."""
    if request.param == "openvino" and not openvino_available():
        pytest.skip("the fast extra isn't installed")
    backend = "auto" if request.param == "openvino" else "torch"
    return Settings(backend=backend, device="cpu", precision="fp32", offline=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models that tests share are made."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def bert(folder: Path) -> Path:
    """A BERT cross-encoder with a window of 64."""
    return tiny_bert(folder / "bert")


@pytest.fixture(scope="module")
def roberta(folder: Path) -> Path:
    """A RoBERTa cross-encoder with a window of 64."""
    return tiny_roberta(folder / "roberta")


def reference(model: Path, pairs: list[tuple[str, str]]) -> list[float]:
    """Logits as CrossEncoder.predict gives them."""
    encoder = CrossEncoder(str(model), device="cpu", local_files_only=True)
    found = encoder.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)
    return [float(logit) for logit in found]


def edit_json(path: Path, **changes: object) -> None:
    """Some keys of a JSON file, set."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_logits_are_those_of_predict_in_the_order_given(
    name: str, request: pytest.FixtureRequest, fp32: Settings
) -> None:
    """Special tokens, token types and batching by length change nothing: logits equal CrossEncoder.predict's."""
    model = request.getfixturevalue(name)
    scores = CrossEncoderReranker.load(model, settings=fp32).rerank(QUERY, PASSAGES)
    expected = reference(model, [(QUERY, passage) for passage in PASSAGES])
    assert np.ptp(expected) > 0.1, "the passages must differ for the order to be tested"
    np.testing.assert_allclose(scores.logits, expected, atol=1e-4)
    assert (scores.windowed, scores.query_cut) == (0, False)
    assert scores.logits.dtype == scores.probabilities.dtype == np.float32


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_models_saved_by_the_current_version_score_the_same(
    name: str, folder: Path, request: pytest.FixtureRequest, fp32: Settings
) -> None:
    """A folder with modules.json is read as the plain one it came from, and its activation is left out."""
    model = request.getfixturevalue(name)
    again = saved_again(model, folder / f"{name}-again", activation=torch.nn.Sigmoid())
    assert (again / "modules.json").exists()
    scores = CrossEncoderReranker.load(again, settings=fp32).rerank(QUERY, PASSAGES)
    np.testing.assert_allclose(scores.logits, reference(model, [(QUERY, passage) for passage in PASSAGES]), atol=1e-4)


@pytest.mark.parametrize(
    "saved",
    [
        {"sbert_ce_default_activation_function": "torch.nn.modules.activation.Sigmoid"},
        {"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}},
    ],
)
def test_an_activation_in_the_config_is_not_applied(
    saved: dict[str, object], bert: Path, tmp_path: Path, fp32: Settings
) -> None:
    """Older versions wrote the activation into config.json: logits stay logits, and the sigmoid comes once."""
    model = tiny_bert(tmp_path / "bert")
    edit_json(model / "config.json", **saved)
    scores = CrossEncoderReranker.load(model, settings=fp32).rerank(QUERY, PASSAGES)
    expected = np.array(reference(bert, [(QUERY, passage) for passage in PASSAGES]))
    np.testing.assert_allclose(scores.logits, expected, atol=1e-4)
    np.testing.assert_allclose(scores.probabilities, 1 / (1 + np.exp(-expected)), atol=1e-4)


def test_probabilities_are_the_sigmoid_at_any_size(bert: Path, monkeypatch: pytest.MonkeyPatch, fp32: Settings) -> None:
    """Very large and very small logits become 1 and nearly 0, in order, with no overflow and no early zero."""
    reranker = CrossEncoderReranker.load(bert, settings=fp32)
    wanted = np.array([-200.0, -50.0, -20.0, 0.0, 3.0, 200.0], dtype=np.float32)
    monkeypatch.setattr(reranker, "_score", lambda query, pieces: wanted)
    scores = reranker.rerank(QUERY, PASSAGES)
    assert scores.logits.tolist() == wanted.tolist()
    np.testing.assert_allclose(scores.probabilities[1:], [1.928750e-22, 2.061154e-9, 0.5, 0.9525741, 1.0], rtol=1e-5)
    assert 0 <= scores.probabilities[0] < 1e-40


def score_ids(model: Path, lines: list[list[int]], types: list[list[int]] | None = None) -> list[float]:
    """Logits of token ids laid out by hand, one line at a time."""
    network = AutoModelForSequenceClassification.from_pretrained(model).eval()
    out = []
    for row, line in enumerate(lines):
        extra = {} if types is None else {"token_type_ids": torch.tensor([types[row]])}
        with torch.inference_mode():
            out.append(float(network(input_ids=torch.tensor([line]), **extra).logits))
    return out


def test_a_long_bert_pair_scores_as_its_best_window(bert: Path, fp32: Settings) -> None:
    """Four windows of 59 tokens cover a passage of 150; the pair's logit is the largest, also when that is the last."""
    ids = {word: 5 + number for number, word in enumerate(WORDS)}
    query, query_ids = "travel budget", [ids["travel"], ids["budget"]]
    best_windows = []
    for turn in range(20):
        words = LONG[turn:] + LONG[:turn]
        parts = [[ids[word] for word in words[start : start + 59]] for start in (0, 30, 60, 91)]
        expected = score_ids(
            bert, [[2, *query_ids, 3, *part, 3] for part in parts], [[0] * 4 + [1] * (len(part) + 1) for part in parts]
        )
        best_windows.append(int(np.argmax(expected)))
        if best_windows[-1] == 3:
            break
    assert best_windows[-1] == 3, "no turn of the words put the best window last"
    scores = CrossEncoderReranker.load(bert, settings=fp32).rerank(query, ["stone", " ".join(words), "paper"])
    np.testing.assert_allclose(scores.logits[1], max(expected), atol=1e-4)
    np.testing.assert_allclose(scores.logits[[0, 2]], reference(bert, [(query, "stone"), (query, "paper")]), atol=1e-4)
    assert scores.windowed == 1


def test_a_long_roberta_pair_scores_as_its_best_window(roberta: Path, fp32: Settings) -> None:
    """Its 66 positions hold 64 tokens, for two are never used; each window stands between <s>, </s></s> and </s>."""
    passage = "".join(string.ascii_lowercase[(i * i + i // 5) % 26] for i in range(150))
    reranker = CrossEncoderReranker.load(roberta, settings=fp32)
    assert reranker.window == 64
    vocab = json.loads((roberta / "tokenizer.json").read_text())["model"]["vocab"]
    parts = [[vocab[char] for char in passage[start : start + 58]] for start in (0, 30, 61, 92)]
    expected = score_ids(roberta, [[0, vocab["a"], vocab["b"], 2, 2, *part, 2] for part in parts])
    scores = reranker.rerank("ab", [passage])
    np.testing.assert_allclose(scores.logits, [max(expected)], atol=1e-4)
    assert scores.windowed == 1


@given(length=st.integers(0, 500), room=st.integers(8, 60))
def test_windows_cover_a_passage_and_overlap(length: int, room: int) -> None:
    """Every token is in one, neighbours share a quarter or more, none is longer than the room, none is needless."""
    spans = windows(length, room)
    assert sorted({token for start, end in spans for token in range(start, end)}) == list(range(length))
    assert all(end - start == min(room, length) for start, end in spans)
    assert all(before[1] - after[0] >= room // OVERLAP for before, after in pairwise(spans))
    stride = room - room // OVERLAP
    assert (len(spans) - 2) * stride + room < length or len(spans) == 1


def test_a_long_query_is_cut_to_half_of_the_window_and_says_so(bert: Path, fp32: Settings) -> None:
    """Of 40 words the first 32 are read, 32 words are read whole; a passage longer than the rest goes in windows."""
    reranker = CrossEncoderReranker.load(bert, settings=fp32)
    half = " ".join(LONG[:32])
    cut = reranker.rerank(" ".join(LONG[:40]), ["river stone", " ".join(LONG[:29]), " ".join(LONG[:30])])
    whole = reranker.rerank(half, ["river stone"])
    assert (cut.query_cut, whole.query_cut) == (True, False)
    assert cut.windowed == 1
    expected = reference(bert, [(half, "river stone"), (half, " ".join(LONG[:29]))])
    np.testing.assert_allclose(cut.logits[:2], expected, atol=1e-4)
    np.testing.assert_allclose(whole.logits, expected[:1], atol=1e-4)


def test_no_passages_give_no_scores(bert: Path, fp32: Settings) -> None:
    """An empty pool is scored without a complaint."""
    scores = CrossEncoderReranker.load(bert, settings=fp32).rerank(QUERY, [])
    assert (scores.logits.tolist(), scores.probabilities.tolist(), scores.windowed) == ([], [], 0)


def test_a_tokenizer_that_pads_and_truncates_is_told_not_to(bert: Path, tmp_path: Path, fp32: Settings) -> None:
    """A tokenizer.json that cuts at 8 and pads to 32 gives the scores of one that doesn't."""
    model = tiny_bert(tmp_path / "bert")
    edit_json(
        model / "tokenizer.json",
        truncation={"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0},
        padding={"strategy": {"Fixed": 32}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
                 "pad_type_id": 0, "pad_token": "[PAD]"},
    )  # fmt: skip
    passages = [" ".join(LONG[:20]), "a"]
    scores = CrossEncoderReranker.load(model, settings=fp32).rerank(QUERY, passages)
    expected = CrossEncoderReranker.load(bert, settings=fp32).rerank(QUERY, passages)
    assert scores.logits.tolist() == expected.logits.tolist()


def test_the_tokenizers_own_limit_is_the_window(tmp_path: Path, fp32: Settings) -> None:
    """A model may be trained on less than it has positions for: the smaller number counts."""
    model = tiny_bert(tmp_path / "bert")
    edit_json(model / "tokenizer_config.json", model_max_length=48)
    assert CrossEncoderReranker.load(model, settings=fp32).window == 48


def test_a_prompt_that_the_model_asks_for_precedes_the_query(bert: Path, folder: Path, fp32: Settings) -> None:
    """The default prompt saved with a model is applied, as CrossEncoder.predict does, to the query alone."""
    model = saved_again(bert, folder / "prompted")
    plain = reference(model, [(QUERY, passage) for passage in PASSAGES])
    edit_json(
        model / "config_sentence_transformers.json", prompts={"query": "alpha beta: "}, default_prompt_name="query"
    )
    expected = reference(model, [(QUERY, passage) for passage in PASSAGES])
    assert np.abs(np.subtract(plain, expected)).min() > 1e-3
    scores = CrossEncoderReranker.load(model, settings=fp32).rerank(QUERY, PASSAGES)
    np.testing.assert_allclose(scores.logits, expected, atol=1e-4)


def test_bf16_weights_still_give_fp32_scores(bert: Path, fp32: Settings) -> None:
    """In bf16 the layers are rounded, the score is not: it has more bits than bf16 can hold, so it makes no ties."""
    exact = CrossEncoderReranker.load(bert, settings=fp32)
    rough = CrossEncoderReranker.load(bert, settings=replace(fp32, precision="bf16"))
    assert exact.backend == ("torch cpu fp32" if fp32.backend == "torch" else "openvino cpu fp32")
    assert rough.backend == exact.backend.replace("fp32", "bf16")
    logits = rough.rerank(QUERY, PASSAGES).logits
    np.testing.assert_allclose(logits, exact.rerank(QUERY, PASSAGES).logits, atol=0.1)
    assert (torch.from_numpy(logits).bfloat16().float().numpy() != logits).all()


@pytest.mark.parametrize(("native", "precision"), [(True, "bf16"), (False, "fp32")])
def test_bf16_is_chosen_only_where_the_processor_has_it(
    native: bool, precision: str, bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Precision auto means bf16 on a CPU that multiplies it, else fp32."""
    monkeypatch.setattr("passagework.retrieval.models.devices.cpu_multiplies_bf16", lambda: native)
    reranker = CrossEncoderReranker.load(bert, settings=Settings(device="cpu", offline=True))
    assert reranker.backend.endswith(f" cpu {precision}")


def test_weights_saved_in_bf16_are_raised_when_fp32_is_asked(bert: Path, tmp_path: Path, fp32: Settings) -> None:
    """transformers loads weights in the type they were saved in: fp32 is fp32 whatever that was."""
    model = AutoModelForSequenceClassification.from_pretrained(tiny_bert(tmp_path / "bert"))
    model.to(torch.bfloat16).save_pretrained(tmp_path / "bert")
    expected = CrossEncoder(str(tmp_path / "bert"), device="cpu", local_files_only=True).float()
    wanted = expected.predict([(QUERY, one) for one in PASSAGES], activation_fn=torch.nn.Identity())
    scores = CrossEncoderReranker.load(tmp_path / "bert", settings=fp32).rerank(QUERY, PASSAGES)
    np.testing.assert_allclose(scores.logits, wanted, atol=1e-5)


def test_threads_get_the_scores_of_one_thread(bert: Path, fp32: Settings) -> None:
    """Eight threads sharing one reranker each get exactly what a lone caller gets."""
    reranker = CrossEncoderReranker.load(bert, settings=fp32)
    pools = [[*PASSAGES[turn:], " ".join(LONG[turn:])] for turn in range(4)] * 2
    alone = [reranker.rerank(QUERY, pool).logits.tolist() for pool in pools]
    found: dict[int, list[float]] = {}

    def work(number: int) -> None:
        found[number] = reranker.rerank(QUERY, pools[number]).logits.tolist()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(pools))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(len(pools))] == alone


def test_a_generative_reranker_scores_through_its_template(folder: Path, fp32: Settings) -> None:
    """Its logit is that of yes less that of no; a long passage goes in windows, and is never cut by the template."""
    model = tiny_generative(folder / "generative")
    reranker = CrossEncoderReranker.load(model, settings=fp32)
    passage = "".join(string.ascii_lowercase[(i * i + i // 5) % 26] for i in range(250))
    scores = reranker.rerank("ab", [*PASSAGES, passage])
    expected = reference(model, [("ab", one) for one in PASSAGES])
    assert np.ptp(expected) > 0.1, "the passages must differ for the order to be tested"
    np.testing.assert_allclose(scores.logits[:-1], expected, atol=1e-4)
    room = 128 - 3 - 16 - 2  # window, template, slack, query
    parts = [passage[start : start + room] for start in (0, 71, 143)]
    assert scores.windowed == 1
    np.testing.assert_allclose(scores.logits[-1], max(reference(model, [("ab", one) for one in parts])), atol=1e-4)


def test_a_template_without_places_for_a_pair_is_refused(tmp_path: Path, fp32: Settings) -> None:
    """A chat model whose template drops query and document would score nothing at all."""
    model = tiny_generative(tmp_path / "chat")
    (model / "chat_template.jinja").write_text(
        "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}"
    )
    with pytest.raises(ConfigError, match="takes no query and passage"):
        CrossEncoderReranker.load(model, settings=fp32)


def test_a_classifier_is_refused(tmp_path: Path, fp32: Settings) -> None:
    """A model with three scores per pair ranks nothing: the message names it and both numbers."""
    model = tiny_bert(tmp_path / "nli", num_labels=3)
    with pytest.raises(ConfigError, match=f"{model} gives 3 scores per pair: a reranker gives 1"):
        CrossEncoderReranker.load(model, settings=fp32)


def test_a_model_without_a_head_is_refused(tmp_path: Path, fp32: Settings) -> None:
    """sentence-transformers would give a bi-encoder a random head; here it is refused, before anything is loaded."""
    with pytest.raises(ConfigError, match="is not a reranker: BertModel has no head"):
        CrossEncoderReranker.load(tiny_headless_bert(tmp_path / "encoder"), settings=fp32)


def test_a_pickle_is_refused_by_name(tmp_path: Path, fp32: Settings) -> None:
    """Weights that could run code are not loaded, and the file is named."""
    with pytest.raises(ModelUnavailableError, match=r"pytorch_model\.bin"):
        CrossEncoderReranker.load(tiny_bert(tmp_path / "bert", weights="pickle"), settings=fp32)


@pytest.mark.parametrize("name", ["/nowhere/reranker", "./nowhere", "someone/not-in-the-cache"])
def test_a_missing_model_says_what_was_tried(name: str, fp32: Settings) -> None:
    """A folder that isn't there, or a hub name with no network, is ModelUnavailableError naming it."""
    with pytest.raises(ModelUnavailableError, match=name):
        CrossEncoderReranker.load(name, settings=fp32)


def test_a_damaged_folder_is_model_unavailable(tmp_path: Path, fp32: Settings) -> None:
    """What transformers raises on a broken config.json comes out as ours, naming the folder."""
    model = tiny_bert(tmp_path / "bert")
    (model / "config.json").write_text("{")
    with pytest.raises(ModelUnavailableError, match=f"{model} can't be loaded"):
        CrossEncoderReranker.load(model, settings=fp32)
