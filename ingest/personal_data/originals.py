"""Keeps the values behind placeholders for their owner alone: in a file of its own, outside the collection."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from passagework.retrieval.errors import ConfigError, IngestError
from passagework.retrieval.files import write_problem
from passagework.retrieval.types import Document

_PLACEHOLDER = re.compile(r"\[[A-Z_]+_\d+\]")


class OriginalsFile:
    """Appends a line of JSON for each document: its `document`, `path`, and `values` by placeholder.

    The file is made for its owner alone (mode 0600). A document that is read again has another line; the last counts.
    """

    def __init__(self, path: Path, collection: Path) -> None:
        self.path = path.absolute()
        if self.path.is_relative_to(collection.absolute()):
            raise ConfigError(f"{path} lies in the collection, which holds no originals: name a file elsewhere")
        try:
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        except OSError as error:
            raise ConfigError(f"{path} can't be written: {write_problem(error)}") from error

    def keep(self, document: Document, masked: Document, values: Mapping[str, str]) -> None:
        """Writes a document's values, before anything of it is stored; raises IngestError where they can't be written.

        `places` are `[start, end)` of each value in the text as it was read, in order.
        """
        places = [[mask.original_start, mask.original_end] for mask in masked.masked]
        name = document.uri if document.name is None else document.name
        line = {"document": name, "path": document.path, "values": dict(values), "places": places}
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            raise IngestError(f"the originals can't be written to {self.path}: {write_problem(error)}") from error


def unmask(text: str, *, document: str, originals: str | Path) -> str:
    """Returns a text of a document with the values in place of its placeholders, from the file that its owner keeps.

    `document` is a record's `_id`, else the URI, as hits have it. A placeholder that the file doesn't know stays.
    Raises ConfigError where the file can't be read.
    """
    values: dict[str, str] = {}
    number = 0
    try:
        with Path(originals).open(encoding="utf-8") as file:
            for line in file:
                number += 1
                row = json.loads(line)
                if row["document"] == document:
                    values = row["values"]
    except OSError as error:
        raise ConfigError(f"{originals} can't be read: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{originals} is no file of originals: line {number} can't be read") from error
    return _PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), text)
