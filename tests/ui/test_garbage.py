"""How often Python looks for garbage: seldom where somebody waits for a start, as usual in what runs on."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from passagework.ui import cli
from passagework.ui.commands import garbage, serving


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    """Leaves the process as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(("command", "looks"), [("search", garbage.SELDOM), ("ingest", garbage.USUAL[0])])
def test_a_command_that_is_waited_for_looks_seldom(monkeypatch: pytest.MonkeyPatch, command: str, looks: int) -> None:
    """An ingest runs on for hours, and what only looking frees would pile up."""
    monkeypatch.setattr(sys, "argv", ["passagework", command])
    monkeypatch.setattr(cli, "run", lambda *_: 0)
    gc.set_threshold(*garbage.USUAL)
    with pytest.raises(SystemExit):
        cli.main()
    assert gc.get_threshold()[0] == looks


def test_a_service_looks_as_usual_once_it_has_started() -> None:
    """Its memory stays flat for as long as it answers."""
    garbage.look_seldom()
    serving._started("serving")
    assert gc.get_threshold() == garbage.USUAL
