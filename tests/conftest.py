"""What every test shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, so that a test that passed here passes there; `make fuzz` draws new ones.
settings.register_profile("steady", derandomize=True)
settings.register_profile("fuzz", derandomize=False, print_blob=True)
settings.load_profile("fuzz" if os.environ.get("PASSAGEWORK_FUZZ") else "steady")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public test data; the test skips where PASSAGEWORK_TEST_DATA doesn't name it."""
    folder = os.environ.get("PASSAGEWORK_TEST_DATA")
    if not folder:
        pytest.skip("PASSAGEWORK_TEST_DATA names no folder of test data")
    return Path(folder)


@pytest.fixture
def empty_cache() -> Iterator[None]:
    """No collection and no picture of the pages is kept from test to test."""
    import streamlit as st

    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
