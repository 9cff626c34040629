"""Contacts (vCard 2.1, 3.0 and 4.0: RFC 6350): each person or organisation a document."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import clean, read_text
from passagework.ingest.loaders.formats import Format
from passagework.retrieval.errors import NoTextError
from passagework.retrieval.types import Document, Json

_FOLDED = re.compile(r"\n[ \t]")
_SOFT_BREAK = re.compile(r"=\n")
_PROPERTY = re.compile(r'(?:[\w-]+\.)?(?P<name>[A-Za-z-]+)(?P<parameters>(?:;(?:"[^"]*"|[^:;"])*)*):(?P<value>.*)')
_ESCAPED = re.compile(r"\\(.)")
_SHOWN = {
    "N": "Name", "NICKNAME": "Nickname", "ORG": "Organisation", "TITLE": "Position", "ROLE": "Role", "TEL": "Phone",
    "EMAIL": "Mail", "ADR": "Address", "LABEL": "Address", "URL": "Web", "IMPP": "Messages", "BDAY": "Born",
    "ANNIVERSARY": "Anniversary", "CATEGORIES": "Categories", "NOTE": "Note",
}  # fmt: skip
"""Properties in the order they are shown, and what they are called."""
_STRUCTURED = frozenset({"N", "ADR", "ORG", "CATEGORIES"})
_KINDS = ("home", "work", "cell", "fax", "pager", "main", "other")


def load_contacts(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document a card, `#card=3` its address; of a single card the file. Raises IngestError for none."""
    decoded = read_text(path)
    cards = [card for card in _cards(decoded.text) if any(card.values())]
    if not cards:
        raise NoTextError("no text: it holds no card")
    for number, card in enumerate(cards, 1):
        named = next(iter(card.get("FN") or card.get("N") or card.get("ORG") or [""]))
        lines = [f"{_SHOWN[name]}{kind}: {value}" for name in _SHOWN for kind, value in _values(card, name, named)]
        facts: dict[str, Json] = {
            key: card[name][0] for key, name in (("organisation", "ORG"), ("mail", "EMAIL")) if card.get(name)
        }
        yield Document(
            text="\n".join(filter(None, [named, *lines])),
            media_type=Format.VCF.value,
            title=" ".join(named.split()),
            uri=f"#card={number}" if len(cards) > 1 else "",
            metadata={**facts, **decoded.metadata},
            notes=decoded.notes if number == 1 else (),
        )


def _values(card: dict[str, list[str]], name: str, named: str) -> Iterator[tuple[str, str]]:
    """The values of a property, with what kind each is of: home, work."""
    kinds = card.get(f"{name} kinds", [])
    for value, kind in zip(card.get(name, ()), kinds, strict=False):
        if value and not (name == "N" and value == named):
            yield (f" ({kind})" if kind else ""), value


def _cards(source: str) -> Iterator[dict[str, list[str]]]:
    card: dict[str, list[str]] = {}
    for name, parameters, value in _properties(source):
        if name == "BEGIN":
            card = {}
        elif name == "END" and value.upper() == "VCARD":
            yield card
            card = {}
        elif name in _SHOWN or name == "FN":
            written = parameters.upper()
            if "QUOTED-PRINTABLE" in written:
                value = _quoted(value, parameters)
            card.setdefault(name, []).append(_plain(name, value))
            card.setdefault(f"{name} kinds", []).append(_kind(parameters))


def _properties(source: str) -> Iterator[tuple[str, str, str]]:
    # Soft breaks of quoted-printable text stand at the ends of lines, folds at the beginnings.
    unfolded = _FOLDED.sub("", source)
    if "QUOTED-PRINTABLE" in unfolded.upper():
        unfolded = _SOFT_BREAK.sub("", unfolded)
    for line in unfolded.split("\n"):
        match = _PROPERTY.fullmatch(line.strip())
        if match is not None:
            yield match["name"].upper(), match["parameters"], match["value"].strip()


def _quoted(value: str, parameters: str) -> str:
    charset = re.search(r"CHARSET=\"?([\w-]+)", parameters, re.IGNORECASE)
    data = quopri.decodestring(value.encode("utf-8", "replace"))
    try:
        return clean(data.decode(charset[1] if charset else "utf-8", "replace"))
    except LookupError:
        return clean(data.decode("utf-8", "replace"))


def _plain(name: str, value: str) -> str:
    """A value as it is read: the family name behind the others, the parts of an address with commas."""
    if name not in _STRUCTURED:
        return _unescaped(value.removeprefix("tel:").removeprefix("mailto:"))
    parts = [_unescaped(part).strip() for part in re.split(r"(?<!\\);", value)]
    if name == "N" and len(parts) > 1:
        family, *rest = parts
        return " ".join(filter(None, [*rest[2:3], *rest[:2], family, *rest[3:]]))
    return ", ".join(filter(None, parts))


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda escaped: "\n" if escaped[1] in "nN" else escaped[1], value)


def _kind(parameters: str) -> str:
    lowered = re.split(r"[;=,\"]", parameters.lower())
    return next((kind for kind in _KINDS if kind in lowered), "")
