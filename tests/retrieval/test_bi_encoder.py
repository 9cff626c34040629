"""The bi-encoder: its vectors are the model's own, within a window, and each side has its prompt."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

import numpy as np
import torch
from hypothesis import given, settings, strategies as st

from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.errors import ConfigError, ModelUnavailableError
from passagework.retrieval.models import devices
from passagework.retrieval.models.backends import DeviceMemoryError
from passagework.retrieval.models.backends.openvino_library import openvino_available
from passagework.retrieval.models.batching import OPENVINO, TORCH_CPU, batches
from passagework.retrieval.models.bi_encoder import BiEncoder
from passagework.retrieval.models.devices import pick_precision
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.weights import DEFAULT_DIGEST, DEFAULT_REVISION, _bundled
from passagework.retrieval.types import Vectors
from tests.support.fakes import FakeEncoder
from tests.support.tiny_encoders import SPM_PROMPTS, tiny_byte_pairs, tiny_encoder, tiny_sentencepiece, tiny_static

EXACT: dict[str, Any] = {"precision": "fp32", "offline": True, "device": "cpu"}
TEXTS = [
    "Who approves travel?",
    "Travel is approved by the head of department.",
    "The cat sat on the mat.",
    "Photosynthesis turns light, water and carbon dioxide into sugar. " * 7,
    "日本語のテキスト 😀 and naïve café",
    "x",
    "",
]


@pytest.fixture(scope="module")
def folder() -> Path:
    """The bundled copy of the default encoder."""
    found = _bundled()
    if found is None:
        pytest.skip("the default encoder's weights aren't here: make setup fetches them")
    return found.path


@pytest.fixture(scope="module", params=["torch", "openvino"])
def fp32(request: pytest.FixtureRequest) -> Settings:
    """Either backend, at full precision: both keep every rule."""
    if request.param == "openvino" and not openvino_available():
        pytest.skip("the fast extra isn't installed")
    return Settings(backend="auto" if request.param == "openvino" else "torch", **EXACT)


@pytest.fixture(scope="module")
def encoder(folder: Path, fp32: Settings) -> BiEncoder:
    """The default encoder in fp32."""
    return BiEncoder.load(folder, settings=fp32)


@pytest.fixture(scope="module")
def reference(folder: Path) -> Any:
    """The same model, run by sentence-transformers itself."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def cosines(one: Vectors, two: Vectors) -> Vectors:
    """Row by row, of unit rows."""
    return np.asarray(np.sum(one * two, axis=1))


def cut(encoder: BiEncoder, text: str, tokens: int) -> str:
    """The text up to the end of its so many-th token."""
    found = encoder.tokenize([text])[0]
    return text[: found.ends[tokens - 1]] if len(found) > tokens else text


def test_vectors_are_those_of_sentence_transformers(encoder: BiEncoder, reference: Any) -> None:
    """For short, long, empty and foreign texts, on both sides, as the library itself encodes them."""
    expected = reference.encode(TEXTS, normalize_embeddings=True)
    for found in (encoder.encode_passages(TEXTS), encoder.encode_queries(TEXTS)):
        np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize(
    ("query", "passage", "cosine"),
    [
        ("Who approves travel?", "Travel is approved by the head of department.", 0.6599),
        ("Who approves travel?", "The cat sat on the mat.", -0.0252),
        ("How do plants make food?", "Photosynthesis turns light, water and carbon dioxide into sugar.", 0.5001),
    ],
)
def test_golden_cosines(encoder: BiEncoder, query: str, passage: str, cosine: float) -> None:
    """The default model's, computed once with sentence-transformers 6.2: another result is another encoder."""
    found = cosines(encoder.encode_queries([query]), encoder.encode_passages([passage]))
    assert float(found[0]) == pytest.approx(cosine, abs=1e-3)


def test_rows_are_unit_float32(encoder: BiEncoder) -> None:
    """(n, dim), of length one, for the empty list too."""
    vectors = encoder.encode_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    for encode in (encoder.encode_passages, encoder.encode_queries, encoder.encode_tokens):
        assert encode([]).shape == (0, 384)
    assert encoder.tokenize([]) == []


