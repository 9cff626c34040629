"""TeX and LaTeX: what its readers get to see, as far as the source says it itself. Nothing is expanded or included.

Comments and the preamble go, sections are headings, lists and tables are lines; formulas stay as they are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.markup.tex_commands import (
    ACCENTS,
    DROPPED,
    LEVELS,
    LISTS,
    MATH,
    QUANTITIES,
    SYMBOLS,
    TABLES,
    TITLES,
    VERBATIM,
    VERBATIM_OPTION,
    arguments,
    macros,
    quantity,
    spanned,
    with_signs,
    without_comments,
)
from passagework.ingest.loaders.office.office_writer import Line, OfficeWriter, words
from passagework.ingest.loaders.raised import lowered, raised
from passagework.ingest.loaders.text.markdown import first_title
from passagework.retrieval.errors import NoTextError
from passagework.retrieval.types import Document, Json

_RAW = re.compile(rf"\\begin\{{({'|'.join(map(re.escape, sorted(VERBATIM | DROPPED)))})\}}")
_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z@]+)\*?[ \t]*|\\(?P<sign>[^A-Za-z@])|(?P<brace>[{}])|(?P<math>\$\$?)|(?P<blank>\n[ \t]*\n\s*)"
    r"|(?P<cell>&)|(?P<text>[^\\{}$&\n]+|\n|\\)"
)
_OPTION = re.compile(r"(?:[ \t]*\[[^\]\[\n]{0,500}\])+")
_NAME = re.compile(r"\{([\w*]{1,40})\}")


def load_tex(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document; title, author and date are those of its preamble. Raises IngestError where nothing is shown."""
    decoded = read_text(path)
    reader = TexReader()
    reader.read(decoded.text)
    text = reader.writer.text()
    if not text:
        raise NoTextError("no text: the source shows none")
    metadata: dict[str, Json] = {name: value for name, value in reader.fields.items() if name != "title"}
    yield Document(
        text=text,
        media_type=Format.TEX.value,
        title=reader.fields.get("title") or first_title(reader.writer.headings),
        metadata={**metadata, **decoded.metadata},
        headings=reader.writer.headings,
        notes=decoded.notes,
        tables=reader.writer.tables,
    )


