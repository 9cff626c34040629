"""Which backend runs a model: the fastest that knows it, by its own files; both say and give the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, ModelUnavailableError
from passagework.retrieval.models import backends
from passagework.retrieval.models.backends import encoder_backend, openvino_may_run
from passagework.retrieval.models.backends.bert_graph import BertShape
from passagework.retrieval.models.backends.openvino_encoder import OpenVinoEncoder
from passagework.retrieval.models.backends.openvino_library import openvino_available
from passagework.retrieval.models.backends.several_devices import SeveralDevices
from passagework.retrieval.models.backends.torch_encoder import TorchEncoder
from passagework.retrieval.models.bi_encoder import BiEncoder
from passagework.retrieval.models.weights import resolve_model
from passagework.retrieval.types import TokenIds, Vectors
from tests.support.tiny_encoders import tiny_encoder, tiny_sentencepiece

if not openvino_available():
    pytest.skip("the fast extra isn't installed", allow_module_level=True)

CPU = Settings(device="cpu", precision="fp32", offline=True)


def edit(path: Path, **changes: Any) -> None:
    """Some keys of a JSON file, set."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def backend_of(folder: Path) -> str:
    """What runs the model of a folder, where nobody asked for anything."""
    return encoder_backend(resolve_model(str(folder), CPU), CPU).name


def check_one_pass(encoder: BiEncoder, ids: list[TokenIds]) -> None:
    """Asserts that one pass gives the vectors of texts to the last bit, and those of tokens but for the last digits."""
    taken: dict[int, Vectors] = {}
    np.testing.assert_array_equal(encoder.encode_tokens_twofold(ids, taken.__setitem__), encoder.encode_tokens(ids))
    for place, vectors in enumerate(encoder.encode_token_vectors(ids)):
        assert taken[place].shape == vectors.shape == (len(ids[place]), encoder.dim)
        np.testing.assert_allclose(taken[place], vectors, atol=1e-5)


