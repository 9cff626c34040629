"""Defines the files of an export: `sources`, `documents` and `passages`, each a Parquet file that any tool reads.

The schema of each holds, under the key `passagework`, the same JSON: `format`, and the facts of FACTS: the encoder's
fingerprint, its window, how documents are cut. Offsets are code points, as everywhere.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from passagework.ingest.personal_data.policy import POLICY
from passagework.ingest.writing.languages import LANGUAGE
from passagework.retrieval.errors import StoreError
from passagework.retrieval.extras import missing_extra
from passagework.retrieval.files import sync_folder, write_problem
from passagework.retrieval.late_interaction.stored_tokens import TOKEN_RECORD, NoTokenVectors, TokenRecord
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.types import Json

FORMAT = 6
KNOWN = (1, 2, 3, 4, 5, FORMAT)
"""The first had no column `hidden`, the second no `tables`, the third no `places`, the fourth no `language`, `ocr`, the
fifth no `injection`, `masked`."""
KEY = b"passagework"
FACTS = ("encoder", "backend", "window", "probe", "chunking", "created")
"""What a database records of how it was made; an import takes it over, so that its encoder is checked as before."""

OPTIONAL_FACTS = (TOKEN_RECORD, LANGUAGE, POLICY)
"""Likewise, where the database records them. Token vectors themselves stay behind where nobody asks for them: the next
ingest makes them again."""

SOURCES, DOCUMENTS, PASSAGES = "sources.parquet", "documents.parquet", "passages.parquet"
TOKENS = "tokens.parquet"
"""The codes of token vectors by the hash of what a reranker reads: beside the others only where they were asked for."""
SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Tells what was written, and how much; of the files beside the versions, what came along and what did not."""

    out: str
    documents: int
    passages: int
    bytes: int
    carried: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Returns the export and import JSON."""
        return {
            "out": self.out,
            "documents": self.documents,
            "passages": self.passages,
            "bytes": self.bytes,
            "carried": list(self.carried),
            "left_out": list(self.left_out),
        }


def load_arrow() -> tuple[Any, Any]:
    """Returns pyarrow and pyarrow.parquet; raises ConfigError where they are not installed."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise missing_extra("export", "pyarrow", cause=error) from error


def schemas(arrow: Any, dim: int, facts: Mapping[str, Json]) -> dict[str, Any]:
    """Returns the columns of each file, by its name."""
    text, whole, number, many = arrow.string(), arrow.int64(), arrow.float64(), arrow.list_
    place = [("start", whole), ("end", whole)]
    original = [("original_start", whole), ("original_end", whole)]
    columns = {
        SOURCES: [
            *(("id", whole), ("uri", text), ("path", text), ("sha256", text), ("media_type", text), ("state", text)),
            *(("reason", text), ("notes", many(text)), ("ocr", text)),
        ],
        DOCUMENTS: [
            *(("id", whole), ("source", whole), ("uri", text), ("name", text), ("path", text), ("position", whole)),
            *(("media_type", text), ("title", text), ("sha256", text), ("metadata", text)),
            ("language", text),
            ("hidden", many(arrow.struct([*place, ("reason", text)]))),
            ("tables", many(arrow.struct([*place, ("columns", text)]))),
            ("places", many(arrow.struct([("unit", text), ("first", number), ("last", number), *place]))),
            ("ocr", many(arrow.struct([*place, ("confidence", number), ("box", many(number))]))),
            ("injection", many(arrow.struct([*place, ("sign", text)]))),
            ("masked", many(arrow.struct([*place, ("kind", text), *original]))),
            ("surroundings", text),
            ("pages", many(arrow.struct([("number", whole), ("label", text), *place]))),
            ("headings", many(arrow.struct([("level", whole), ("title", text), *place]))),
            ("text", arrow.large_string()),
        ],
        PASSAGES: [
            *(("id", whole), ("document", whole), ("name", text), ("path", text), ("title", text), ("ordinal", whole)),
            *(*place, ("pages", many(whole)), ("headings", many(text)), ("metadata", text), ("text", text)),
            *(("cut", arrow.bool_()), ("hash", arrow.binary()), ("vector", arrow.list_(arrow.float32(), dim))),
        ],
        TOKENS: [("hash", arrow.binary()), ("tokens", whole), ("codes", arrow.binary())],
    }
    note = {KEY: json.dumps({"format": FORMAT, **facts}, ensure_ascii=False).encode()}
    return {name: arrow.schema(fields, metadata=note) for name, fields in columns.items()}


def read_facts(schema: Any, path: Path) -> dict[str, Json]:
    """Returns the facts in a file's schema; raises StoreError where it is no export's, or of a newer format."""
    try:
        facts = json.loads((schema.metadata or {})[KEY])
        format_name = facts.pop("format")
        Fingerprint.from_json(facts["encoder"])
        if set(facts) - set(OPTIONAL_FACTS) != set(FACTS):
            raise KeyError
        if not NoTokenVectors.says(facts.get(TOKEN_RECORD)):
            TokenRecord.from_json(facts[TOKEN_RECORD])
    except (KeyError, ValueError, TypeError, AttributeError, StoreError) as error:
        raise StoreError(f"{path} is not of an export: it doesn't say how its vectors were made") from error
    if format_name not in KNOWN:
        raise StoreError(
            f"{path} is an export of format {format_name}, and format {FORMAT} is known: upgrade passagework"
        )
    return dict(facts)


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """Yields a temporary name beside `out` to write to, renamed at the end, or removed where anything fails.

    Raises StoreError where something lies at `out` already, and where it can't be written.
    """
    try:
        if out.exists() and not (out.is_dir() and not any(out.iterdir())):
            raise StoreError(f"{out} is there already: name a new file or folder")
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{out} can't be written: {write_problem(error)}") from error
    temporary = out.absolute().with_name(f".{out.absolute().name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        if temporary.is_dir() and out.is_dir():
            out.rmdir()  # empty, or it would have been refused; Windows puts no folder in the place of another
        temporary.replace(out)
        sync_folder(out.absolute().parent)
    except OSError as error:
        raise StoreError(f"{out} can't be written: {write_problem(error)}") from error
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
