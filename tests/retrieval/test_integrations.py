"""The adapters of frameworks together: each is imported alone, and says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from passagework.retrieval.extras import missing_modules

FRAMEWORKS = {"langchain": "langchain_core", "llamaindex": "llama_index.core", "haystack": "haystack"}
"""By adapter, which has the name of its extra: the module without which there is nothing to adapt to."""


def run(script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in a Python of its own, here."""
    environment = {**os.environ, "HAYSTACK_TELEMETRY_ENABLED": "False"}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def loaded_by(imports: str) -> set[str]:
    """The frameworks that a line of imports loads."""
    names = ("langchain_core", "llama_index.core", "haystack")
    done = run(f"{imports}; import sys; print(*[name for name in {names} if name in sys.modules])")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_core_loads_no_framework() -> None:
    """Nor does the package of the adapters."""
    assert loaded_by("import passagework.integrations; from passagework import Collection, ingest") == set()


@pytest.mark.parametrize("adapter", FRAMEWORKS)
def test_an_adapter_loads_its_framework_alone(adapter: str) -> None:
    """And no other one, so each extra works without the others."""
    if missing_modules(adapter):
        pytest.skip(f'pip install "passagework[{adapter}]"')
    assert loaded_by(f"import passagework.integrations.{adapter}") == {FRAMEWORKS[adapter]}


@pytest.mark.parametrize("adapter", FRAMEWORKS)
def test_an_absent_framework_is_said_in_a_line(adapter: str) -> None:
    """What is missing, and what to type."""
    absent = FRAMEWORKS[adapter]
    parent = absent.partition(".")[0]
    done = run(f"import sys; sys.modules[{parent!r}] = None; import passagework.integrations.{adapter}")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"passagework.retrieval.errors.ConfigError: {absent}, for ")
    assert last.endswith(f', isn\'t installed: pip install "passagework[{adapter}]"')
