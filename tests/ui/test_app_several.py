"""The pages over several collections: searched as one, each hit by its own, and one of them chosen."""

from __future__ import annotations

import re
import sys

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

import streamlit as st
from streamlit.testing.v1 import AppTest

from passagework.ingest import ingest
from passagework.retrieval import Settings
from passagework.ui.web.hit_events import HitEvents
from tests.support.app_sessions import PAGE, hits_of, html_of

pytestmark = pytest.mark.usefixtures("empty_cache")

QUERY = "who approves a trip"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two collections, with one file in both."""
    base = tmp_path_factory.mktemp("several")
    (base / "docs").mkdir()
    (base / "docs" / "travel.md").write_text("# Travel\n\nA trip is approved by the head of department.\n")
    (base / "boats").mkdir()
    (base / "boats" / "boats.txt").write_text("A trip by boat is approved by the harbour master.\n")
    settings = Settings(workers=1, offline=True)
    ingest([base / "docs"], base / "staff", settings=settings)
    ingest([base / "docs", base / "boats"], base / "port", settings=settings)
    return [f"staff={base / 'staff'}", f"harbour={base / 'port'}"]


@pytest.fixture
def page(folders: list[str], monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The search page of both, before anything is asked."""
    monkeypatch.setattr(sys, "argv", [str(PAGE), *(f"--collection={folder}" for folder in folders)])
    monkeypatch.setattr(st, "get_option", lambda name: {"server.address": "127.0.0.1"}[name])
    return AppTest.from_file(str(PAGE), default_timeout=60).run()


def _places(page: AppTest) -> list[str]:
    return re.findall(r'data-testid="place">([^<]*)<', html_of(page, "place")[0])


def test_all_are_searched_and_each_hit_names_its_own(page: AppTest) -> None:
    """The same file in two of them is two documents, each of which opens in its own; facets count both."""
    assert [str(one.proto.body) for one in page.get("html") if 'class="pw-name"' in str(one.proto.body)] == [
        '<h1 class="pw-name" dir="auto">staff, harbour</h1>'
    ]
    assert len(html_of(page, "holds")) == 2
    page.text_input(key="query").set_value(QUERY).run()
    assert not page.exception
    assert sorted(place.partition(" ·")[0] for place in _places(page)) == [
        "harbour: boats.txt",
        "harbour: travel.md",
        "staff: travel.md",
    ]
    opened = {re.findall("collection=([a-z]+)", hit)[0] for hit in hits_of(page)}
    assert opened == {"staff", "harbour"}
    page.multiselect(key="type").set_value(["text/markdown"]).run()
    assert [place.partition(" ·")[0] for place in _places(page)] == ["staff: travel.md", "harbour: travel.md"]


def test_why_a_hit_is_there_tells_whose_ranks_they_are(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second hit of all may be the first of its own collection at every stage."""
    asked = HitEvents(why=2)
    monkeypatch.setattr("passagework.ui.web.hit_events.hit_events", lambda _: asked)
    page.text_input(key="query").set_value(QUERY).run()
    second = _places(page)[1].partition(":")[0]
    assert f"Ranks by stage are those within {second};" in html_of(page, "evidence")[0]


def test_one_of_them_is_chosen_and_kept_to(page: AppTest) -> None:
    """Its hits alone, under their plain names; other pages begin with it, and the address says so."""
    page.text_input(key="query").set_value(QUERY)
    page.button_group(key="collections").set_value("harbour").run()
    assert not page.exception
    assert sorted(place.partition(" ·")[0] for place in _places(page)) == ["boats.txt", "travel.md"]
    assert all("collection=harbour" in hit for hit in hits_of(page))
    assert page.query_params["collection"] == "harbour"
    page.switch_page("pages/library.py").run()
    assert ">boats.txt</a>" in html_of(page, "documents")[0]
    page.button_group(key="collection").set_value("staff").run()
    assert ">boats.txt</a>" not in html_of(page, "documents")[0]


def test_context_and_ask_take_all_of_them_or_one(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each citation names its own and opens there; the program and the command name all, or the one that is chosen."""
    monkeypatch.delenv("PASSAGEWORK_LLM", raising=False)
    page.switch_page("pages/context.py").run()
    page.text_input(key="query").set_value(QUERY).run()
    assert not page.exception
    [cited] = html_of(page, "citations")
    assert "<td>staff: travel.md</td>" in cited
    assert "<td>harbour: boats.txt</td>" in cited
    program = page.code[2].value
    assert "with Collections.open({'staff': " in program
    assert "context = collections.context('who approves a trip', max_tokens=2000)" in program
    page.switch_page("pages/ask.py").run()
    page.text_input(key="query").set_value(QUERY).run()
    assert not page.exception
    assert page.code[0].value.count("--collection ") == 2
    assert "--collection harbour=" in page.code[0].value
    [sources] = html_of(page, "sources")
    assert set(re.findall("collection=([a-z]+)", sources)) == {"staff", "harbour"}
    page.button_group(key="collections").set_value("staff").run()
    [sources] = html_of(page, "sources")
    assert set(re.findall("collection=([a-z]+)", sources)) == {"staff"}
    assert "boats" not in sources
    assert page.code[0].value.count("--collection ") == 1


def test_two_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line says what to do."""
    monkeypatch.setattr(sys, "argv", [str(PAGE), "--collection=a/x", "--collection=b/x"])
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert "give NAME" in page.error[0].value
