"""PDFs made to harm: loops, lies and bombs each cost themselves alone, in bounded time and memory."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.hostile_pdfs import bombs, lies, loops
from tests.support.hostile_run import Outcome, run
from tests.support.stored_texts import stored_texts

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is limited, and read through /proc, on Linux"),
]

SECONDS = 60.0
"""For all files together, on a busy machine; on a quiet one they take five."""

LITTLE = 100
"""Characters that a page of one line may come to."""

MUCH = {"page-tree-wide": 60_000, "pages": 60_000, "text": 16_000}
DEAD = r"the parser died|needs more than \d+ MB of memory to read"
"""pdfium ends the process where it gets no memory, and a stream may claim any amount."""

UNREAD = {
    "encrypt": "encrypted",
    "form": DEAD,
    "flate": DEAD,
    "flate-twice": DEAD,
    "contents": DEAD,
    "reference": "(scanned: 0 of 1 page has text|no text: the pages are blank)",
    "columns-huge": "(scanned: 0 of 1 page has text|no text: the pages are blank)",
    "filters": "(scanned: 0 of 1 page has text|no text: the pages are blank)",
    "operands": "(scanned: 0 of 1 page has text|no text: the pages are blank)",
    "cut": "it ends early",
    "nothing": "damaged PDF",
}


@pytest.mark.parametrize("make", [loops, lies, bombs])
def test_each_is_refused_or_read_for_what_it_holds(make: Callable[[], dict[str, bytes]], tmp_path: Path) -> None:
    """A reason that names it, or the text that its pages show; and what could not be read of it is noted."""
    files = make()
    (tmp_path / "docs").mkdir()
    for name, data in files.items():
        (tmp_path / "docs" / f"{name}.pdf").write_bytes(data)
    found: Outcome = run(tmp_path)
    assert found.seconds < SECONDS
    texts = stored_texts(tmp_path / "c")
    for name in files:
        if name in UNREAD:
            (reason,) = found.reasons[f"{name}.pdf"]
            assert re.search(UNREAD[name], reason), (name, reason)
        else:
            assert f"{name}.pdf" not in found.reasons, found.reasons[f"{name}.pdf"]
            text = texts[f"{name}.pdf"]
            assert len(text) <= MUCH.get(name, LITTLE), (name, len(text))
            assert name in ("font", "meaning", "text") or text.startswith("The lantern burns.")
