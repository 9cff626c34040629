"""Encoding in int8: what the weights become, where it is chosen, and how near the vectors of fp32 it stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.models import devices
from passagework.retrieval.models.backends import encoder_backend, openvino_encoder
from passagework.retrieval.models.backends.bert_graph import quantized
from passagework.retrieval.models.backends.openvino_library import openvino_available
from passagework.retrieval.models.backends.openvino_model import OpenVinoModel
from passagework.retrieval.models.cross_encoder import CrossEncoderReranker
from passagework.retrieval.models.identity import SAME_WEIGHTS_COSINE
from passagework.retrieval.models.weights import _bundled, resolve_model
from tests.support.tiny_encoders import tiny_encoder
from tests.support.tiny_models import tiny_bert

if not openvino_available():
    pytest.skip("the fast extra isn't installed", allow_module_level=True)

SOURCES = Path(__file__).parents[2] / "data" / "sources"

COMPARED = """
import json, sys
import numpy as np
from passagework.retrieval.config import Settings
from passagework.retrieval.models.bi_encoder import BiEncoder
from passagework.retrieval.models.weights import PROBE_TEXT

texts = [*json.load(sys.stdin), PROBE_TEXT]
exact, rough = (
    BiEncoder.load(sys.argv[1], settings=Settings(precision=precision, device="cpu", offline=True))
    for precision in ("fp32", "int8")
)
ids = [tokens.ids for tokens in exact.tokenize(texts)]
tokens = [np.concatenate(encoder.encode_token_vectors(ids)) for encoder in (exact, rough)]
print(json.dumps({
    "backends": [exact.backend, rough.backend],
    "same": exact.fingerprint == rough.fingerprint,
    "texts": np.sum(exact.encode_passages(texts) * rough.encode_passages(texts), axis=1).tolist(),
    "tokens": np.sum(tokens[0] * tokens[1], axis=1).tolist(),
}))
"""
"""Cosines between the vectors of texts and of tokens that both precisions give."""


@pytest.fixture(scope="module")
def default() -> Path:
    """The default encoder's folder."""
    found = _bundled()
    if found is None:
        pytest.skip("the default encoder's weights aren't here")
    return found.path


def test_weights_are_rounded_group_by_group() -> None:
    """The largest of a group becomes 127, and a group of zeros stays so."""
    values, scales = quantized(np.array([[1.27, -0.01, 0.0, 0.0], [0.5, 0.25, -2.54, 1.0]], np.float32), 2)
    np.testing.assert_array_equal(values, np.array([[[127, -1], [0, 0]], [[127, 64], [-127, 50]]], np.int8))
    np.testing.assert_allclose(scales[:, :, 0], [[0.01, 1.0], [0.5 / 127, 0.02]], rtol=1e-6)


@pytest.mark.parametrize(("isa", "flag"), [("AVX512_CORE_VNNI", "avx512_vnni"), ("AVX2_VNNI", "avx_vnni")])
def test_the_default_encoder_keeps_its_vectors(default: Path, isa: str, flag: str) -> None:
    """The mean cosine to fp32 is 0.999 or more, of texts and of tokens, and a collection of either takes the other."""
    if flag not in devices.cpu_flags():
        pytest.skip(f"this processor has no {flag}")
    words = " ".join(path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.md"))).split()
    texts = [" ".join(words[start : start + 120]) for start in range(0, min(len(words), 3600), 120)]
    assert len(texts) > 5
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": isa}
    command = [sys.executable, "-c", COMPARED, str(default)]
    ran = subprocess.run(
        command, input=json.dumps(texts), env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(ran.stdout)
    assert found["backends"] == ["openvino cpu fp32", "openvino cpu int8"]
    assert found["same"]
    assert 0.999 <= np.mean(found["texts"]) < 0.99999
    assert min(found["texts"]) >= 0.998
    assert np.mean(found["tokens"]) >= 0.999
    assert found["texts"][-1] >= SAME_WEIGHTS_COSINE


@pytest.mark.parametrize(
    ("flags", "asked", "precision"),
    [
        ({"avx512_vnni", "avx512_bf16"}, "auto", "auto"),
        ({"avx512_vnni"}, "auto", "int8"),
        ({"avx512_vnni"}, "fp32", "fp32"),
        ({"avx2", "avx_vnni"}, "auto", "int8"),
        ({"avx2", "avx_vnni"}, "bf16", "bf16"),
        ({"avx512_vnni", "avx512_bf16"}, "int8", "int8"),
        ({"avx2"}, "auto", "auto"),
        ({"avx2"}, "int8", "fp32"),
    ],
)
def test_auto_takes_int8_where_the_processor_has_it_and_no_bf16(
    monkeypatch: pytest.MonkeyPatch, default: Path, flags: set[str], asked: str, precision: str
) -> None:
    """What was asked for by name is what is done; `auto` remains where bf16 or fp32 is chosen."""
    monkeypatch.setattr(devices, "cpu_flags", lambda: flags)
    settings = Settings(device="cpu", precision=asked, offline=True)
    assert openvino_encoder._precision(resolve_model(str(default), settings), settings) == precision


def test_only_the_default_encoder_takes_it_unasked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What another one would lose was not measured; by name it can be had, and a reranker computes in fp32 then."""
    monkeypatch.setattr(devices, "cpu_flags", lambda: {"avx512_vnni"})
    folder = tiny_encoder(tmp_path / "encoder")
    names = []
    for asked in ("auto", "int8"):
        settings = Settings(device="cpu", precision=asked, offline=True)
        names.append(encoder_backend(resolve_model(str(folder), settings), settings).name)
    assert names == ["openvino cpu fp32", "openvino cpu int8"]
    reranker = CrossEncoderReranker.load(tiny_bert(tmp_path / "reranker"), settings=settings)
    assert reranker.backend == "openvino cpu fp32"


def test_where_int8_fails_the_encoder_computes_in_fp32(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A processor may say that it has VNNI where OpenVINO finds no way to use it."""
    monkeypatch.setattr(devices, "cpu_flags", lambda: {"avx512_vnni"})
    run = OpenVinoModel.run

    def failing(model: OpenVinoModel, *arguments: Any) -> Any:
        if model.precision == "int8":
            raise RuntimeError("could not create a primitive descriptor")
        return run(model, *arguments)

    monkeypatch.setattr(OpenVinoModel, "run", failing)
    settings = Settings(device="cpu", precision="int8", offline=True)
    loaded = encoder_backend(resolve_model(str(tiny_encoder(tmp_path / "encoder")), settings), settings)
    assert loaded.name == "openvino cpu fp32"


def test_the_environment_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does fp32 and bf16."""
    monkeypatch.setenv("PASSAGEWORK_PRECISION", "int8")
    assert Settings.from_environment().precision == "int8"
    monkeypatch.setenv("PASSAGEWORK_PRECISION", "int4")
    with pytest.raises(ConfigError, match="PASSAGEWORK_PRECISION"):
        Settings.from_environment()