def test_the_default_model_says_what_it_is(folder: Path, tmp_path: Path, fp32: Settings) -> None:
    """Without a name: the default encoder with its own window of 256, from the bundled copy; fully fingerprinted.

    Whatever runs it, all that makes it the same encoder is the same.
    """
    default = BiEncoder.load(settings=replace(fp32, cache=tmp_path))
    assert default.fingerprint.to_json() == {
        "model": DEFAULT_ENCODER,
        "revision": DEFAULT_REVISION,
        "weights": DEFAULT_DIGEST,
        "pooling": "mean",
        "query_prompt": "",
        "passage_prompt": "",
        "dimension": 384,
        "normalized": True,
    }
    assert (default.window, default.passage_budget, default.query_budget) == (256, 254, 254)
    assert (default.dim, default.max_word_chars) == (384, 100)
    assert default.backend == ("torch cpu fp32" if fp32.backend == "torch" else "openvino cpu fp32")
    named = BiEncoder.load(settings=replace(fp32, encoder=str(folder)))
    assert named.fingerprint.model == str(folder)
    assert named.fingerprint.same_as(default.fingerprint)


def test_a_text_over_the_window_is_cut_to_it(encoder: BiEncoder, reference: Any) -> None:
    """254 tokens beside the two special ones: the vector is the cut text's, and the library's own."""
    long = " ".join(f"word{n} of a long text," for n in range(200))
    shorter = cut(encoder, long, 254)
    assert len(encoder.tokenize([long])[0]) > 1000
    assert len(encoder.tokenize([shorter])[0]) == 254
    expected = encoder.encode_passages([shorter])
    np.testing.assert_allclose(encoder.encode_passages([long]), expected, atol=1e-6)
    np.testing.assert_allclose(encoder.encode_queries([long]), expected, atol=1e-6)
    np.testing.assert_allclose(reference.encode([long], normalize_embeddings=True), expected, atol=2e-6)
    assert cosines(encoder.encode_passages([cut(encoder, long, 253)]), expected)[0] < 0.99999


@pytest.mark.slow
def test_the_window_can_be_raised_to_the_models_positions(
    folder: Path, encoder: BiEncoder, reference: Any, fp32: Settings
) -> None:
    """512 tokens, read to the last; lower windows too; not below 16 nor beyond."""
    long = " ".join(f"word{n} of a long text," for n in range(200))
    wide = BiEncoder.load(folder, window=512, settings=fp32)
    assert (wide.window, wide.passage_budget) == (512, 510)
    reference.max_seq_length = 512
    expected = reference.encode([long], normalize_embeddings=True)
    reference.max_seq_length = 256
    np.testing.assert_allclose(wide.encode_passages([long]), expected, atol=2e-6)
    assert cosines(expected, encoder.encode_passages([long]))[0] < 0.9999
    narrow = BiEncoder.load(folder, window=16, settings=fp32)
    np.testing.assert_allclose(
        narrow.encode_passages([long]), encoder.encode_passages([cut(encoder, long, 14)]), atol=1e-6
    )
    for window in (15, 0, -1, 513, 100_000):
        with pytest.raises(ConfigError, match=rf"^window is {window}: .* takes 16 to 512 tokens$"):
            BiEncoder.load(folder, window=window, settings=fp32)


def test_tokens_over_the_budget_are_refused(encoder: BiEncoder) -> None:
    """Tokens are counted by whoever cuts: too many are a mistake, and not cut in silence."""
    (tokens,) = encoder.tokenize(["word " * 300])
    with pytest.raises(ConfigError, match=r"^a text of 255 tokens exceeds the window's 254$"):
        encoder.encode_tokens([tokens.ids[:10], tokens.ids[:255]])
    assert encoder.encode_tokens([tokens.ids[:254]]).shape == (1, 384)


