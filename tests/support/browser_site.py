"""The documents that the browser tests look at, one of them hostile from its name to its text."""

from __future__ import annotations

from pathlib import Path

from passagework.ingest import ingest
from tests.support.pdf_files import typed

EVIL_NAME = "<img src=x onerror=window.pwned=1> **loud**.md"
EVIL = """---
title: <script>window.pwned = 2</script> **Gulls** [gulls](javascript:alert(1))
---
# <iframe src="javascript:parent.pwned = 3"></iframe> Gulls

The keeper counts the gulls at noon. <svg onload="window.pwned = 4"></svg> ![x](http://example.invalid/x.png)
<script>window.pwned = 5</script> <img src="http://example.invalid/y.png" onerror="window.pwned = 6">
"""
PAGES = [["Cover sheet."], ["The battery carries the", "grid for nine hours."], ["The end."]]
LONG_WORD = "Llanfair" * 12
DOCUMENTS = 6


def make_site(base: Path) -> Path:
    """A collection of them beneath `base`."""
    docs = base / "docs"
    (docs / "policies").mkdir(parents=True)
    (docs / "policies" / "travel.md").write_text(
        "# Travel\n\n## Approval\n\nA trip abroad is approved by the head of department.\n"
    )
    (docs / "policies" / "boats.md").write_text("A trip by boat needs a life jacket.\n")
    (docs / "trips.txt").write_text("A trip to the lake is pleasant in summer.\n")
    (docs / "long.txt").write_text(f"The way to {LONG_WORD} was never walked.\n")
    (docs / "grid.pdf").write_bytes(typed(PAGES))
    (docs / EVIL_NAME).write_text(EVIL)
    assert ingest([docs], base / "c").added == DOCUMENTS
    return base / "c"
