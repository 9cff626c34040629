"""A search at the terminal: snippets with marks, links, `--open`, and no command at all."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from rich.console import Console

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.plan import Plan
from passagework.retrieval.types import Stage
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from passagework.ui.commands.search_prompt import collection_at_hand
from passagework.ui.present import show_hits
from passagework.ui.present.highlighting import Highlights
from tests.support.fakes import FakeEncoder

TABLE = "| Cost | By |\n| --- | --- |\n| 10 | the leader |\n| 20 | the Director |"
HIT = Hit(1, 1.0, TABLE, "file:///a.md", "a.md", "A", (), 0, len(TABLE), (), {}, {}, 1, "file:///a.md#line=3")
PLAN = Plan(Stage.LEXICAL, Stage.LEXICAL, 200)


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two documents with a fake encoder, which every command gets from here on."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "bees.txt").write_text("Bees dance to tell of flowers.")
    (docs / "wasps.txt").write_text("Wasps build paper nests.")
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    opened = Collection.open
    encoder = FakeEncoder(window=256)
    monkeypatch.setattr(Collection, "open", lambda path, **_: opened(path, encoder=encoder))
    return tmp_path / "c"


def _shown(hit: Hit, marks: Highlights, *, terminal: bool) -> str:
    console = Console(file=io.StringIO(), width=80, force_terminal=terminal, highlight=False)
    show_hits(console, Hits("q", (hit,), PLAN, {}), [marks])
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_rows_stand_under_their_columns() -> None:
    """Without the bars at their ends and the rule of Markdown; what is left out is counted."""
    words = ((TABLE.index("Director"), TABLE.index("Director") + 8),)
    lines = _shown(HIT, Highlights(words), terminal=False).splitlines()
    assert [line.strip() for line in lines[2:4]] == [
        "Cost | By",
        "20 | the Director … (48 more characters; --json has all)",
    ]


def test_a_terminal_gets_marks_and_links() -> None:
    """A matching word in bold, the title as a link to the file; an address that could end its escape is none."""
    text = "Bees dance."
    hit = replace(HIT, text=text, end=len(text))
    shown = _shown(hit, Highlights(((5, 10),)), terminal=True)
    assert "\x1b[1;4mdance\x1b[0m" in shown
    assert re.search(r"\x1b\]8;id=[0-9]+;file:///a\.md\x1b\\", shown)
    for uri in ("file:///a\x1b\\b.md", "javascript:alert(1)", "file:///ä.md"):
        assert "\x1b]8" not in _shown(replace(hit, uri=uri), Highlights(), terminal=True)
    assert "\x1b" not in _shown(hit, Highlights(((5, 10),)), terminal=False)


def test_open_opens_the_best_hit(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the machine's own program, once the hits are printed; a file that is gone is said to be."""
    opened: list[str] = []

    def launch(path: str) -> int:
        opened.append(path)
        return 0

    monkeypatch.setattr(typer, "launch", launch)
    search = ["search", "bees dance", "--collection", str(collection), "--stage", "lexical", "--open"]
    assert run(app, search) == 0
    bees = collection.parent / "docs" / "bees.txt"
    assert opened == [str(bees)]
    bees.unlink()
    assert (run(app, search), opened) == (2, [str(bees)])


def test_without_a_command_it_searches(
    collection: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The collection that the variable names, a query a line until there is none; where there is none, it says so."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("bees dance\nwasps\n"))
    monkeypatch.setenv("PASSAGEWORK_COLLECTION", str(collection))
    assert run(app, []) == 0
    shown = capsys.readouterr().out
    assert shown.index(" 1  bees") < shown.rindex(" 1  wasps")
    monkeypatch.delenv("PASSAGEWORK_COLLECTION")
    monkeypatch.chdir(collection.parent / "docs")
    assert run(app, []) == 2
    assert "give a command, or name a collection to search" in capsys.readouterr().err


def test_the_collection_at_hand(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one named, else the folder itself, else the only one in it."""
    monkeypatch.delenv("PASSAGEWORK_COLLECTION", raising=False)
    base = collection.parent
    assert [collection_at_hand(folder) for folder in (collection, base, base / "docs")] == [
        collection,
        collection,
        None,
    ]
    (base / "d").mkdir()
    (base / "d" / "CURRENT").write_text("v0001")
    assert collection_at_hand(base) is None
    monkeypatch.setenv("PASSAGEWORK_COLLECTION", "elsewhere")
    assert collection_at_hand(base) == Path("elsewhere")
