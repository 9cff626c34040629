"""Settings: what the environment may say, and what it gets to hear where it says nonsense."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError

NAMES = ("HF_HUB_CACHE", "HF_HUB_OFFLINE")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing about this project."""
    for name in [*os.environ]:
        if name.startswith("PASSAGEWORK_") or name in NAMES:
            monkeypatch.delenv(name)


def test_an_empty_environment_gives_the_defaults() -> None:
    """The default encoder, no reranker, the best device and precision, online, at most four workers."""
    assert Settings.from_environment() == Settings(workers=min(4, os.cpu_count() or 1))
    settings = Settings()
    assert (settings.encoder, settings.reranker, settings.device, settings.precision) == (None, None, None, "auto")
    assert (settings.offline, settings.cache, settings.parse_timeout) == (False, None, 120.0)
    assert settings.parse_memory == 4 * 1024**3


def test_every_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its setting, in the unit that its name says."""
    for name, value in {
        "PASSAGEWORK_ENCODER": "my/model",
        "PASSAGEWORK_RERANKER": "/models/rerank",
        "PASSAGEWORK_DEVICE": "cuda:1",
        "PASSAGEWORK_PRECISION": "bf16",
        "PASSAGEWORK_OFFLINE": "1",
        "PASSAGEWORK_WORKERS": "7",
        "PASSAGEWORK_PARSE_TIMEOUT": "2.5",
        "PASSAGEWORK_PARSE_MEMORY_MB": "512",
        "HF_HUB_CACHE": "~/hub",
    }.items():
        monkeypatch.setenv(name, value)
    assert Settings.from_environment() == Settings(
        encoder="my/model",
        reranker="/models/rerank",
        device="cuda:1",
        precision="bf16",
        offline=True,
        cache=Path.home() / "hub",
        workers=7,
        parse_timeout=2.5,
        parse_memory=512 * 1024**2,
    )


@pytest.mark.parametrize(
    ("value", "offline"),
    [("1", True), ("true", True), ("YES", True), (" on ", True), ("0", False), ("false", False), ("", False)],
)
@pytest.mark.parametrize("name", ["PASSAGEWORK_OFFLINE", "HF_HUB_OFFLINE"])
def test_either_switch_turns_the_network_off(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, offline: bool
) -> None:
    """The hub's own switch counts as ours does."""
    monkeypatch.setenv(name, value)
    assert Settings.from_environment().offline is offline


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """As shells and compose files leave them."""
    for name in (
        "ENCODER",
        "RERANKER",
        "DEVICE",
        "PRECISION",
        "OFFLINE",
        "WORKERS",
        "PARSE_TIMEOUT",
        "PARSE_MEMORY_MB",
    ):
        monkeypatch.setenv(f"PASSAGEWORK_{name}", "")
    monkeypatch.setenv("HF_HUB_CACHE", "")
    assert Settings.from_environment() == Settings(workers=min(4, os.cpu_count() or 1))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PASSAGEWORK_PRECISION", "fp16", "is 'fp16': give auto, fp32, bf16 or int8"),
        ("PASSAGEWORK_WORKERS", "many", "is 'many': give a number"),
        ("PASSAGEWORK_WORKERS", "0", "is '0': give at least 1"),
        ("PASSAGEWORK_WORKERS", "-3", "is '-3': give at least 1"),
        ("PASSAGEWORK_WORKERS", "2.5", "is '2.5': give a whole number"),
        ("PASSAGEWORK_WORKERS", "inf", "is 'inf': give a number"),
        ("PASSAGEWORK_WORKERS", "nan", "is 'nan': give a number"),
        ("PASSAGEWORK_PARSE_TIMEOUT", "inf", "is 'inf': give a number"),
        ("PASSAGEWORK_PARSE_TIMEOUT", "0", "is '0': give at least 0.1"),
        ("PASSAGEWORK_PARSE_TIMEOUT", "10s", "is '10s': give a number"),
        ("PASSAGEWORK_PARSE_MEMORY_MB", "1\n", r"is '1\n': give at least 64"),
        ("PASSAGEWORK_PARSE_MEMORY_MB", "99.9", "is '99.9': give a whole number"),
    ],
)
def test_what_cant_be_read_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str) -> None:
    """ConfigError in one line: the variable, its value, and what it may be."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as error:
        Settings.from_environment()
    assert str(error.value) == f"{name} {reason}"


def test_reading_settings_loads_no_model_library() -> None:
    """The command line starts at once: neither torch nor faiss is behind the settings."""
    heavy = "{'torch', 'faiss', 'transformers', 'sqlalchemy'}"
    script = f"import sys, passagework.retrieval.config; print({heavy} & set(sys.modules))"
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", script], cwd=root, check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "set()"
