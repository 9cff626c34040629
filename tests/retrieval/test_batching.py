"""Threads that wait give way to other processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("given", "spins"), [({}, "2000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None")]
)
def test_waiting_threads_are_told_before_torch_is_loaded(given: dict[str, str], spins: str) -> None:
    """OpenMP reads it once, when torch is loaded: it is set by then, unless the user has said otherwise."""
    module = "passagework.retrieval.models.bi_encoder"
    script = f"import os, sys, {module}; print('torch' in sys.modules, os.environ.get('GOMP_SPINCOUNT'))"
    clean = {key: value for key, value in os.environ.items() if key not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    run = subprocess.run(
        [sys.executable, "-c", script], env={**clean, **given}, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", spins]