class TexReader:
    """Walks once through a source and writes what it shows."""

    def __init__(self) -> None:
        self.writer = OfficeWriter()
        self.fields: dict[str, str] = {}
        self._pieces: list[str] = []
        self._groups: list[tuple[str, list[str]]] = []  # what each open brace is for, and what was collected before it
        self._awaited: list[str] = []  # what the next braces are for
        self._hidden = 0
        self._lists: list[int] = []  # the next number of each open list, 0 for bullets
        self._rows: list[list[Line]] | None = None
        self._accent = ""
        self._item = ""
        self._wide = 0  # columns that the next cell reaches over, beyond its own
        self._macros: dict[str, str] = {}

    def read(self, source: str) -> None:
        """Writes the body of a document, or all of a source that has none."""
        self._macros = macros(source)
        begin = source.find("\\begin{document}")
        if begin >= 0:
            self._walk(without_comments(source[:begin]))
            self._pieces.clear()
            self.writer = OfficeWriter()
            self._groups.clear()
            self._hidden, self._rows = 0, None
            end = source.find("\\end{document}", begin)
            source = source[begin + len("\\begin{document}") : end if end >= 0 else None]
        at = 0
        closed: set[str] = set()  # environments that nothing closes any more
        for match in _RAW.finditer(source):
            name = match[1]
            if match.start() < at or name in closed:
                continue
            end = source.find(f"\\end{{{name}}}", match.end())
            if end < 0:
                closed.add(name)
                continue
            self._walk(without_comments(source[at : match.start()]))
            if name not in DROPPED:
                self._paragraph()
                option = VERBATIM_OPTION.match(source, match.end(), end)
                self.writer.write(
                    words(source[option.end() if option else match.end() : end].strip("\n")), verbatim=True
                )
            at = end + len(f"\\end{{{name}}}")
        self._walk(without_comments(source[at:]))
        self._end_table()
        self._paragraph()

    def _walk(self, source: str) -> None:
        at = 0
        while match := _TOKEN.match(source, at):
            at = match.end()
            if match["word"]:
                at = self._command(match["word"], source, at)
            elif match["sign"]:
                at = self._sign(match["sign"], source, at)
            elif match["brace"]:
                self._brace(match["brace"])
            elif match["math"]:
                end = source.find(match["math"], at, at + 5_000)
                if end >= 0:
                    self._put(source[match.start() : end + len(match["math"])], raw=True)
                    at = end + len(match["math"])
            elif match["blank"]:
                self._paragraph()
            elif match["cell"]:
                self._cell()
            else:
                self._put(match["text"])

    def _command(self, name: str, source: str, at: int) -> int:
        """Does what a command says; where what follows it begins."""
        if name in self._macros and not self._awaited:
            self._put(self._macros[name])
            return at
        if name in QUANTITIES and (found := quantity(source, at)) is not None:
            self._put(found[0])
            return found[1]
        option = _OPTION.match(source, at)
        behind = option.end() if option else at
        if name in ("begin", "end"):
            named = _NAME.match(source, at)
            return self._environment(name, named[1], source, named.end()) if named else at
        if name == "item":
            self._begin_item(option[0].strip(" \t[]") if option else "")
            return behind
        if name in ACCENTS and source[at : at + 1].isalpha() != source[at - 1 : at].isalpha():
            self._accent = ACCENTS[name]
            return at
        if name in SYMBOLS:
            return self._sign("\\", source, at) if SYMBOLS[name] == "\\\\" else self._symbol(SYMBOLS[name], at)
        if name in LEVELS:
            self._paragraph()
        self._awaited = arguments(name)
        return behind

    def _symbol(self, text: str, at: int) -> int:
        if text == "\n\n":
            self._paragraph()
        else:
            self._put(text)
        return at

    def _sign(self, sign: str, source: str, at: int) -> int:
        if sign in ACCENTS and source[at : at + 1] not in (" ", "\n", ""):
            self._accent = ACCENTS[sign]
        elif sign in "[(":
            end = source.find("\\]" if sign == "[" else "\\)", at, at + 20_000)
            if end >= 0:
                self._put(f" {source[at:end].strip()} ", raw=True)
                return end + 2
        elif sign == "\\":
            option = _OPTION.match(source, at)
            at = option.end() if option else at
            if self._rows is not None:
                self._cell()
                self._rows.append([])
            else:
                self._put(" ")
        elif sign not in "])-/*@":
            self._put(" " if sign in " ,;:!\n" else sign)
        return at

    def _environment(self, kind: str, name: str, source: str, at: int) -> int:
        self._awaited = []
        if name in TABLES:
            self._end_table()
            self._paragraph()
            if kind == "begin":
                self._rows = [[]]
                self._awaited = ["hide"] * (2 if name in ("tabularx", "tabular*", "tabulary") else 1)
        elif name in MATH and kind == "begin":
            end = source.find(f"\\end{{{name}}}", at, at + 50_000)
            if end >= 0:
                self._put(f" {re.sub(r'.label{[^{}]*}', '', source[at:end]).strip()} ", raw=True)
                return end
        elif name in LISTS:
            self._paragraph()
            if kind == "begin":
                self._lists.append(1 if name == "enumerate" else 0)
            elif self._lists:
                self._lists.pop()
        elif name == "abstract" and kind == "begin":
            self._paragraph()
            self.writer.write(words("Abstract"), level=LEVELS["section"])
        else:
            self._paragraph()
        option = _OPTION.match(source, at) if kind == "begin" else None
        return option.end() if option else at

    def _begin_item(self, named: str) -> None:
        self._paragraph()
        number = self._lists[-1] if self._lists else 0
        if number:
            self._lists[-1] += 1
        self._item = f"{named}: " if named else f"{number}. " if number else "- "

    def _brace(self, brace: str) -> None:
        if brace == "{":
            use = self._awaited.pop(0) if self._awaited else ""
            self._groups.append((use, self._pieces))
            self._hidden += use == "hide"
            if use not in ("", "show", "hide"):
                self._pieces = []
        elif self._groups:
            use, before = self._groups.pop()
            self._hidden -= use == "hide"
            if use not in ("", "show", "hide"):
                text = " ".join("".join(self._pieces).split())
                self._pieces = before
                self._use(use, text)

    def _use(self, use: str, text: str) -> None:
        """Writes the argument of a command for what it is for."""
        if use.startswith("level ") and not self._hidden:
            self.writer.write(words(text), level=int(use[6:]))
        elif use == "note":
            self._put(f" ({text})")
        elif use in ("raised", "lowered"):
            before = self._pieces[-1] if self._pieces else ""
            self._put((raised if use == "raised" else lowered)(before, text))
        elif use == "span":
            self._wide, self._awaited = spanned(text) - 1, ["hide", "show"]
        elif use == "cite":
            self._put(f"[{text}]")
        elif use == "block":
            self._put(text)
            if self._rows is None:
                self._paragraph()
        elif use in TITLES and text:
            self.fields[use] = text

    def _put(self, text: str, *, raw: bool = False) -> None:
        if self._hidden or not text:
            return
        text = text if raw else with_signs(text)
        if self._accent and not text[0].isspace():
            text = unicodedata.normalize("NFC", text[0] + self._accent) + text[1:]
            self._accent = ""
        if text.strip():
            self._awaited = []
        self._pieces.append(text)

    def _cell(self) -> None:
        if self._rows is not None and not self._hidden:
            self._rows[-1] += [words("".join(self._pieces)), *([] for _ in range(self._wide))]
            self._wide = 0
            self._pieces.clear()
        elif self._rows is None:
            self._put(" ")

    def _end_table(self) -> None:
        if self._rows is None:
            return
        if "".join(self._pieces).strip():
            self._cell()
        rows, self._rows = self._rows, None
        self._pieces.clear()
        self.writer.table(rows)

    def _paragraph(self) -> None:
        if self._rows is not None or any(use not in ("", "show", "hide") for use, _ in self._groups[-20:]):
            self._pieces.append(" ")
            return
        text = " ".join("".join(self._pieces).split())
        self._pieces.clear()
        if text:
            item, self._item = self._item, ""
            self.writer.write(words(item + text), gap=1 if item and self._lists else 2)
