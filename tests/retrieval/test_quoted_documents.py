"""What is quoted around a hit: the passages beside it, or its section as headings tell, where the budget has room."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from passagework import Collection, ConfigError, Context, ingest
from passagework.retrieval.search.copies import PassageWords
from tests.support.fakes import FakeEncoder
from tests.support.pdf_files import typed

FLOOR = " ".join(f"Room {number} on this floor is cleaned by the night shift." for number in range(12))
GUIDE = f"""# House

Welcome to the house of seven gables and one lighthouse.

## Cleaning

{FLOOR}

### Attic

The attic is swept by the owls at dusk.

## Heating

The boiler in the cellar burns beech from the forest.
"""
PLAIN = "Ferries leave the pier at dawn. " * 3 + "\n\n" + "Gulls follow the ferries to the island. " * 3


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """A guide with sections, the same as a PDF of three pages without headings, and a text of two paragraphs."""
    base = tmp_path_factory.mktemp("quoted")
    (base / "docs").mkdir()
    (base / "docs" / "guide.md").write_text(GUIDE)
    (base / "docs" / "plain.txt").write_text(PLAIN)
    (base / "docs" / "pages.pdf").write_bytes(typed([[f"Sheet {n} lists the {what}."] for n, what in PAGES]))
    ingest([base / "docs"], base / "c", encoder=FakeEncoder(), passage_tokens=24, overlap=8)
    with Collection.open(base / "c", encoder=FakeEncoder()) as opened:
        yield opened


PAGES = [(1, "lamps of the northern stairs and what they cost"), (2, "ropes in the boat shed"), (3, "keys of the gate")]


def context(collection: Collection, query: str, path: str, **options: object) -> Context:
    """The context of the best passage of a document."""
    options = {"max_tokens": 2000, "k": 1, "stage": "lexical", "where": {"path": path}, **options}
    return collection.context(query, **options)  # type: ignore[arg-type]  # mypy can't match names to types here


def test_a_section_is_quoted_whole(collection: Collection) -> None:
    """From its heading's line to the next heading of its level, with the sections in it; the citation covers it."""
    found = context(collection, "cleaned Room 7", "guide.md", expand="section")
    [citation] = found.citations
    section = GUIDE[GUIDE.index("## Cleaning") : GUIDE.index("\n\n## Heating")]
    assert citation.text == section == GUIDE[citation.start : citation.end]
    assert collection.document(citation.document).text[citation.start : citation.end] == section
    assert collection.document(citation).text == collection.document(citation.document).text
    assert found.text.endswith(f"\n{section}")


def test_the_innermost_heading_tells_the_section(collection: Collection) -> None:
    """A passage that begins with its heading stands in that section, and the last one ends with the document."""
    [attic] = context(collection, "owls dusk", "guide.md", expand="section").citations
    assert attic.text == "### Attic\n\nThe attic is swept by the owls at dusk."
    [heating] = context(collection, "boiler beech", "guide.md", expand="section").citations
    assert heating.text == "## Heating\n\nThe boiler in the cellar burns beech from the forest."


def test_a_document_without_headings_is_one_section(collection: Collection) -> None:
    """All of it is quoted."""
    [citation] = context(collection, "dawn pier", "plain.txt", expand="section").citations
    assert citation.text == PLAIN.strip()


def test_neighbours_are_the_passages_beside(collection: Collection) -> None:
    """One before and one after, with the overlap once, and the pages of all three."""
    alone = context(collection, "cleaned Room 7", "guide.md").citations[0]
    wide = context(collection, "cleaned Room 7", "guide.md", expand="neighbours").citations[0]
    [hit] = collection.search("cleaned Room 7", k=1, stage="lexical", where={"path": "guide.md"})
    rows = collection.neighbours(hit)
    assert (alone.start, alone.end) == (hit.start, hit.end)
    assert len(rows) == 3
    assert (wide.start, wide.end) == (rows[0].start, rows[-1].end)
    assert wide.text == GUIDE[wide.start : wide.end]
    [sheet] = context(collection, "ropes boat shed", "pages.pdf", expand="neighbours").citations
    assert sheet.pages == (1, 2, 3)


def test_what_does_not_fit_is_narrower(collection: Collection) -> None:
    """A section over the budget gives way to neighbours, these to the passage; each is within the budget."""
    lengths = []
    for max_tokens in (2000, 120, 50):
        found = context(collection, "cleaned Room 7", "guide.md", expand="section", max_tokens=max_tokens)
        assert found.tokens <= max_tokens
        lengths.append(found.citations[0].end - found.citations[0].start)
    assert lengths[0] > lengths[1] > lengths[2]


@pytest.mark.parametrize("expand", [None, "neighbours", "section"])
@pytest.mark.parametrize("context_format", ["plain", "xml", "anthropic"])
def test_no_text_is_paid_for_twice(collection: Collection, expand: str | None, context_format: str) -> None:
    """Passages of a document that overlap are one citation: of no two is one a copy of the other, nor do they touch."""
    found = collection.context("cleaned Room night shift", k=20, stage="dense", expand=expand, format=context_format)
    for at, one in enumerate(found.citations):
        for other in found.citations[at + 1 :]:
            assert one.document != other.document or one.end < other.start or other.end < one.start
            assert not PassageWords.of(one.text).similarity(PassageWords.of(other.text))
    assert sum(citation.text.count("Room 7 ") for citation in found.citations) == 1


def test_the_callers_tokenizer_counts_the_markup(collection: Collection) -> None:
    """The budget is kept as the caller counts, of the whole text in its format."""
    for context_format in ("plain", "xml", "markdown", "json", "anthropic", "openai"):
        found = collection.context("Room", max_tokens=700, tokenizer=len, format=context_format, stage="dense")
        assert found.tokens == len(found.text) <= 700
        assert found.citations
    xml = collection.context("ropes", format="xml", stage="dense", min_relevance=0)
    assert [one.get("index") for one in ElementTree.fromstring(xml.text)] == [str(n.number) for n in xml.citations]


@pytest.mark.parametrize("options", [{"format": "html"}, {"order": "path"}, {"expand": "page"}, {"tokenizer": 7}])
def test_what_there_is_not_is_refused_by_name(collection: Collection, options: dict[str, object]) -> None:
    """One line names the option, what was given, and what there is."""
    [name] = options
    with pytest.raises(ConfigError, match=f"^{name} is .*: give "):
        collection.context("Room", **options)  # type: ignore[arg-type]  # what a caller may write
