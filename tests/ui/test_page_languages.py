"""The pages' words: every one of them is a message, and every message is in each catalogue with the same values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from passagework.ingest import ingest
from passagework.ui.present.catalogues import ENGLISH, FOLDER, LANGUAGES, read_entries
from passagework.ui.present.wording import counted, day_of, formatted, listed, use_language
from passagework.ui.web import language as pages
from passagework.ui.web.language import page_language
from tests.support.app_sessions import fake_models, html_of, open_page
from tests.support.fakes import FakeEncoder
from tests.support.page_messages import messages, modules, unsaid

TRANSLATED = [language for language in LANGUAGES if language != ENGLISH]
VALUE = re.compile(r"\{[a-z]*\}")


@pytest.fixture
def language() -> Iterator[list[str]]:
    """The language of messages outside a session, to be put into the list."""
    chosen = [ENGLISH]
    use_language(lambda: chosen[-1])
    yield chosen
    use_language(page_language)


def test_nothing_is_shown_that_is_no_message(tmp_path: Path) -> None:
    """Labels, help and placeholders of widgets; one that is written straight into the code is found."""
    assert [found for path in modules() for found in unsaid(path)] == []
    (tmp_path / "page.py").write_text(
        'st.button("Go")\nst.text_input(f"{name} here", help=gettext("Why"))\nst.html("<p>")'
    )
    assert unsaid(tmp_path / "page.py") == ["page.py:1", "page.py:2"]


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogues_have_every_message_with_its_values(language: str) -> None:
    """And nothing else; a count's forms too, of which there are as many as the language has."""
    (_, _, (head,)), *entries = read_entries(FOLDER / f"{language}.po")
    plurals = int(re.findall(r"nplurals=(\d)", head)[0])
    known = {(message, plural): forms for message, plural, forms in entries}
    assert set(known) == messages()
    assert len(known) == len(entries)
    for (message, plural), forms in known.items():
        assert len(forms) == (plurals if plural else 1), message
        for form in forms:
            assert form.strip(), message
            assert sorted(VALUE.findall(form)) == sorted(VALUE.findall(message)), message


def test_counts_numbers_and_dates_are_written_as_the_language_does(language: list[str]) -> None:
    """Zero is one of few in French; a language without a catalogue is English."""
    day = datetime(2025, 3, 3)
    expected = {
        "en": ["0 queries", "2,000 queries", "1,234.50", "3 March 2025", "a, b and c"],
        "de": ["0 Anfragen", "2.000 Anfragen", "1.234,50", "3. März 2025", "a, b und c"],
        "fr": ["0 requête", "2\u202f000 requêtes", "1\u202f234,50", "3 mars 2025", "a, b et c"],
    }
    for name, texts in expected.items():
        language.append(name)
        made = [counted(0, "query"), counted(2000, "query"), formatted(1234.5, 2), day_of(day), listed(["a", "b", "c"])]
        assert made == texts
    language.append("xx")
    assert counted(2, "query") == "2 queries"


def test_a_damaged_catalogue_is_refused(tmp_path: Path) -> None:
    """With its line."""
    (tmp_path / "de.po").write_text('msgid "a"\nmsgstr b\n')
    with pytest.raises(ValueError, match="line 2 of the catalogue is no message: msgstr b"):
        read_entries(tmp_path / "de.po")


@pytest.mark.usefixtures("empty_cache")
def test_the_pages_speak_the_language_that_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until another is, and on the other pages too."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "bees.md").write_text("Bees dance to tell of flowers.")
    ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder(window=256))
    fake_models(monkeypatch, None)
    page = open_page(tmp_path / "c", monkeypatch, query="bees")
    assert "1 passage in 1 document<" in html_of(page, "count")[0]
    page.selectbox(key="language").set_value("de").run()
    monkeypatch.setattr(pages, "ENGLISH", "de")  # AppTest formats the options of a widget outside its session
    assert "1 Passage, 1 Dokument<" in html_of(page, "count")[0]
    assert page.text_input(key="query").label == "Anfrage"
    page.session_state["language"] = "fr"
    page.run()
    assert "1 passage dans 1 document<" in html_of(page, "count")[0]
    monkeypatch.setattr(pages, "ENGLISH", "fr")
    page.switch_page("pages/library.py").run()
    assert page.title[0].value == "Bibliothèque"
    assert "1 document dans 1 fichier, 1 passage" in str([one.proto.body for one in page.get("html")])
