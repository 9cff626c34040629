"""Source code: the text as it stands, functions and classes as headings by their qualified names, and its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.code.definitions import Definition, definitions
from passagework.ingest.loaders.code.grammars import GRAMMARS
from passagework.ingest.loaders.code_suffixes import code_language, script_language
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.retrieval.extras import install_command
from passagework.retrieval.types import Document, Heading, PlaceUnit, SourcePlace

LARGEST = 4 << 20
"""Characters of a source file that is parsed: longer ones were written by programs, and take minutes."""

_WORD = re.compile(r"\w")
_ONLY_IN_CPP = re.compile(r"^[ \t]*(?:class|namespace|template|public:|private:|using namespace)\b", re.MULTILINE)


def load_code(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, its language as metadata. Raises IngestError where the bytes are no text, or only white space."""
    decoded = read_text(path)
    text = decoded.text
    language = code_language(path) or script_language(text) or "text"
    if path.suffix.lower() == ".h" and _ONLY_IN_CPP.search(text):
        language = "cpp"
    headings, notes = _headings(text, language)
    yield Document(
        text=text,
        media_type=Format.CODE.value,
        title=path.name,
        metadata={"language": "typescript" if language == "tsx" else language, **decoded.metadata},
        headings=headings,
        notes=(*decoded.notes, *notes),
        places=[SourcePlace(PlaceUnit.LINE, 1, text.count("\n") + 1, 0, len(text))],
    )


def _headings(text: str, language: str) -> tuple[list[Heading], tuple[str, ...]]:
    """The headings of a source text; and why it has none, where it could have."""
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return [], ()
    if len(text) > LARGEST:
        return [], (f"of more than {LARGEST:,} characters: read without its functions and classes",)
    try:
        return definition_headings(text, definitions(text, grammar)), ()
    except ImportError:
        return [], (f"read without its functions and classes: {install_command('code')} finds them",)


def definition_headings(text: str, found: Sequence[Definition]) -> list[Heading]:
    """A heading for each definition, from the comments above it to the end of its signature, all of one level.

    What follows a definition belongs to what holds it: a heading without characters says so.
    """
    headings: list[Heading] = []
    open_ends: list[Definition] = []

    def close(until: int) -> None:
        while open_ends and open_ends[-1].end <= until:
            ended = open_ends.pop()
            following = min(until, open_ends[-1].end) if open_ends else until
            if _WORD.search(text, ended.end, following):
                headings.append(Heading(1, ended.within, ended.end, ended.end))

    for item in found:
        close(item.start)
        headings.append(Heading(1, item.name, item.start, max(item.start, item.signature_end)))
        open_ends.append(item)
    close(len(text))
    return headings
