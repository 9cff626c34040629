"""A small collection for the adapters of frameworks: a guide, a PDF, records, and a path that is there twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from passagework.ingest import ingest
from passagework.retrieval.config import Settings
from tests.support.fakes import FakeTokenEncoder
from tests.support.pdf_files import typed

GUIDE = (
    "# Travel\n\nWho travels asks first.\n\n## Approval\n\nThe head approves trips.\n\n## Money\n\nKeep every receipt."
)
RECORDS: list[dict[str, Any]] = [
    {"_id": "r1", "title": "Owls", "text": "owls hoot at night", "year": 2020, "land": "Peru", "tags": ["bird", "big"]},
    {"_id": "r2", "title": "Dogs", "text": "dogs bark at night", "year": 2021, "land": "Chile", "tags": ["pet"]},
    {"_id": "r3", "title": "Cats", "text": "cats hunt at night", "year": 2022, "tags": []},
]


class PromptedEncoder(FakeTokenEncoder):
    """Reads a word before every query."""

    def encode_queries(self, texts: Any) -> Any:
        """The query after its prompt."""
        return super().encode_queries([f"query {text}" for text in texts])


def make_collection(base: Path) -> Path:
    """The folder of the collection, made with `FakeTokenEncoder`; `a.md` is in two of the folders ingested."""
    files = {"docs/policies/travel.md": GUIDE, "docs/a.md": "Plums ripen.", "more/a.md": "Pears ripen."}
    for name, text in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text)
    (base / "docs" / "sheets.pdf").write_bytes(typed([["Sheet one tells of apples."], ["Sheet two tells of pears."]]))
    (base / "docs" / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    settings = Settings(workers=1, offline=True)
    for folder in ("docs", "more"):
        report = ingest(
            [base / folder], base / "c", encoder=FakeTokenEncoder(), passage_tokens=10, overlap=0, settings=settings
        )
        assert not report.failed
    return base / "c"