def test_openvino_takes_as_many_threads_as_were_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the variable that torch and FAISS go by: several workers of a machine each have their own processors."""
    folder = tiny_encoder(tmp_path)
    threads = []
    for asked in ("1", "0", "many"):
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
        backend = encoder_backend(resolve_model(str(folder), CPU), CPU)
        assert isinstance(backend, OpenVinoEncoder)
        threads.append(backend._model._compiled.get_property("INFERENCE_NUM_THREADS"))
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads[0] == 1
    assert threads[1] == threads[2] == max(threads)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_plain_bert_is_run_by_openvino(tmp_path: Path, pooling: str) -> None:
    """Pooled as its file says, with the very facts and vectors that sentence-transformers has."""
    folder = tiny_encoder(tmp_path, prompts={"query": "find a river: ", "document": "this is stone: "})
    edit(folder / "1_Pooling" / "config.json", pooling_mode=pooling)
    fast, slow = (BiEncoder.load(folder, settings=replace(CPU, backend=name)) for name in ("auto", "torch"))
    assert (fast.backend, slow.backend) == ("openvino cpu fp32", "torch cpu fp32")
    assert fast.fingerprint == slow.fingerprint
    assert fast.fingerprint.pooling == pooling
    assert (fast.window, fast.passage_budget, fast.query_budget) == (
        slow.window,
        slow.passage_budget,
        slow.query_budget,
    )
    texts = ["alpha beta", "", "travel paper stone " * 9, "the budget of a river"]
    np.testing.assert_allclose(fast.encode_passages(texts), slow.encode_passages(texts), atol=2e-6)
    np.testing.assert_allclose(fast.encode_queries(texts), slow.encode_queries(texts), atol=2e-6)
    ids = [one.ids for one in fast.tokenize(texts)]
    for one, other in zip(fast.encode_token_vectors(ids), slow.encode_token_vectors(ids), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    for encoder in (fast, slow):
        check_one_pass(encoder, ids)


def test_facts_are_those_of_sentence_transformers(tmp_path: Path) -> None:
    """Of the default encoder too, whose files are of an older make."""
    for name in (str(tiny_encoder(tmp_path)), "sentence-transformers/all-MiniLM-L6-v2"):
        resolved = resolve_model(name, replace(CPU, cache=tmp_path))
        fast, slow = OpenVinoEncoder.load(resolved, CPU), TorchEncoder.load(resolved, CPU)
        assert fast is not None
        assert replace(fast.encoder_config, tokenizer=None) == replace(slow.encoder_config, tokenizer=None)
        text = "Naïve 😀 𝔘nicode: 漢字 costs 1,250 km²! unaffable [SEP] ALPHA"
        one, other = (
            backend.encoder_config.tokenizer.encode(text, add_special_tokens=False) for backend in (fast, slow)
        )
        assert (one.ids, one.offsets) == (other.ids, other.offsets)


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"is_decoder": True}),
        ("1_Pooling/config.json", {"pooling_mode": "max"}),
        ("1_Pooling/config.json", {"include_prompt": False}),
        ("config_sentence_transformers.json", {"truncate_dim": 8}),
    ],
)
def test_what_the_graph_has_no_part_for_is_torchs(tmp_path: Path, file: str, changes: dict[str, Any]) -> None:
    """Another activation, pooling or dimension is never run as if it were the plain one."""
    folder = tiny_encoder(tmp_path)
    assert backend_of(folder) == "openvino cpu fp32"
    edit(folder / file, **changes)
    assert backend_of(folder) == "torch cpu fp32"


def test_other_tokenizers_need_no_torch(tmp_path: Path) -> None:
    """A BERT over sentence pieces reads the same tokens."""
    folder = tiny_sentencepiece(tmp_path)
    fast, slow = (BiEncoder.load(folder, settings=replace(CPU, backend=name)) for name in ("openvino", "torch"))
    texts = ["a river", "stone paper stone", "rivers"]
    np.testing.assert_allclose(fast.encode_queries(texts), slow.encode_queries(texts), atol=2e-6)


def test_the_one_that_is_named_runs_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PASSAGEWORK_BACKEND is kept to: nothing else takes its place in silence."""
    folder = tiny_encoder(tmp_path)
    resolved = resolve_model(str(folder), CPU)
    assert encoder_backend(resolved, replace(CPU, backend="torch")).name == "torch cpu fp32"
    edit(folder / "config.json", hidden_act="relu")
    with pytest.raises(ConfigError, match="is no plain BERT: give torch as the backend"):
        encoder_backend(resolved, replace(CPU, backend="openvino"))
    with pytest.raises(ConfigError, match="runs on cpu, not on cuda"):
        openvino_may_run(replace(CPU, backend="openvino", device="cuda"))
    monkeypatch.setattr(backends, "openvino_available", lambda: False)
    with pytest.raises(ConfigError, match=r'isn.t installed: pip install "passagework\[fast\]"'):
        openvino_may_run(replace(CPU, backend="openvino"))
    assert not openvino_may_run(CPU)
    monkeypatch.setenv("PASSAGEWORK_BACKEND", "onnx")
    with pytest.raises(ConfigError, match="PASSAGEWORK_BACKEND is 'onnx': give auto, torch or openvino"):
        Settings.from_environment()


@pytest.mark.parametrize(
    ("device", "cuda", "chosen"), [(None, True, False), (None, False, True), ("cuda", True, False)]
)
def test_a_gpu_goes_before_openvino(
    monkeypatch: pytest.MonkeyPatch, device: str | None, cuda: bool, chosen: bool
) -> None:
    """Where the driver reports one and nobody asks for the CPU."""
    monkeypatch.setattr(backends, "cuda_available", lambda: cuda)
    assert openvino_may_run(Settings(device=device)) is chosen


