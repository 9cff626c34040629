"""Prints text as a terminal may have it: no control code and no markup of a document reaches the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.style import Style
from rich.text import Text

from passagework.ingest.report import Problem
from passagework.retrieval.text import one_line

SHOWN = 20
"""Lines of one kind on screen; --json has all of them."""

OF_ONE_FILE = 3
"""Lines of one kind about one file, where it has more than one line more: the records of one don't hide other files."""

PROBLEM_CHARACTERS = 600
"""The length of a path and the reason, which has 300 at most."""

NARROWEST = 20
"""Columns of text, however narrow the terminal."""


def indented(console: Console, text: str | Text, style: str | Style, *, column: Text) -> None:
    """Prints text to the right of `column`; the lines that it wraps into stand beneath each other."""
    whole = Text(text, style=style) if isinstance(text, str) else text
    for line in whole.wrap(console, max(NARROWEST, console.width - len(column))):
        line.rstrip()
        console.print(Text.assemble(column, line), soft_wrap=True)
        column = Text(" " * len(column))


def show_problems(console: Console, name: str, problems: Sequence[Problem], style: str) -> None:
    """Prints a line for each problem; of many in one file, and of many files, only the first."""
    shown = 0
    for line, count in list(_by_file(problems))[:SHOWN]:
        indented(console, one_line(line, limit=PROBLEM_CHARACTERS), "", column=Text(f"{name}  ", style=style))
        shown += count
    if shown < len(problems):
        console.print(Text(f"{name}  and {len(problems) - shown:,} more; --json lists all", style=style))


def _by_file(problems: Sequence[Problem]) -> Iterator[tuple[str, int]]:
    """Yields each line, and how many problems it tells."""
    for path, group in groupby(problems, key=lambda problem: problem.path):
        reasons = [problem.reason for problem in group]
        shown = reasons if len(reasons) <= OF_ONE_FILE + 1 else reasons[:OF_ONE_FILE]
        for reason in shown:
            yield f"{path}: {reason}", 1
        if more := len(reasons) - len(shown):
            yield f"{path}: and {more:,} more; --json lists all", more
