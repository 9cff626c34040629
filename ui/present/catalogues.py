"""Reads the translations of the pages: gettext catalogues as text, so that nothing has to be compiled.

https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html and MO-Files.html describe both forms.
"""

from __future__ import annotations

import ast
import gettext
import struct
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "de": "Deutsch", "fr": "Français"}
"""Each by its code, as it calls itself."""

FOLDER = Path(__file__).parents[1] / "locales"

Entry = tuple[str, str, tuple[str, ...]]
"""A message, its plural or "", and its translations: one, or one for each plural form."""


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Returns the translations into a language; those of English, and of one that there is none of, are as written."""
    if language == ENGLISH or language not in LANGUAGES:
        return gettext.NullTranslations()
    return gettext.GNUTranslations(BytesIO(_compiled(read_entries(FOLDER / f"{language}.po"))))


def read_entries(file: Path) -> list[Entry]:
    """Returns the entries of a catalogue; raises ValueError, with the line, for what is none."""
    return list(_entries(file.read_text(encoding="utf-8")))


def _entries(text: str) -> Iterator[Entry]:
    fields: dict[str, str] = {}
    current = ""
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        line = line.strip()
        if not line:
            if fields:
                forms = (said for name, said in fields.items() if name.startswith("msgstr"))
                yield fields.get("msgid", ""), fields.get("msgid_plural", ""), tuple(forms)
            fields, current = {}, ""
        elif not line.startswith("#"):
            name, _, quoted = line.partition(" ") if not line.startswith('"') else (current, "", line)
            if not name.startswith("msg") or quoted[:1] != '"' or quoted[-1:] != '"':
                raise ValueError(f"line {number} of the catalogue is no message: {line}")
            current = name
            fields[name] = fields.get(name, "") + str(ast.literal_eval(quoted))


def _compiled(entries: list[Entry]) -> bytes:
    """Returns the binary form, which gettext reads."""
    pairs = sorted(
        ((f"{message}\0{plural}" if plural else message).encode(), "\0".join(forms).encode())
        for message, plural, forms in entries
    )
    at = 28 + 16 * len(pairs)
    tables: list[bytes] = []
    for texts in zip(*pairs, strict=True):
        for text in texts:
            tables.append(struct.pack("<II", len(text), at))
            at += len(text) + 1
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, at)
    return head + b"".join(tables) + b"".join(text + b"\0" for texts in zip(*pairs, strict=True) for text in texts)
