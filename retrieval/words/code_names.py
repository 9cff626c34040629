"""Names in source code, found by their words: `getUserById` by `get`, `user` and `id`, as `get_user_by_id` is.

The text index has a passage of code as it stands, and behind it, in order of place: the words of names with capitals
in them, each name once; and once more the name that the passage defines, and the first sentence that is said of it. So
a passage is found by what it is for before others are that use it: weights of fields by repetition (Robertson, Zaragoza
and Taylor 2004). A sign that nobody types keeps words of different names from following one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

CODE = "code"
"""What documents of source code have in place of a language."""

APART = "\ue000"
"""Stands between what does not follow one another in the text; FTS5 takes it for a word."""

PROGRAMMING_LANGUAGES = frozenset(
    (
        *("clojure", "cpp", "csharp", "elixir", "erlang", "fortran", "golang", "haskell", "java", "javascript", "js"),
        *("kotlin", "lua", "matlab", "perl", "php", "python", "python2", "python3", "py", "ruby", "rust", "scala"),
        *("swift", "typescript"),
    )
)
"""Names that questions on code have, and code has not: it is written in the language."""

HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word of a name ends at a capital."""

_NAME = re.compile(r"[A-Za-z0-9]+")
_MODIFIERS = (
    "abstract|async|const|default|export|extern|final|inline|internal|open|override|private|protected|pub|public|sealed|"
    "static|suspend|unsafe|virtual"
)
_KINDS = "class|def|enum|fn|fun|func|function|impl|interface|module|procedure|struct|sub|trait|type"
_NO_TYPES = "else|new|return|throw|await|yield|case|goto"
_NO_NAMES = "if|for|while|switch|catch|foreach|using|lock|match"
_DEFINED = re.compile(
    rf"^[ \t]*(?:(?:(?:{_MODIFIERS})(?:\(\w*\))?[ \t]+)*(?:{_KINDS})[ \t]+(?:\([^()\n]*\)[ \t]*)?(?P<named>\w+)"
    rf"|(?:(?!(?:{_NO_TYPES})\b)[\w<>\[\],:*&?]+[ \t]+){{1,6}}[*&]*(?!(?:{_NO_NAMES})\b)(?P<typed>\w+)[ \t]*"
    r"\([^;{}()]{0,500}\)[^;{}()]{0,100}\{)",
    re.MULTILINE,
)
"""A definition: a word for its kind and its name, or as C has it, a type, a name and a body."""
_SAID = re.compile(
    r'"""(?P<double>.*?)(?:"""|\Z)'
    r"|'''(?P<single>.*?)(?:'''|\Z)"
    r"|/\*(?P<block>.*?)(?:\*/|\Z)"
    r"|(?P<lines>(?:^[ \t]*(?://|--|#(?!!|include|define|if|el|end|pragma))[^\n]*(?:\n|\Z))+)",
    re.MULTILINE | re.DOTALL,
)
"""A docstring or a comment."""
_SENTENCE_END = re.compile(r"[.!?](?:\s|\Z)|\n[ \t*/#-]*(?:\n|[@:\\])|\n[^\n]*:[ \t]*\n")
_WORD = re.compile(r"\w")

LONGEST_SENTENCE = 300
"""Characters that are repeated of what is said of a definition."""

Piece = tuple[str, int, int]
"""A word as indexed, and `[start, end)` of what it stands for."""


def words_of_names(text: str) -> Iterator[Piece]:
    """Yields what the text index has behind a passage of code, with the places that it stands for, in their order."""
    for spans in sorted([*_names(text), *_purpose(text)]):
        start = spans[0][0]
        yield f" {APART} ", start, start
        for number, (first, last) in enumerate(spans):
            if number:
                yield " ", first, first
            yield text[first:last], first, last


def _names(text: str) -> Iterator[list[tuple[int, int]]]:
    """Yields the places of the words of each different name that has capitals in it."""
    seen: set[str] = set()
    for match in _NAME.finditer(text):
        name = match[0]
        if name not in seen:
            seen.add(name)
            edges = [match.start() + at for at in (0, *(hump.start() for hump in HUMP.finditer(name)), len(name))]
            if len(edges) > 2:
                yield list(pairwise(edges))


def _purpose(text: str) -> Iterator[list[tuple[int, int]]]:
    """Yields where the name of the first definition stands, and the first sentence that is said of it."""
    defined = _DEFINED.search(text)
    if defined is None:
        return
    yield [defined.span("named" if defined["named"] else "typed")]
    said = _SAID.search(text)
    if said is None or said.lastgroup is None:
        return
    start, end = said.span(said.lastgroup)
    begin = _WORD.search(text, start, end)
    if begin is not None:
        last = _SENTENCE_END.search(text, begin.start(), end)
        yield [(begin.start(), min(last.start() if last else end, begin.start() + LONGEST_SENTENCE))]