def test_tokens_encode_as_their_text_does(encoder: BiEncoder) -> None:
    """The ids that `tokenize` gives are what `encode_passages` reads."""
    ids = [tokens.ids[:254] for tokens in encoder.tokenize(TEXTS)]
    np.testing.assert_allclose(encoder.encode_tokens(ids), encoder.encode_passages(TEXTS), atol=1e-6)


def test_tokens_know_where_they_stand(encoder: BiEncoder) -> None:
    """`[start, end)` in code points: each slice is the token's own text, beyond the basic plane and uncut."""
    text = "Naïve 😀 𝔘nicode: 漢字 costs 1,250 km²!  " * 100
    (tokens,) = encoder.tokenize([text])
    slices = [text[a:b] for a, b in zip(tokens.starts, tokens.ends, strict=True)]
    words = ["Naïve", "😀", "𝔘nicode", ":", "漢", "字", "costs", "1", ",", "250", "km²", "!"]
    assert slices == words * 100
    assert {tokens.ids.dtype, tokens.starts.dtype, tokens.ends.dtype} == {np.dtype(np.int32)}


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_token_offsets_lie_in_the_text_in_order(encoder: BiEncoder, text: str) -> None:
    """For any text: no token is empty, they don't overlap, and nothing but what isn't a word lies between them."""
    text = text.encode("utf-8", "replace").decode()
    (tokens,) = encoder.tokenize([text])
    assert all(0 <= a < b <= len(text) for a, b in zip(tokens.starts, tokens.ends, strict=True))
    assert all(b <= a for a, b in zip(tokens.starts[1:], tokens.ends[:-1], strict=True))


def test_a_word_beyond_the_limit_is_one_unknown_token(encoder: BiEncoder) -> None:
    """What `max_word_chars` says is what the tokenizer does: whoever cuts text must cut such words."""
    limit = encoder.max_word_chars
    assert limit == 100
    fits, exceeds = encoder.tokenize(["a" * limit, "a" * (limit + 1)])
    assert len(fits) > 1
    assert exceeds.ids.tolist() == [100]  # [UNK]


