"""What every test shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")  # read when Haystack is imported

# The same examples every time, so that a test that passed here passes there; `make fuzz` draws new ones.
# how fast examples are drawn is the machine's affair, not the code's
SLOW_MACHINE = [HealthCheck.too_slow]
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=SLOW_MACHINE)
settings.register_profile("fuzz", derandomize=False, print_blob=True, deadline=None, suppress_health_check=SLOW_MACHINE)
settings.load_profile("fuzz" if os.environ.get("PASSAGEWORK_FUZZ") else "steady")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public test data; the test skips where PASSAGEWORK_TEST_DATA doesn't name it."""
    folder = os.environ.get("PASSAGEWORK_TEST_DATA")
    if not folder:
        pytest.skip("PASSAGEWORK_TEST_DATA names no folder of test data")
    return Path(folder)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Chromium without a window for all tests; it starts without a past."""
    from tests.support.browser_sessions import chromium

    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="session")
def site(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of one server for all browser tests, and its collection; what a test puts in, it takes out."""
    from tests.support.browser_sessions import served
    from tests.support.browser_site import make_site

    collection = make_site(tmp_path_factory.mktemp("site"))
    with served(collection, collection.parent / "log") as address:
        yield address, collection


@pytest.fixture
def page(site: tuple[str, Path], browser: Any) -> Iterator[Any]:
    """A wide window in light colours, nothing opened yet."""
    from tests.support.browser_sessions import Page

    opened = Page(browser, site[0])
    opened.resize(1280, "light")
    yield opened
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture
def empty_cache() -> Iterator[None]:
    """No collection and no picture of the pages is kept from test to test."""
    st = pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
