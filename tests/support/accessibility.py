"""What axe-core finds wrong with a page in the browser, by WCAG 2.2 AA and its own best practice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.browser_sessions import ROOT, Page

INSTALLED = ROOT / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
"""Where `.ci/run` has npm put it."""

RUN = """
const done = arguments[0]
axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => done(violations.map(
    one => `${one.id}: ${one.nodes.map(node => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`)))
"""


def axe_source() -> str:
    """The script of axe-core; the test skips where it isn't installed."""
    path = Path(os.environ.get("PASSAGEWORK_AXE") or INSTALLED)
    if not path.is_file():
        pytest.skip("axe-core is not installed: npm install --no-save --prefix build/axe axe-core@4.14.1")
    return path.read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """Every rule that the page breaks, with elements that break it."""
    page.browser.execute_script(axe)
    return list(page.browser.execute_async_script(RUN))
