"""The panel of duplicates on the page Library, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from passagework.ingest import ingest
from tests.support.app_sessions import fake_models, html_of, open_page
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.usefixtures("empty_cache")


def test_duplicates_are_drawn_with_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for, the clusters stand there; words that differ are marked, and markup is shown as it is."""
    (tmp_path / "docs").mkdir()
    rule = "Trips of more than 500 euro are approved by the <b>head</b> before anything at all is booked by anybody."
    (tmp_path / "docs" / "a.txt").write_text(rule)
    (tmp_path / "docs" / "b.txt").write_text(rule.replace("500", "800"))
    ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder(window=256))
    fake_models(monkeypatch, None)
    page = open_page(tmp_path / "c", monkeypatch, "library")
    assert html_of(page, "duplicates") == []
    [button] = [button for button in page.button if button.label == "Look for duplicates"]
    button.click().run()
    assert "1 cluster of duplicates (1 near) among 2 passages" in html_of(page, "duplicates")[0]
    [drawn] = html_of(page, "duplicate")
    assert "<del>500</del> <ins>800</ins>" in drawn
    assert "&lt;b&gt;head&lt;/b&gt;" in drawn
