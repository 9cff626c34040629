"""Running headers, footers and page numbers of PDFs are said once, and sentences go on from page to page."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest

from passagework.ingest.loaders.pdf.pdf import extract_pages
from tests.support.pdf_files import copied, drawn, load, placed, saved, slices, written

BODY = ["Each gate is inspected every month, and what is found is noted in the book", "of the station, number {},"]


def paged(pages: Sequence[str]) -> bytes:
    """A file of pages that execute some contents."""
    writer = copied(drawn(pages[0]))
    for content in pages[1:]:
        writer.append(BytesIO(drawn(content)))
    return saved(writer)


def page(number: int, *, head: str, foot: str, body: Sequence[str] = BODY) -> str:
    """A page with a header, a footer and a body between."""
    lines = "".join(placed(60, 700 - 15 * at, line.format(number)) for at, line in enumerate(body))
    return placed(60, 760, head, 8) + placed(60, 30, foot, 8) + lines


@pytest.mark.parametrize("count", [2, 3, 7])
def test_running_lines_are_said_once(tmp_path: Path, count: int) -> None:
    """However few pages there are: the first page has them before its text, the others not at all."""
    pages = [page(n, head="Operating manual", foot=f"Page {n} of {count}") for n in range(1, count + 1)]
    document = load(written(tmp_path / "a.pdf", paged(pages)))
    body = ["\n".join(BODY).format(number) for number in range(1, count + 1)]
    assert slices(document) == [f"Operating manual\nPage 1 of {count}\n\n{body[0]}", *body[1:]]


def test_left_and_right_pages_have_their_own(tmp_path: Path) -> None:
    """Headers that alternate, and Roman page numbers alone on their line."""
    roman = ["i", "ii", "iii", "iv", "v", "vi"]
    pages = [page(n, head=("Water board", "Chapter one")[n % 2], foot=f"- {roman[n - 1]} -") for n in range(1, 7)]
    document = load(written(tmp_path / "a.pdf", paged(pages)))
    assert [document.text.count(words) for words in ("Water board", "Chapter one", "- i -", "- ii -")] == [1, 1, 1, 0]
    assert slices(document)[2] == "\n".join(BODY).format(3)


def test_a_footer_that_ends_each_page_where_its_text_ends(tmp_path: Path) -> None:
    """As browsers print: the line counts the pages, at another height on each."""
    pages = [
        "".join(placed(60, 700 - 15 * at, f"Gate {n} is closed in week {at}") for at in range(2 + 3 * n))
        + placed(60, 700 - 15 * (4 + 3 * n), f"Water board, form {n}")
        for n in range(1, 6)
    ]
    document = load(written(tmp_path / "a.pdf", paged(pages)))
    assert [document.text.count(f"form {n}") for n in range(1, 6)] == [1, 0, 0, 0, 0]
    assert document.text.count("is closed in week") == 55


def test_what_only_looks_like_furniture_stays(tmp_path: Path) -> None:
    """Titles of slides, text that repeats, and numbers that don't count pages are text."""
    titles = [page(n, head=f"Schedule {n}", foot="Secret") for n in range(1, 6)]
    document = load(written(tmp_path / "d.pdf", paged(titles)))
    assert [document.text.count(f"Schedule {n}") for n in range(1, 6)] == [1] * 5
    slides = [placed(60, 740, "Results", 28) + placed(60, 600, f"Pump {n} runs") for n in (1, 2)]
    assert load(written(tmp_path / "a.pdf", paged(slides))).text.count("Results") == 2
    numbers = [placed(60, 700, f"In station {n} they read") + placed(60, 30, f"{n * n + 7}") for n in (1, 2, 3)]
    assert [text[-2:].strip() for text in slices(load(written(tmp_path / "b.pdf", paged(numbers))))] == [
        "8",
        "11",
        "16",
    ]
    repeated = ["The gate stays closed until the", "engineer has measured it, and the", "station is closed until the"]
    letters = [page(n, head="Manual", foot="Secret", body=repeated) for n in range(1, 5)]
    document = load(written(tmp_path / "c.pdf", paged(letters)))
    assert slices(document)[1:] == ["\n".join(repeated)] * 3
    assert document.text.count("Manual") == document.text.count("Secret") == 1


def test_a_sentence_goes_on_upon_the_next_page(tmp_path: Path) -> None:
    """One break where a sentence goes on, none within a word, a blank line behind a sentence."""
    bodies = [
        ["The gate is closed until the"],
        ["engineer has measured the instal-"],
        ["lation.", "It ends."],
        ["Next."],
    ]
    pages = [page(n, head="Manual", foot=f"{n}", body=body) for n, body in enumerate(bodies, 1)]
    path = written(tmp_path / "a.pdf", paged(pages))
    assert load(path).text.endswith(
        "The gate is closed until the\nengineer has measured the installation.\nIt ends.\n\nNext."
    )
    assert [one.text for one in extract_pages(path)] == slices(load(path))