def test_order_and_company_change_nothing(encoder: BiEncoder) -> None:
    """A row is its text's, whatever the batch it went through with, and rows stand in the order asked."""
    texts = [f"{'word ' * (n * 37 % 60)}number {n}" for n in range(12)]
    together = encoder.encode_passages(texts)
    alone = np.vstack([encoder.encode_passages([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-6)
    np.testing.assert_allclose(encoder.encode_passages(texts[::-1]), together[::-1], atol=2e-6)
    assert np.argmax(together @ together.T, axis=1).tolist() == list(range(12))


def test_batches_hold_their_budget_and_every_row() -> None:
    """Padded size within the budget, one row at least, longest first as they come, none lost."""
    lengths = [50, 40, 40, 9, 3, 3, 2, 1]
    found = list(batches(range(8), lambda row: lengths[row], 90))
    assert found == [[0], [1, 2], [3, 4, 5, 6, 7]]
    assert list(batches([3, 1], lambda row: 1000, 10)) == [[3], [1]]
    assert list(batches([], lambda row: 1, 10)) == []


@pytest.mark.parametrize(("rows", "width", "padded"), [(1, 16, 1), (9, 16, 16), (18, 208, 19), (3, 5000, 3)])
def test_batches_are_padded_to_few_shapes(rows: int, width: int, padded: int) -> None:
    """Rows to a multiple of eight within the budget, a few as they are."""
    assert TORCH_CPU.rows(rows, width) == padded
    assert OPENVINO.rows(rows, width) == rows


def test_widths_are_padded_within_the_window() -> None:
    """To a multiple of 16, and never over what the model reads."""
    assert [TORCH_CPU.width(length, 60) for length in (1, 16, 17, 49, 60)] == [16, 16, 32, 60, 60]


def test_out_of_memory_halves_the_batch_and_goes_on(
    prompted: Path, monkeypatch: pytest.MonkeyPatch, fp32: Settings
) -> None:
    """What doesn't fit at once is encoded in smaller batches; one row that doesn't fit alone is told."""
    made = BiEncoder.load(prompted, settings=fp32)
    whole = made.encode_passages(TEXTS * 4)
    run, sizes = made._backend.text_vectors, []

    def small(ids: Any, mask: Any, *, prompt_length: int) -> Vectors:
        sizes.append(len(ids))
        if len(ids) > 3:
            raise DeviceMemoryError
        return run(ids, mask, prompt_length=prompt_length)

    monkeypatch.setattr(made._backend, "text_vectors", small)
    np.testing.assert_allclose(made.encode_passages(TEXTS * 4), whole, atol=2e-6)
    assert max(sizes) > 3
    monkeypatch.setattr(made._backend, "text_vectors", lambda *_, **__: (_ for _ in ()).throw(DeviceMemoryError))
    with pytest.raises(DeviceMemoryError):
        made.encode_passages(["one"])


def test_bf16_is_the_same_encoder(folder: Path, encoder: BiEncoder, fp32: Settings) -> None:
    """Its vectors are float32 unit rows at a cosine of 0.999 or more; backend, not identity."""
    half = BiEncoder.load(folder, settings=replace(fp32, precision="bf16"))
    assert half.backend == encoder.backend.replace("fp32", "bf16")
    assert half.fingerprint == encoder.fingerprint
    vectors = half.encode_passages(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert float(cosines(vectors, encoder.encode_passages(TEXTS)).min()) >= 0.999
    assert not np.array_equal(vectors, encoder.encode_passages(TEXTS))


@pytest.mark.parametrize(("native", "picked"), [(True, "bf16"), (False, "fp32")])
def test_auto_takes_bf16_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch, native: bool, picked: str) -> None:
    """And what was asked for by name is what is done."""
    monkeypatch.setattr(devices, "cpu_multiplies_bf16", lambda: native)
    assert pick_precision("auto", "cpu") == picked
    assert pick_precision("auto", "mps") == "fp32"
    assert [pick_precision(asked, "cpu") for asked in ("fp32", "bf16", "int8")] == ["fp32", "bf16", "fp32"]


@pytest.mark.slow
def test_threads_share_an_encoder(encoder: BiEncoder) -> None:
    """Each gets the rows of its own texts."""
    expected = encoder.encode_passages(TEXTS)
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(3):
            rows = encoder.encode_passages(TEXTS[number:]) if number % 2 else encoder.encode_queries(TEXTS[number:])
            if not np.allclose(rows, expected[number:], atol=2e-6):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_queries_encoded_together_are_those_alone(folder: Path, fp32: Settings, precision: str) -> None:
    """Vectors of a query and of its tokens are the same to the last bit, however many others wait beside it."""
    loaded = BiEncoder.load(folder, settings=replace(fp32, precision=precision))
    if not loaded._backend.shape.rows_apart:
        pytest.skip("this backend encodes each query alone")
    queries = [f"{'who approves travel ' * length}number {number}" for length in (1, 3, 6) for number in range(12)]
    tokens = [tokens.ids for tokens in loaded.tokenize_whole(queries, query=True)]
    by_width: dict[int, list[Any]] = {}
    for ids in tokens:
        by_width.setdefault(loaded._batches.query_width(ids, loaded._query_prompt), []).append(ids)
    assert len(by_width) > 1
    for alike in by_width.values():
        together = loaded._queries._encode(alike)
        alone = [loaded._queries._encode([ids])[0] for ids in alike]
        for (vector, by_token), (other, other_by_token) in zip(together, alone, strict=True):
            np.testing.assert_array_equal(vector, other)
            np.testing.assert_array_equal(by_token, other_by_token)


PROMPTS = {"query": "find a river: ", "passage": "this is stone: "}


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with a prompt for either side."""
    return tiny_encoder(tmp_path_factory.mktemp("prompted"), prompts=PROMPTS)


def by_library(folder: Path, texts: Sequence[str], prompt: str) -> Vectors:
    """What sentence-transformers gives for texts behind a prompt."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return np.asarray(model.encode(list(texts), prompt=prompt, normalize_embeddings=True))


def test_each_side_has_its_prompt(prompted: Path, fp32: Settings) -> None:
    """Queries get the query prompt and passages the passage prompt, as the library applies them; never the other."""
    made = BiEncoder.load(prompted, settings=fp32)
    texts = ["alpha beta", "the budget of a paper", ""]
    queries, passages = made.encode_queries(texts), made.encode_passages(texts)
    np.testing.assert_allclose(queries, by_library(prompted, texts, PROMPTS["query"]), atol=2e-6)
    np.testing.assert_allclose(passages, by_library(prompted, texts, PROMPTS["passage"]), atol=2e-6)
    assert float(cosines(queries, passages).max()) < 0.99
    tokens = [one.ids for one in made.tokenize(texts)]
    np.testing.assert_allclose(made.encode_tokens(tokens), passages, atol=2e-6)
    assert (made.fingerprint.query_prompt, made.fingerprint.passage_prompt) == (PROMPTS["query"], PROMPTS["passage"])


def test_prompts_count_in_the_window(prompted: Path, fp32: Settings) -> None:
    """The budget is what is left of the window; a longer text is cut to it, behind its whole prompt."""
    made = BiEncoder.load(prompted, settings=fp32)
    query, passage = (len(made.tokenize([PROMPTS[side]])[0]) for side in ("query", "passage"))
    assert (made.window, made.query_budget, made.passage_budget) == (64, 62 - query, 62 - passage)
    long = "alpha river " * 100
    assert len(made.tokenize([long])[0]) > 64
    for encode, budget in ((made.encode_queries, made.query_budget), (made.encode_passages, made.passage_budget)):
        np.testing.assert_allclose(encode([long]), encode([cut(made, long, budget)]), atol=1e-6)
    with pytest.raises(ConfigError, match="leaves no room for text"):
        BiEncoder.load(prompted, window=16, settings=fp32)


@pytest.mark.parametrize("name", ["document", "passage", "corpus"])
def test_a_passage_prompt_goes_by_several_names(tmp_path: Path, name: str, fp32: Settings) -> None:
    """Models call it document, passage or corpus; a query prompt never serves for it."""
    made = BiEncoder.load(tiny_encoder(tmp_path, prompts={name: "stone: ", "query": "river: "}), settings=fp32)
    assert (made.fingerprint.passage_prompt, made.fingerprint.query_prompt) == ("stone: ", "river: ")
    only = BiEncoder.load(tiny_encoder(tmp_path / "only", prompts={"query": "river: "}), settings=fp32)
    assert (only.fingerprint.passage_prompt, only.fingerprint.query_prompt) == ("", "river: ")


@pytest.mark.parametrize("make", [tiny_sentencepiece, tiny_byte_pairs])
def test_a_prompts_last_space_belongs_to_the_next_word(
    make: Callable[[Path], Path], tmp_path: Path, fp32: Settings
) -> None:
    """`query: a` is read as `query`, `:`, ` a`: a space of its own would be a token too many."""
    folder = make(tmp_path)
    made = BiEncoder.load(folder, settings=fp32)
    texts = ["river stone", "paper"]
    np.testing.assert_allclose(made.encode_queries(texts), by_library(folder, texts, SPM_PROMPTS["query"]), atol=2e-6)
    np.testing.assert_allclose(
        made.encode_passages(texts), by_library(folder, texts, SPM_PROMPTS["passage"]), atol=2e-6
    )
    assert made.query_budget == made.window - 4
    tokens = made.tokenize_whole(["river stone"], query=True)[0]
    assert ["river stone"[start:end].strip() for start, end in zip(tokens.starts, tokens.ends, strict=True)] == [
        "river",
        "stone",
    ]


def test_pooling_can_leave_the_prompt_out(tmp_path: Path, fp32: Settings) -> None:
    """A model whose pooling skips the prompt is told how long it is, as the library tells it."""
    folder = tiny_encoder(tmp_path, prompts=PROMPTS, include_prompt=False)
    made = BiEncoder.load(folder, settings=fp32)
    texts = ["alpha beta", "river"]
    np.testing.assert_allclose(made.encode_queries(texts), by_library(folder, texts, PROMPTS["query"]), atol=2e-6)
    with_prompt = BiEncoder.load(tiny_encoder(tmp_path / "with", prompts=PROMPTS), settings=fp32)
    assert float(cosines(made.encode_queries(texts), with_prompt.encode_queries(texts)).max()) < 0.999


def test_a_shortened_model_gives_its_first_dimensions(tmp_path: Path, fp32: Settings) -> None:
    """A model saved with fewer dimensions has unit rows of so many, and says so in its fingerprint."""
    full = BiEncoder.load(tiny_encoder(tmp_path / "full"), settings=fp32)
    short = BiEncoder.load(tiny_encoder(tmp_path / "short", truncate_dim=8), settings=fp32)
    assert (full.dim, short.dim, short.fingerprint.dimension) == (32, 8, 8)
    head = full.encode_passages(["alpha", "river"])[:, :8]
    expected = head / np.linalg.norm(head, axis=1, keepdims=True)
    np.testing.assert_allclose(short.encode_passages(["alpha", "river"]), expected, atol=2e-6)


def test_half_precision_weights_are_computed_in_fp32(tmp_path: Path, fp32: Settings) -> None:
    """A file of 16-bit weights runs in fp32 where that is asked: what the backend says is what is done."""
    from sentence_transformers import SentenceTransformer

    folder = tiny_encoder(tmp_path, half=True)
    made = BiEncoder.load(folder, settings=fp32)
    assert made.backend.endswith(" cpu fp32")
    whole = SentenceTransformer(str(folder), device="cpu", local_files_only=True).float()
    expected = whole.encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(made.encode_passages(TEXTS), expected, atol=2e-6)
    assert made.encode_passages(["alpha"]).dtype == np.float32


def test_a_model_that_is_no_transformer_is_refused(tmp_path: Path, fp32: Settings) -> None:
    """One line that says what it is instead, and no AttributeError: a table of words is read only where it is all."""
    folder = tiny_static(tmp_path)
    modules = json.loads((folder / "modules.json").read_text())
    layer = {"idx": 1, "name": "1", "path": "", "type": "sentence_transformers.models.Dropout"}
    (folder / "modules.json").write_text(json.dumps([*modules, layer]))
    with pytest.raises(ModelUnavailableError, match=r"is no transformer: its first module is StaticEmbedding$"):
        BiEncoder.load(folder, settings=fp32)


@pytest.mark.parametrize("damage", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_folder_is_one_line(tmp_path: Path, damage: str, fp32: Settings) -> None:
    """Whatever the loader says of it, the message names the model, and is short."""
    folder = tiny_encoder(tmp_path)
    (folder / damage).write_bytes(b"{broken")
    with pytest.raises(ModelUnavailableError) as error:
        BiEncoder.load(folder, settings=fp32)
    assert str(error.value).startswith(f"{folder} can't be loaded from {folder.resolve()}: ")
    assert len(str(error.value).splitlines()) == 1


def test_a_device_that_isnt_there_is_told(prompted: Path) -> None:
    """By name, as ModelUnavailableError."""
    with pytest.raises(ModelUnavailableError, match="can't be loaded from"):
        BiEncoder.load(prompted, settings=Settings(offline=True, device="nonsense"))


def test_vectors_that_are_no_numbers_are_refused(
    prompted: Path, monkeypatch: pytest.MonkeyPatch, fp32: Settings
) -> None:
    """NaN would poison an index in silence."""
    made = BiEncoder.load(prompted, settings=fp32)
    monkeypatch.setattr(made._backend, "text_vectors", lambda ids, *_, **__: np.full((len(ids), made.dim), np.nan))
    with pytest.raises(Exception, match="gave a vector that is not finite"):
        made.encode_passages(["alpha"])


def test_the_stand_in_keeps_the_protocol(encoder: BiEncoder) -> None:
    """The encoder that other tests use has the same members, budgets and shapes as the real one."""
    stand_in: Encoder = FakeEncoder(dim=16, window=20)
    real: Encoder = encoder
    for one in (stand_in, real):
        assert one.passage_budget == one.query_budget == one.window - 2
        assert one.encode_queries(["a b"]).shape == (1, one.dim) == (1, one.fingerprint.dimension)
        np.testing.assert_allclose(one.encode_queries(["a b c"]), one.encode_passages(["a b c"]), atol=2e-6)
        (tokens,) = one.tokenize(["some words, here"])
        assert [*zip(tokens.starts, tokens.ends, strict=True)] == [(0, 4), (5, 10), (10, 11), (12, 16)]
        np.testing.assert_allclose(
            one.encode_tokens([tokens.ids]), one.encode_passages(["some words, here"]), atol=2e-6
        )


def test_a_query_takes_one_thread_and_a_batch_all(prompted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch's threads that share a few tokens would wait for one another; the process has its own back afterwards."""
    made = BiEncoder.load(prompted, settings=Settings(backend="torch", **EXACT))
    used: list[int] = []
    model = made._backend._model  # type: ignore[attr-defined]
    forward = model.forward

    def noted(*arguments: Any, **named: Any) -> Any:
        used.append(torch.get_num_threads())
        return forward(*arguments, **named)

    monkeypatch.setattr(model, "forward", noted)
    before = torch.get_num_threads()
    made.encode_queries(["owls hoot"])
    made.encode_passages(["alpha beta river stone paper travel " * 4] * 4)
    assert (used, torch.get_num_threads()) == ([1, before], before)


@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_a_query_is_read_once(prompted: Path, monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    """Its own vector and those of its tokens come of one pass, in whatever order they are asked for."""
    made, other = (BiEncoder.load(prompted, settings=Settings(backend=backend, **EXACT)) for _ in range(2))
    ids = made.tokenize_whole(["river stone"], query=True)[0].ids
    passes: list[str] = []

    def noted(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            passes.append(name)
            return run(*arguments, **named)

        return call

    for name in ("text_vectors", "token_vectors", "text_and_token_vectors"):
        monkeypatch.setattr(made._backend, name, noted(name, getattr(made._backend, name)))
    vector = made.encode_queries(["river stone"])
    (tokens,) = made.encode_token_vectors([ids], query=True)
    assert passes == ["text_and_token_vectors"]
    np.testing.assert_array_equal(tokens, other.encode_token_vectors([ids], query=True)[0])
    np.testing.assert_array_equal(vector, other.encode_queries(["river stone"]))
    np.testing.assert_allclose(vector, by_library(prompted, ["river stone"], PROMPTS["query"]), atol=2e-6)


def test_a_query_waits_for_one_batch_of_an_ingest(encoder: BiEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passages that are encoded at once let a query in between, which is encoded before the rest of them."""
    batcher, backend = encoder._batches, encoder._batches._backend
    text_vectors, both = backend.text_vectors, backend.text_and_token_vectors
    order: list[str] = []
    asking: list[threading.Thread] = []

    def passages(*batch: Any, prompt_length: int) -> Vectors:
        order.append("passages")
        if not asking:
            asking.append(threading.Thread(target=lambda: encoder.encode_queries(["which query comes in between"])))
            asking[0].start()
            until = time.monotonic() + 10
            while not batcher._lock._turns and time.monotonic() < until:
                time.sleep(0.001)
        return text_vectors(*batch, prompt_length=prompt_length)

    def query(*batch: Any, prompt_length: int) -> Any:
        order.append("query")
        return both(*batch, prompt_length=prompt_length)

    monkeypatch.setattr(backend, "text_vectors", passages)
    monkeypatch.setattr(backend, "text_and_token_vectors", query)
    monkeypatch.setattr(batcher, "_shape", replace(batcher._shape, tokens=64))
    encoder.encode_passages([f"passage number {number} of an ingest" for number in range(60)])
    asking[0].join(10)
    assert order[:3] == ["passages", "query", "passages"]
    assert order.count("passages") > 4
