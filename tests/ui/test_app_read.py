"""The reading page without a browser: the place that a link names, in text and picture, or why it can't be shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from streamlit.testing.v1 import AppTest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import PassageworkError
from passagework.retrieval.types import Document, Heading, Page
from passagework.ui.pages.read import AROUND
from passagework.ui.present.highlighting import Highlights
from passagework.ui.web.document_view import LONGEST, Place, citation, file_of, passage_html, place_of
from tests.support.app_sessions import fake_models, html_of, open_page
from tests.support.fakes import FakeEncoder
from tests.support.pdf_files import typed

pytestmark = pytest.mark.usefixtures("empty_cache")

BOX = re.compile(r'data-testid="box"')


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A PDF of three pages, a hostile text, and a long one."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "grid.pdf").write_bytes(typed([["Cover sheet."], ["The battery lasts"], ["for nine hours."]]))
    (folder / "evil.md").write_text(
        "# <b>Gulls</b>\n\nGulls cry. <script>alert(1)</script> \x1b[31mred\x1b[0m **loud**\n"
    )
    (folder / "long.txt").write_text(" ".join(f"Word{n}" for n in range(5000)))
    return folder


@pytest.fixture
def collection(docs: Path, tmp_path: Path) -> Path:
    """Their collection."""
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    return tmp_path / "c"


def _opened(collection: Path, monkeypatch: pytest.MonkeyPatch, document: str, said: str = "", **more: str) -> AppTest:
    """The page, opened at these words of a document."""
    fake_models(monkeypatch, None)
    with Collection.open(collection) as opened:
        rows = opened.documents_named([document]).get(document)
        start = opened.document(rows[0].id).text.index(said) if rows and said else 0
    page = open_page(collection, monkeypatch, "read")
    page.query_params["document"] = document
    if said:
        page.query_params |= {"start": str(start), "end": str(start + len(said))}
    page.query_params |= more
    page.run()
    assert not page.exception
    return page


def _notes(page: AppTest) -> str:
    return "\n".join(str(one.proto.body) for one in page.get("html"))


@pytest.mark.slow
def test_a_pdf_opens_at_the_page_and_is_leafed_through(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first page of the passage with a box on its line; the next has the rest; the one before has none."""
    page = _opened(collection, monkeypatch, "grid.pdf", "The battery lasts\nfor nine hours.")
    assert page.number_input(key="page").value == 2
    assert "Page 2 of 3. The passage continues on the next page." in _notes(page)
    assert len(BOX.findall(html_of(page, "page-picture")[0])) == 1
    assert page.code[0].value == 'grid, grid.pdf, pp. 2-3: "The battery lasts for nine hours."'
    next(one for one in page.button if one.label == "Next page").click().run()
    assert "Page 3 of 3." in _notes(page)
    assert len(BOX.findall(html_of(page, "page-picture")[0])) == 1
    page.number_input(key="page").set_value(1).run()
    assert "Page 1 of 3. The passage is on pp. 2-3." in _notes(page)
    assert BOX.findall(html_of(page, "page-picture")[0]) == []
    page.segmented_control(key="show").set_value("Text").run()
    assert "The battery lasts" in html_of(page, "passage")[0]


