"""Text as a terminal may have it: no control code and no markup of a document reaches the screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote

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


def clean(text: str) -> str:
    """Text of many lines without the characters that drive a terminal, or make it lie; lines and spaces stay."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cf":  # direction marks among them
            return ""
        case "Cs":
            return "\ufffd"
        case _:
            return character


def counted(number: int, noun: str) -> str:
    """`1 page`, `2,000 pages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def page_list(pages: Sequence[int]) -> str:
    """`p. 3`, `pp. 3-5, 7`, or nothing."""
    if not pages:
        return ""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    shown = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"{'p.' if len(pages) == 1 else 'pp.'} {shown}"


def address(path: str, uri: str) -> str:
    """A document by its path, and one record of a file as `path#_id` or `path#line=3`: `delete` takes what it says."""
    _, mark, record = uri.partition("#")
    return f"{path}{mark}{unquote(record)}"


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
