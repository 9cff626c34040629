"""Everything this project raises on purpose.

PassageworkError
├── ConfigError              a setting or an argument is wrong
│   └── FilterError          a `where` filter is malformed or names an unknown field
├── IngestError              a document can't be loaded, or a path can't be ingested
│   └── NoTextError          a file is whole, and there is nothing in it to search
├── StoreError               a collection is missing, damaged, locked, or made by a newer version
│   ├── BusyError            a collection is being written by another process, or by another thread
│   └── LostVersionError     the name of a collection's live version is lost, and a writer can mend that
├── IndexMismatchError       a collection was built with another encoder or other chunking
├── EncodingError            memory ran out: of an encoder, a reranker, a search; or a server's answer can't be used
│   └── TextTooLongError     a server does not read the whole of a text
├── EvaluationError          a benchmark, judgments or a run can't be read or written
├── TrainingError            pairs can't be read, or nothing can be learned from them
└── ModelUnavailableError    weights can't be found, or are refused
"""

from __future__ import annotations


class PassageworkError(Exception):
    """Is the base of all errors: one line says what was wrong, found against expected, and the next step."""


class ConfigError(PassageworkError):
    """A setting or an argument is out of range or doesn't exist."""


class FilterError(ConfigError):
    """A `where` filter is malformed, or asks for a field that no document ever had."""


class IngestError(PassageworkError):
    """A document can't be loaded, or a path can't be ingested."""


class NoTextError(IngestError):
    """A file can be read, but holds no text: it is skipped, and has not failed."""


class StoreError(PassageworkError):
    """A collection is missing, damaged, locked, or was made by a newer version."""


class BusyError(StoreError):
    """A collection has its one writer already: trying again later is enough."""


class LostVersionError(StoreError):
    """CURRENT is missing, damaged, or names no version that is there; `found` says which, without the next step."""

    def __init__(self, found: str) -> None:
        step = "run `passagework ingest` or `passagework rebuild`, which take up its newest version that is whole"
        super().__init__(f"{found}: {step}")
        self.found = found

    def __reduce__(self) -> tuple[type[LostVersionError], tuple[str]]:
        return type(self), (self.found,)


class IndexMismatchError(PassageworkError):
    """A collection was built with another encoder, or with other chunking, than asked for."""


class EncodingError(PassageworkError):
    """Memory ran out while something was encoded, reranked or searched, or a server's answer can't be used."""


class TextTooLongError(EncodingError):
    """A server does not read the whole of a text; `position` is that of the text among those that were sent."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position

    def __reduce__(self) -> tuple[type[TextTooLongError], tuple[str, int]]:
        return type(self), (str(self), self.position)


class EvaluationError(PassageworkError):
    """A benchmark, judgments or a run can't be read or written."""


class TrainingError(PassageworkError):
    """Training pairs can't be read, or nothing can be learned from them."""


class ModelUnavailableError(PassageworkError):
    """A model's weights can't be found, or are refused."""