def test_a_missing_weight_is_told(tmp_path: Path) -> None:
    """By its name, in one line."""
    from safetensors.numpy import load_file, save_file

    folder = tiny_encoder(tmp_path)
    stored = load_file(folder / "model.safetensors")
    stored.pop("encoder.layer.1.output.dense.bias")
    save_file(stored, folder / "model.safetensors")
    with pytest.raises(ModelUnavailableError, match=r"can't be loaded from .*encoder\.layer\.1\.output\.dense\.bias"):
        encoder_backend(resolve_model(str(folder), CPU), CPU)


def test_shapes_are_read_only_of_bert() -> None:
    """Anything that the configuration doesn't say, or says otherwise, is not guessed."""
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 16}
    whole = {"model_type": "bert", "hidden_act": "gelu", **sizes}
    assert BertShape.read(whole) == BertShape(8, 1, 2, 16, 1e-12)
    assert BertShape.read({**whole, "model_type": "roberta"}) is None
    assert BertShape.read({**whole, "position_embedding_type": "relative_key"}) is None
    assert BertShape.read({key: value for key, value in whole.items() if key != "hidden_size"}) is None


def test_a_search_loads_neither_torch_nor_transformers(tmp_path: Path) -> None:
    """Imports are what a search on the command line waits for."""
    folder = tiny_encoder(tmp_path)
    program = f"""
import sys
from passagework.retrieval import BiEncoder
from passagework.retrieval.config import Settings
made = BiEncoder.load({str(folder)!r}, settings=Settings(device="cpu", offline=True))
made.encode_queries(["alpha"])
made.encode_token_vectors([made.tokenize(["alpha beta"])[0].ids])
heavy = {{"torch", "transformers", "sentence_transformers", "huggingface_hub", "scipy", "faiss"}}
print(sorted(heavy & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_nothing_is_told_to_anybody(tmp_path: Path) -> None:
    """OpenVINO's import alone would send an event to a company, and write a client id into the home."""
    folder = tiny_encoder(tmp_path / "model")
    home = tmp_path / "home"
    home.mkdir()
    program = f"""
import socket, sys
def asked(*arguments, **named):
    print("asked for", arguments[:2])
    raise OSError("no network")
socket.getaddrinfo = socket.create_connection = asked
from passagework.retrieval import BiEncoder
from passagework.retrieval.config import Settings
made = BiEncoder.load({str(folder)!r}, settings=Settings(device="cpu", offline=True, backend="openvino"))
made.encode_queries(["alpha"])
converter = "openvino.tools.ovc"
print(made.backend[:8], "openvino_telemetry" in sys.modules, converter in sys.modules)
sys.modules[converter] = __import__("types").SimpleNamespace(convert_model="converts")
print(sys.modules["openvino"].convert_model, hasattr(sys.modules["openvino"], "convert_models"))
"""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "HOME")}  # it is silent in CI
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**kept, "HOME": str(home)}
    )
    assert done.stdout == "openvino False False\nconverts False\n"
    assert [*home.iterdir()] == []


