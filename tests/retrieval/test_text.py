"""Text as people read it: reasons are one clean line, whatever a parser or the system said."""

from __future__ import annotations

import errno
import unicodedata

import pytest
from hypothesis import given, strategies as st

from passagework.retrieval.files import read_problem
from passagework.retrieval.text import JOINERS, one_line


def test_one_line_cleans_what_a_terminal_would_obey() -> None:
    """Line ends and escapes become spaces, direction marks vanish, lone surrogates are shown as U+FFFD."""
    assert one_line("  bad\r\nxref\x00\x1b[31m\u2028at\u202e 5\ud800 é\n") == "bad xref [31m at 5\ufffd é"


def test_one_line_cuts_with_an_ellipsis() -> None:
    """A line of 300 characters stays; a longer one keeps its first 299 and says that it was cut."""
    assert one_line("x" * 300) == "x" * 300
    assert one_line("x" * 301) == "x" * 299 + "…"


@given(st.text(max_size=400), st.integers(1, 40))
def test_one_line_is_always_one_short_clean_line(text: str, limit: int) -> None:
    """Never longer than the limit, never a control or format character but joiners, and clean text stays as it is."""
    line = one_line(text, limit=limit)
    assert len(line) <= limit
    assert not {unicodedata.category(character) for character in line if character not in JOINERS} & {
        "Cc",
        "Cf",
        "Cs",
        "Zl",
        "Zp",
    }
    assert line.split() == line.split(" ") or line == ""
    assert one_line(line, limit=limit) == line


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "permission denied"),
        (errno.ENOENT, "vanished while reading"),
        (errno.ELOOP, "symlink loop"),
        (errno.EIO, "can't be read: Input/output error"),
    ],
)
def test_os_errors_in_words(number: int, reason: str) -> None:
    """What the system said becomes a person's words, without the path, which the report names already."""
    error = OSError(number, "Input/output error", "/some/path")
    assert read_problem(error) == reason
