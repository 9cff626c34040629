"""The GPU benchmark runs from end to end, on whatever there is: it is to be ready when a GPU is."""

from __future__ import annotations

import os

import pytest

from benchmarks.gpu import encoding, reranking, searching

pytestmark = pytest.mark.skipif(
    not os.environ.get("PASSAGEWORK_TEST_DATA"), reason="needs PASSAGEWORK_TEST_DATA: its texts are real ones"
)


def test_searching_gives_the_same_answers() -> None:
    """The device's answers are compared with the host's while both are timed."""
    found = searching("cpu", 2000, dim=32)
    assert found["same_answers"] == 1.0
    assert found["device_ms"] > 0
    assert found["host_ms"] > 0


def test_encoding_and_reranking_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates and times of both, with few texts."""
    monkeypatch.setattr("benchmarks.gpu.RUNS", 1)
    rates = encoding("cpu", 4, batches=(2,))
    assert rates["theirs_batch"] == 2
    assert min(rates["product"], rates["theirs_default"], rates["theirs_bf16_best"]) > 0
    assert reranking("cpu", 4)["ms"] > 0