def test_a_file_that_changed_or_is_gone(collection: Path, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed page is shown with a warning; of one that is gone, the text that was ingested."""
    (docs / "grid.pdf").write_bytes(typed([["Cover sheet."], ["The battery lasted"], ["for ten hours."]]))
    page = _opened(collection, monkeypatch, "grid.pdf", "The battery lasts")
    assert "has changed since it was ingested" in page.warning[0].value
    assert "5 characters of the passage could not be found on the page." in _notes(page)
    assert len(BOX.findall(html_of(page, "page-picture")[0])) == 1
    (docs / "grid.pdf").unlink()
    page.run()
    assert "is gone since it was ingested" in page.warning[0].value
    assert "The battery lasts" in html_of(page, "passage")[0]


def test_what_stands_around_a_page_is_folded(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As text, whatever it is, and only where there is any."""
    (docs / "site.html").write_text("<nav>Home &lt;b&gt;</nav><main><p>Gulls nest in May.</p></main>")
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    page = _opened(tmp_path / "c", monkeypatch, "site.html")
    assert html_of(page, "surroundings") == [
        '<div class="pw-text" data-testid="surroundings" dir="auto">Home &lt;b&gt;</div>'
    ]
    page.query_params["document"] = "evil.md"
    assert html_of(page.run(), "surroundings") == []


def test_a_hostile_text_is_text(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its markup and its terminal codes do nothing; the passage and its matching words are marked."""
    page = _opened(collection, monkeypatch, "evil.md", "Gulls cry. <script>", **{"for": "cry"})
    raw = next(str(one.proto.body) for one in page.get("html") if 'data-testid="document"' in str(one.proto.body))
    assert 'data-testid="passage">Gulls <mark class="pw-word">cry</mark>. &lt;script&gt;</mark>alert(1)' in raw
    assert "<script" not in raw
    assert "\x1b" not in raw
    assert '<p class="pw-heading">&lt;b&gt;Gulls&lt;/b&gt;</p>' in raw
    assert "\x1b" not in page.code[0].value


def test_a_long_text_is_read_piece_by_piece(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Around the passage, and more of it on demand."""
    page = _opened(collection, monkeypatch, "long.txt", "Word2500")
    first = html_of(page, "document")[0]
    assert "Word2500" in first
    assert "Word0 " not in first
    assert len(first) < 3 * AROUND
    for _ in range(2):
        next(one for one in page.button if one.label == "Earlier text").click().run()
    assert "Word0 " in html_of(page, "document")[0]


@pytest.mark.parametrize(
    ("start", "end"), [("x", "3"), ("-1", "3"), ("3", "3"), ("0", "99999999999999999999"), ("٣", "٤"), (None, "3")]
)
def test_a_place_that_is_none(start: str | None, end: str | None) -> None:
    """Opens the document at its beginning."""
    place = place_of(Document(text="abcdef", media_type="text/plain"), start, end)
    assert (place.start, place.end, place.text) == (0, 0, "")


def test_a_document_that_is_not_there(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is said not to be; without a document there is a list to choose from."""
    page = _opened(collection, monkeypatch, "<b>gone</b>.md")
    assert r"gone\<\/b\>\.md is not in the collection" in page.error[0].value
    other = open_page(collection, monkeypatch, "read")
    assert sorted(other.selectbox[0].options) == ["evil.md", "grid.pdf", "long.txt"]


def test_citations_and_headings() -> None:
    """A citation is one line, and long quotes are cut at a word; what a format knows to be a heading is one."""
    text = "Title\n" + "word " * 100
    pages = (Page(1, "i", 0, 50), Page(2, "ii", 50, len(text)))
    document = Document(
        text=text, media_type="x", title="A\nB", path="a.md", pages=pages, headings=[Heading(1, "Title", 0, 5)]
    )
    said = citation(Place(document, 6, len(text)))
    assert said.startswith('A B, a.md, pp. 1-2: "word word')
    assert said.endswith('word …"')
    assert len(said) < 340
    shown = passage_html(Place(document, 6, 10), 0, 15, Highlights())
    assert (
        '<p class="pw-heading">Title</p>\n<p><mark class="pw-passage" data-testid="passage">word</mark> word' in shown
    )
    several = passage_html(Place(document, 3, 10), 0, 15, Highlights())
    assert '</p>\n<div class="pw-passage" data-testid="passage"><p>le<br />\nword</p>\n</div>' in several


@pytest.mark.slow
def test_another_passage_opens_at_its_own_page(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever page was read before; the same passage stays where it was leafed to."""
    page = _opened(collection, monkeypatch, "grid.pdf", "The battery lasts")
    page.number_input(key="page").set_value(3).run()
    assert page.number_input(key="page").value == 3
    with Collection.open(collection) as opened:
        text = opened.document(opened.documents_named(["grid.pdf"])["grid.pdf"][0].id).text
    page.query_params.pop("page", None)
    page.query_params |= {"start": str(text.index("Cover")), "end": str(text.index("Cover") + 5)}
    page.run()
    assert page.number_input(key="page").value == 1


@pytest.mark.parametrize("uri", ["https://example.org/etc/passwd", "file://elsewhere/etc/passwd", "/etc/passwd"])
def test_only_files_of_this_machine_are_drawn(uri: str) -> None:
    """What an imported collection names elsewhere is never looked for here."""
    with pytest.raises(PassageworkError, match="is no file of this machine"):
        file_of(uri)


def test_a_place_has_a_greatest_length() -> None:
    """An address may name the whole of a book."""
    place = place_of(Document("x" * 100_000, "text/plain"), "10", "90000")
    assert (place.start, place.end) == (10, 10 + LONGEST)


def test_words_are_found_in_the_document(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first occurrence is gone to, then the next, whatever the case; what is not there is said not to be."""
    page = _opened(collection, monkeypatch, "long.txt")
    page.text_input(key="find_words").set_value("wORD499").run()
    assert "1 of 11" in html_of(page, "found")[0]
    assert 'data-testid="passage">Word499 Word500' in html_of(page, "document")[0]
    next(one for one in page.button if one.label == "Next").click().run()
    assert "2 of 11" in html_of(page, "found")[0]
    assert 'data-testid="passage">Word4990 Word4991' in html_of(page, "document")[0]
    page.text_input(key="find_words").set_value("wasps").run()
    assert "Not found" in html_of(page, "found")[0]


def test_a_document_has_an_outline_and_a_rail(docs: Path, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to its headings, the one read marked; a tick where each passage stands that may answer the query."""
    (docs / "two.md").write_text("# Bees\n\nBees dance.\n\n## Wasps\n\nWasps build.\n")
    ingest([docs], collection, encoder=FakeEncoder(window=256))
    page = _opened(collection, monkeypatch, "two.md", "Wasps build.", **{"for": "wasps build"})
    outline = html_of(page, "outline")[0]
    assert re.findall(r'data-hit="(\d+)" dir="auto"( aria-current="true")? href="read\?([^"]*)">([^<]*)', outline) == [
        ("2", "", "document=two.md&amp;for=wasps+build&amp;start=0&amp;end=6", "Bees"),
        ("3", ' aria-current="true"', "document=two.md&amp;for=wasps+build&amp;start=21&amp;end=29", "Wasps"),
    ]
    assert re.findall(r'data-hit="(\d+)" style="left:([0-9.]+)%"', html_of(page, "rail")[0]) == [("1", "0.00")]
