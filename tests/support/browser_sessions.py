"""The application as a person uses it: a server of its own, and a real Chromium without a window."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException

ROOT = Path(__file__).resolve().parents[2]
WAIT = 60.0  # seconds: the model is loaded when the first query comes
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
)

PALE = """
const channels = colour => (colour.match(/[\\d.]+/g) || []).map(Number)
const over = (top, below, alpha) => top.map((one, i) => one * alpha + below[i] * (1 - alpha))
const linear = one => (one /= 255) <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4
const luminance = rgb => 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
const backgroundOf = node => {
    if (!node) return [255, 255, 255]
    const [r, g, b, alpha = 1] = channels(getComputedStyle(node).backgroundColor)
    return alpha === 1 ? [r, g, b] : over([r, g, b], backgroundOf(node.parentElement), alpha)
}
const opacityOf = node => node ? Number(getComputedStyle(node).opacity) * opacityOf(node.parentElement) : 1
// The number of a slider stands above its thumb, not on it. What can't be used may be pale (WCAG 2.2, 1.4.3).
const unusable = ':disabled, label:has(:disabled), [aria-disabled="true"]'
const left = `script, style, noscript, [data-testid="stSliderThumbValue"], ${unusable}`
const ratios = [...document.body.querySelectorAll("*")].filter(node => {
    const says = [...node.childNodes].some(one => one.nodeType === 3 && one.textContent.trim())
    return says && node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !node.closest(left)
}).map(node => {
    const below = backgroundOf(node), [r, g, b, alpha = 1] = channels(getComputedStyle(node).color)
    const pair = [over([r, g, b], below, alpha * opacityOf(node)), below].map(luminance).sort((a, b) => b - a)
    const least = node.closest('[data-testid="stIconMaterial"]') ? 3 : 4.5
    return [node.textContent.slice(0, 40), (pair[0] + 0.05) / (pair[1] + 0.05), least]
})
return [ratios.length, ratios.filter(([, ratio, least]) => ratio < least)]
"""
"""How many texts the page shows, and those of less contrast than WCAG 2.2 asks: 4.5 for text, 3 for icons."""

IS_DARK = """
const colour = getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor
return Number(colour.match(/\\d+/)[0]) < 128
"""

RIGHT_EDGES = """
const scrolls = '.pw-chart'
return [document.documentElement, ...document.querySelectorAll('[class^="pw-"]')]
    .filter(one => one.matches(scrolls) || !one.closest(scrolls))
    .map(one => Math.max(one.getBoundingClientRect().right, one.matches(scrolls) ? 0 : one.scrollWidth))
"""


@contextmanager
def served(collection: Path, log_file: Path) -> Iterator[str]:
    """The address of the application over a collection; the server ends with the process that was asked to."""
    port = free_port()
    command = [sys.executable, "-m", "passagework.ui.cli", "ui", "--collection", str(collection), "--port", str(port)]
    with log_file.open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT) as server:
        try:
            opener = build_opener(ProxyHandler({}))
            until(lambda: _answers(opener, f"http://127.0.0.1:{port}/_stcore/health"), "the server to answer")
            yield f"http://127.0.0.1:{port}"
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0, log_file.read_text()
        finally:
            server.kill()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)


@contextmanager
def chromium(profile: Path) -> Iterator[Any]:
    """A Chromium without a window, and without a past; the test skips where none is installed, unless it must not."""
    programs = [shutil.which("chromium"), shutil.which("chromedriver")]
    if not all(programs):
        reason = "chromium and chromedriver are not both installed"
        if os.environ.get("PASSAGEWORK_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{reason}, and PASSAGEWORK_REQUIRE_BROWSER=1 asks for them")
        pytest.skip(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for switch in (*SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=programs[1]))
        try:
            yield driver
        finally:
            driver.quit()


class Page:
    """A page in the browser."""

    def __init__(self, browser: Any, address: str) -> None:
        self.browser = browser
        self.address = address

    def open(self, path: str = "", awaited: str = 'input[aria-label="Query"]') -> None:
        """A page anew, as far as the element awaited: the query field."""
        self.browser.get(f"{self.address}/{path}")
        self.until(lambda: self.find(awaited), awaited)

    def resize(self, width: int, scheme: str) -> None:
        """A window of that many pixels on a system that asks for light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def fits(self, width: int) -> bool:
        """Whether nothing stands beyond the right edge of so many pixels."""
        return bool(max(self.browser.execute_script(RIGHT_EDGES)) <= width)

    def find(self, selector: str) -> list[Any]:
        """Every element there is now."""
        return list(self.browser.find_elements("css selector", selector))

    def texts(self, name: str) -> list[str]:
        """What the elements of that name say."""
        script = "return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)"
        return list(self.browser.execute_script(script, f'[data-testid="{name}"]'))

    def first(self, name: str) -> str:
        """What the first element of that name says, as soon as there is one: a page is drawn piece by piece."""
        found: list[str] = []

        def is_there() -> bool:
            found[:] = self.texts(name)[:1]
            return bool(found)

        self.until(is_there, name)
        return found[0]

    def shown(self) -> str:
        """All text of the page."""
        return str(self.browser.execute_script("return document.body.innerText"))

    def type(self, label: str, text: str) -> None:
        """Writes into a field in place of what is there, and presses Enter."""
        self.until(lambda: len(self.find(f'input[aria-label="{label}"]')) == 1, f"the field {label!r}")
        [field] = self.find(f'input[aria-label="{label}"]')
        field.send_keys("\ue009a\ue000", text, "\ue007")

    def press(self, label: str) -> None:
        """Opens what a button of that name folds, or closes it."""
        script = """
            const found = [...document.querySelectorAll('[data-testid="stPopover"] button')].find(
                one => one.textContent.startsWith(arguments[0]))
            if (found) found.click()
            return !!found
        """
        self.until(lambda: self.browser.execute_script(script, label), f"the button {label!r}")

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """Waits; says what the page showed if it waits in vain. What is drawn anew meanwhile is asked again."""

        def holds() -> Any:
            try:
                return condition()
            except (IndexError, StaleElementReferenceException):
                return False

        until(holds, what, self.shown)

    def press_until(self, selector: str, condition: Callable[[], Any], what: str) -> None:
        """Clicks an element until something holds: every five seconds, for what doesn't listen yet hears nothing."""
        clicked = -5.0

        def holds() -> bool:
            nonlocal clicked
            if condition():
                return True
            if time.monotonic() - clicked > 5:
                clicked = time.monotonic()
                self.browser.execute_script("document.querySelector(arguments[0])?.click()", selector)
            return False

        self.until(holds, what)

    def search(self, query: str) -> None:
        """Searches for the first time; waits for hits."""
        self.type("Query", query)
        self.until(lambda: self.texts("hit"), "hits")


def until(condition: Callable[[], Any], what: str, shown: Callable[[], str] = str) -> None:
    """Waits for a condition; what was awaited, and what was shown, is in the error."""
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, f"waited {WAIT:.0f} s for {what}: {shown()}"
        time.sleep(0.1)


def free_port() -> int:
    """One that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _answers(opener: Any, url: str) -> bool:
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False