def test_several_gpus_share_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has the weights and its part of the rows; a query and token vectors stay on the first."""
    folder = tiny_encoder(tmp_path)
    monkeypatch.setattr(backends, "cuda_devices", lambda: ["cpu", "cpu", "cpu"])
    monkeypatch.setattr(backends, "openvino_may_run", lambda _: False)
    ran: list[tuple[int, int]] = []

    def noted(run: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: TorchEncoder, ids: Any, mask: Any, *, prompt_length: int) -> Any:
            ran.append((id(self), len(ids)))
            return run(self, ids, mask, prompt_length=prompt_length)

        return call

    for name in ("text_vectors", "text_and_token_vectors"):  # of passages, and of queries with their tokens
        monkeypatch.setattr(TorchEncoder, name, noted(getattr(TorchEncoder, name)))
    many = BiEncoder.load(folder, settings=Settings(precision="fp32"))
    one = BiEncoder.load(folder, settings=CPU)
    assert (many.backend, one.backend) == ("torch cpu fp32 on 3 devices", "torch cpu fp32")
    texts = [f"alpha {'travel ' * (number % 7)}beta" for number in range(41)]
    found = many.encode_passages(texts)
    assert (len({which for which, _ in ran}), sum(rows for _, rows in ran)) == (3, 48)  # 41, brought to a multiple of 8
    np.testing.assert_allclose(found, one.encode_passages(texts), atol=2e-6)
    ran.clear()
    np.testing.assert_allclose(many.encode_queries(["river"]), one.encode_queries(["river"]), atol=2e-6)
    assert [rows for _, rows in ran] == [1, 1]
    ids = [found.ids for found in many.tokenize(texts[:3])]
    for a, b in zip(many.encode_token_vectors(ids), one.encode_token_vectors(ids), strict=True):
        np.testing.assert_array_equal(a, b)
    taken: dict[int, Vectors] = {}
    ids = [found.ids for found in many.tokenize(texts)]
    np.testing.assert_allclose(many.encode_tokens_twofold(ids, taken.__setitem__), one.encode_tokens(ids), atol=2e-6)
    for place, vectors in enumerate(one.encode_token_vectors(ids)):
        np.testing.assert_allclose(taken[place], vectors, atol=1e-5)


def test_a_device_too_small_for_its_share_is_told(tmp_path: Path) -> None:
    """The batch is halved, as with one device, and nothing is lost."""
    folder = resolve_model(str(tiny_encoder(tmp_path)), CPU)
    first, second = TorchEncoder.load(folder, CPU), TorchEncoder.load(folder, CPU)
    whole, sizes = second.text_vectors, []

    def small(ids: Any, mask: Any, *, prompt_length: int) -> Any:
        sizes.append(len(ids))
        if len(ids) > 16:
            raise backends.DeviceMemoryError
        return whole(ids, mask, prompt_length=prompt_length)

    second.text_vectors = small  # type: ignore[method-assign]
    encoder = BiEncoder(SeveralDevices([first, second]), folder)
    texts = [f"paper {number}" for number in range(1200)]
    alone = BiEncoder(TorchEncoder.load(folder, CPU), folder)
    np.testing.assert_allclose(encoder.encode_passages(texts), alone.encode_passages(texts), atol=2e-6)
    assert max(sizes) > 16


def test_texts_for_a_gpu_are_tokenised_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slice by slice, on a thread of its own, to the same vectors in the same order."""

    class Elsewhere(TorchEncoder):
        @property
        def device(self) -> str:
            return "cuda"

    monkeypatch.setattr("passagework.retrieval.models.bi_encoder.TOKENISED_AT_ONCE", 10)
    folder = resolve_model(str(tiny_encoder(tmp_path)), CPU)
    ahead, plain = BiEncoder(Elsewhere.load(folder, CPU), folder), BiEncoder(TorchEncoder.load(folder, CPU), folder)
    texts = [f"alpha {'travel ' * (number % 9)}beta" for number in range(35)]
    asked: list[int] = []
    whole = ahead.tokenize

    def noted(some: Any) -> Any:
        asked.append(len(some))
        return whole(some)

    monkeypatch.setattr(ahead, "tokenize", noted)
    for count in (0, 1, 10, 30, 35):
        found, expected = (one.encode_passages(texts[:count]) for one in (ahead, plain))
        np.testing.assert_allclose(found, expected, atol=2e-6)
    assert asked == [0, 1, 10, 10, 10, 10, 0, 10, 10, 10, 5, 0]
    np.testing.assert_allclose(ahead.encode_queries(texts), plain.encode_queries(texts), atol=2e-6)


def test_nobody_else_imports_openvino() -> None:
    """Neither the packages nor tests nor benchmarks: its import alone would start its telemetry."""
    root = Path(__file__).parents[2]
    imports = re.compile(
        r"""^\s*(?:import|from)\s+openvino\b|importorskip\(.openvino|import_module\(.openvino""", re.MULTILINE
    )
    found = [
        path.relative_to(root).as_posix()
        for folder in ("retrieval", "ingest", "ui", "tests", "benchmarks")
        for path in sorted((root / folder).rglob("*.py"))
        if imports.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["retrieval/models/backends/openvino_library.py"]
