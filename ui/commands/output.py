"""Prints what a command has to say: its result on stdout, a mistake as one line on stderr; and the exit code."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import typer
from typer.main import get_command

from passagework.retrieval.config import debug_tracebacks
from passagework.retrieval.errors import ConfigError, FilterError, PassageworkError
from passagework.retrieval.json_text import RepeatedKeyError, parse_json
from passagework.retrieval.text import one_line

if TYPE_CHECKING:
    from rich.console import Console

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes; the last is that of a shell for what SIGINT ended (128 and the signal's number)."""

WIDTH = 100
"""Columns of output that goes to a file or a pipe; a terminal has its own."""

MESSAGE_CHARACTERS = 1_000
"""The length of a mistake on stderr: a path may be long."""

_DRIVING = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Control characters that JSON leaves as they are, invisible ones, and marks of direction; all within 16 bits."""

# Typer brings its own copy of Click from some version on; its exceptions are reached through the one it exports.
_USAGE_ERROR, _CLICK_ERROR = (cast("type[Exception]", error_class) for error_class in typer.BadParameter.__mro__[1:3])


def run(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Runs the command that the arguments name; returns the exit code, and raises nothing."""
    try:
        with get_command(app).make_context("passagework", list(arguments)) as context:
            context.command.invoke(context)
        return DONE
    except typer.Exit as done:  # --help
        return done.exit_code
    except _CLICK_ERROR as error:
        message = str(cast("Any", error).format_message())
        print_message(message if "\n" not in message else "give a command: passagework --help lists them")
        return USAGE if isinstance(error, _USAGE_ERROR) else FAILED
    except (typer.Abort, KeyboardInterrupt):
        print_message("stopped; what was committed is safe, and the same command goes on from there")
        return INTERRUPTED
    except PassageworkError as error:
        print_message(str(error))
        return USAGE if isinstance(error, ConfigError) else FAILED
    except BrokenPipeError:  # while help was printed
        _discard_stdout()
        return FAILED
    except Exception as error:
        if debug_tracebacks():
            raise
        print_message(f"unexpected {type(error).__name__}: {error} (PASSAGEWORK_DEBUG=1 shows where)")
        return FAILED


def print_result(value: object, as_json: bool, show: Callable[[Console], None]) -> None:
    """Prints `value` as one JSON object, or lets `show` draw it for a person.

    A reader that left early (`| head`) ends the command without a word; raises PassageworkError where stdout can't be
    written.
    """
    if sys.stdout is None:
        raise PassageworkError("the answer can't be written: stdout is closed")
    try:
        if as_json:
            sys.stdout.write(_encodable(json_line(value), value) + "\n")
        else:
            show(_console())
        sys.stdout.flush()
    except BrokenPipeError as error:
        _discard_stdout()
        raise typer.Exit(FAILED) from error
    except OSError as error:
        _discard_stdout()
        raise PassageworkError(f"the answer can't be written: {error.strerror or error}") from error


def json_line(value: object) -> str:
    """Returns `value` as JSON in one line, in which what drives a terminal or turns text round is escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _DRIVING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def print_message(message: str) -> None:
    """Prints one line on stderr, without the characters that drive a terminal."""
    typer.echo(f"passagework: {one_line(message, limit=MESSAGE_CHARACTERS)}", err=True)


def print_notes(notes: Iterable[str]) -> None:
    """Prints a line on stderr for each thing to know about a result that is on stdout."""
    for note in notes:
        print_message(f"note: {note}")


def parse_where(where: str | None, named: str = "--where") -> dict[str, Any] | None:
    """Returns the filter in a text; raises FilterError, which calls the text `named`, where it is no JSON object."""
    if where is None:
        return None
    try:
        parsed = parse_json(where)
    except RepeatedKeyError as error:
        raise FilterError(f"{named}: {error} in one object: join its conditions, or put them into $and") from error
    except (ValueError, RecursionError) as error:
        raise FilterError(f"{named} is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise FilterError(f'{named} is not an object such as {{"year": {{"$gte": 2020}}}}')
    return parsed


def _encodable(text: str, value: object) -> str:
    """Returns the JSON text, with escapes where stdout can't take it: a file name may hold half a character."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False)
    return text


def _console() -> Console:
    from rich.console import Console

    with suppress(AttributeError, ValueError):  # stdout may be any object that takes text
        cast("Any", sys.stdout).reconfigure(errors="replace")
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def _discard_stdout() -> None:
    """Sends what is still buffered nowhere: the interpreter would try again at exit, and fail."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
