"""Text as a terminal may have it: no control code and no markup of a document reaches the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from ingest.reasons import one_line
from ingest.report import Problem

SHOWN = 20
"""Lines of one kind on screen; --json has all of them."""

PROBLEM_CHARACTERS = 600
"""Of a path and the reason, which has 300 at most."""

NARROWEST = 20
"""Columns of text, however narrow the terminal."""


def indented(console: Console, text: str, style: str, *, column: Text) -> None:
    """Prints text to the right of `column`; the lines that it wraps into stand beneath each other."""
    for line in Text(text, style=style).wrap(console, max(NARROWEST, console.width - len(column))):
        line.rstrip()
        console.print(Text.assemble(column, line), soft_wrap=True)
        column = Text(" " * len(column))


def show_problems(console: Console, name: str, problems: Sequence[Problem], style: str) -> None:
    """A line a problem; of many, the first."""
    for problem in problems[:SHOWN]:
        line = one_line(f"{problem.path}: {problem.reason}", limit=PROBLEM_CHARACTERS)
        indented(console, line, "", column=Text(f"{name}  ", style=style))
    if len(problems) > SHOWN:
        console.print(Text(f"{name}  and {len(problems) - SHOWN:,} more; --json lists all", style=style))
