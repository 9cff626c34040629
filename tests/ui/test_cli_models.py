"""`passagework models`, and the page that has the same tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from passagework.retrieval.config import DEFAULT_ENCODER
from passagework.retrieval.models.known_models import KNOWN_MODELS
from passagework.ui.cli import app
from passagework.ui.commands.output import run

ROOT = Path(__file__).resolve().parents[2]


def test_the_json_has_every_model_and_where_it_lies(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the order of the table; of an empty cache only the default encoder is here, which comes along."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert run(app, ["models", "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert [model["name"] for model in models] == [facts.name for facts in KNOWN_MODELS]
    here = [model["name"] for model in models if model["folder"] is not None]
    assert here == [model["name"] for model in models if model["default"]] == [DEFAULT_ENCODER]
    e5 = next(model for model in models if model["name"] == "intfloat/e5-base-v2")
    assert (e5["query_prompt"], e5["dimension"], e5["window"], e5["licence"]) == ("query: ", 768, 512, "MIT")


def test_a_person_reads_a_line_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    """What is refused is marked, and so is the default."""
    assert run(app, ["models"]) == 0
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if "/" in line}
    assert lines[DEFAULT_ENCODER] == ["default", "22.7", "384", "256", "en", "Apache-2.0"]
    assert lines["nomic-ai/nomic-embed-text-v1.5"][0] == "refused"
    assert len(lines) == len(KNOWN_MODELS)


def test_the_page_has_what_is_known(tmp_path: Path) -> None:
    """What docs/make_models.py writes now is what is there."""
    out = tmp_path / "models.md"
    command = [sys.executable, str(ROOT / "docs" / "make_models.py"), "--out", str(out)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert out.read_text(encoding="utf-8") == (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
