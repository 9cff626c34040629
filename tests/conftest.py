"""What every test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public test data; the test skips where PASSAGEWORK_TEST_DATA doesn't name it."""
    folder = os.environ.get("PASSAGEWORK_TEST_DATA")
    if not folder:
        pytest.skip("PASSAGEWORK_TEST_DATA names no folder of test data")
    return Path(folder)
