"""The values that travel between stages: frozen, validated where they enter, plain everywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Vectors: TypeAlias = NDArray[np.float32]
"""(n, dim) float32, unit rows."""
Ids: TypeAlias = NDArray[np.int64]
TokenIds: TypeAlias = NDArray[np.int32]


class Stage(str, Enum):
    """Names how far a query goes; each later stage contains the earlier ones."""

    DENSE = "dense"
    LEXICAL = "lexical"
    HYBRID = "hybrid"
    RERANK = "rerank"


class Fusion(str, Enum):
    """Names how the scores of the two first-stage retrievers become one: see `retrieval/search/fusion.py`."""

    CONVEX = "convex"
    RRF = "rrf"


class Copies(str, Enum):
    """Names what becomes of passages whose text another hit says: collapsed under the best of them, or kept as hits."""

    COLLAPSE = "collapse"
    KEEP = "keep"


class ContextFormat(str, Enum):
    """Names how a context is laid out: see `retrieval/search/context_formats.py`."""

    PLAIN = "plain"
    XML = "xml"
    MARKDOWN = "markdown"
    JSON = "json"
    ANTHROPIC = "anthropic"
    OPENAI = "openai"


class ContextOrder(str, Enum):
    """Names in which order a context quotes: the best first, or each document as it is read."""

    RANK = "rank"
    DOCUMENT = "document"


class ContextExpansion(str, Enum):
    """Names what is quoted around a passage: those beside it, or all of the section that it stands in."""

    NEIGHBOURS = "neighbours"
    SECTION = "section"


class Syntax(str, Enum):
    """Names how a query is read: as words alone, or also as quotations, exclusions, fields and what else is typed."""

    PLAIN = "plain"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Page:
    """Tells where a physical page is: `number` from 1, `label` as printed, `[start, end)` of the document's text."""

    number: int
    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """Tells where a heading is: `level` from 1 (outermost), its own characters at `[start, end)` of the text."""

    level: int
    title: str
    start: int
    end: int


class HiddenReason(str, Enum):
    """Names why a reader of the document does not see some of its text, although it is text for a program."""

    INVISIBLE = "invisible"  # drawn or set so that nothing shows, or in a slide, sheet, row or column that is hidden
    TRANSPARENT = "transparent"
    BACKGROUND = "background colour"  # its colour is that of what it stands on
    TINY = "tiny"
    OUTSIDE = "outside the page"
    CHARACTERS = "invisible characters"


@dataclass(frozen=True, slots=True)
class Hidden:
    """Tells that a reader does not see `[start, end)` of the document's text, and why."""

    start: int
    end: int
    reason: HiddenReason

    def to_json(self) -> dict[str, Json]:
        """Returns what the search JSON has under `hidden` of it."""
        return {"start": self.start, "end": self.end, "reason": self.reason.value}


class InjectionSign(str, Enum):
    """Names what a passage is suspected by: a rule about what it says, or a head on its vector."""

    RULE = "rule"
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class Injection:
    """Tells that `[start, end)` of the document's text seems to instruct a language model, and by which sign."""

    start: int
    end: int
    sign: InjectionSign

    def to_json(self) -> dict[str, Json]:
        """Returns what the search JSON has under `injection` of it."""
        return {"start": self.start, "end": self.end, "sign": self.sign.value}


@dataclass(frozen=True, slots=True)
class Table:
    """Tells that `[start, end)` of the document's text is a table: a row a line, cells parted by ` | `.

    `columns` are the names of its columns, in one line as the text has them; "" where the table names none. A passage
    that starts below them has them as its innermost heading. The first row may be those names, or not.
    """

    start: int
    end: int
    columns: str = ""


class PlaceUnit(str, Enum):
    """Names what places in a source are counted in, where it has no pages."""

    LINE = "line"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """Tells where `[start, end)` of the text stands in its source: from `first` to `last` of a unit.

    Lines count from 1, and on from `first` with each line end of the text; seconds hold for all of the span.
    """

    unit: PlaceUnit
    first: float
    last: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OcrSpan:
    """Tells that OCR read `[start, end)` of the text, a word or a few, how surely (0 to 1), and where it stands.

    `box` is its left, top, width and height as shares (0 to 1) of the picture of its page; None where there is none.
    A span has at most 1,000 characters, which lets a passage's own be looked up quickly.
    """

    start: int
    end: int
    confidence: float
    box: tuple[float, float, float, float] | None = None


LONGEST_OCR_SPAN = 1_000


@dataclass(frozen=True, slots=True)
class Masked:
    """Tells that `[start, end)` of the text is a placeholder, `[EMAIL_1]`, for personal data of a `kind`.

    They stand at `[original_start, original_end)` of the text as it was read.
    """

    start: int
    end: int
    kind: str
    original_start: int
    original_end: int


@dataclass(frozen=True, slots=True)
class Ocr:
    """Tells that a passage, or a part of it, was read by OCR: `confidence` (0 to 1) is the mean over those characters.

    It is what the recogniser thinks of itself: below 0.9 a reader should look at the page.
    """

    confidence: float

    def to_json(self) -> dict[str, Json]:
        """Returns what the search JSON has under `ocr` of it."""
        return {"confidence": round(self.confidence, 3)}


@dataclass(frozen=True, slots=True)
class Document:
    """Holds a source file or one record of it, as text with its structure.

    `uri` is absolute and unique in a collection; `path` is `/`-separated and relative to the path ingested;
    `name` is a record's `_id` (None for a file). `pages`, `headings`, `hidden`, `tables`, `places`, `ocr` and `masked`,
    which tells what placeholders stand for, are in order of `start`; pages don't overlap, nor do tables, nor places,
    nor spans of `ocr` or `masked`. `notes` are lines for the report about what could not be read. `surroundings` is
    what a page of the web shows around its content (navigation, header, footer), a line for each part, which no passage
    has.
    """

    text: str
    media_type: str
    title: str = ""
    name: str | None = None
    uri: str = ""
    path: str = ""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    pages: Sequence[Page] = ()
    headings: Sequence[Heading] = ()
    notes: Sequence[str] = ()
    hidden: Sequence[Hidden] = ()
    tables: Sequence[Table] = ()
    places: Sequence[SourcePlace] = ()
    ocr: Sequence[OcrSpan] = ()
    masked: Sequence[Masked] = ()
    surroundings: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """Is the retrievable unit: `document.text[start:end] == text`, never blank.

    `headings` is the path of headings above it, outermost first. `pages` are the physical pages it touches, from 1.
    """

    ordinal: int
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tokens:
    """Holds a text's tokens without special tokens: ids and `[start, end)` in code points, each (n,) int32."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)
