"""Obsidian vaults: what a note links to and embeds, what links to it, its tags and aliases, as metadata.

Links are those of Obsidian's help: `[[Note]]`, `[[folder/Note#Heading|shown]]`, `![[embedded]]` and `[shown](Note.md)`,
but not in code or in comments (`%%`).
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from passagework.ingest.scan import FoundFile, Scan
from passagework.retrieval.text import composed
from passagework.retrieval.types import Json

VAULT = ".obsidian"
"""The folder by which Obsidian knows a vault."""
MOST_BYTES = 5 << 20
"""A longer note is read, but its links are not looked for."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_APART = re.compile(r"`[^`\n]*`|%%.*?%%", re.DOTALL)
_WIKI = re.compile(r"(!?)\[\[([^\[\]\n|]+)(?:\|[^\[\]\n]*)?\]\]")
_LINK = re.compile(r"(!?)\[[^\[\]\n]*\]\(<?([^()\s<>:]+)>?(?:[ \t]+\"[^\"\n]*\")?\)")
_TAG = re.compile(r"(?<![^\s,])#([\w/-]+)")


@dataclass(frozen=True, slots=True)
class _Note:
    """What a note says of others: targets as they are written, in order, each once, and the tags in its text."""

    links: tuple[str, ...] = ()
    embeds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class ObsidianVault:
    """Gives the notes of a vault their metadata; its files are read where they lie.

    `links`, `embeds` and `backlinks` are paths from the vault's folder; of what isn't there, the name as it is written.
    """

    def __init__(self, folder: Path, files: Sequence[FoundFile]) -> None:
        self._paths = {file.uri: composed(file.path.relative_to(folder).as_posix()) for file in files}
        self._named: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._paths.values(), key=lambda path: (path.count("/"), path)):
            for name in {path, path.removesuffix(".md")}:
                self._named[name.rpartition("/")[2].casefold()].append(path)
        self._metadata = self._linked({file.uri: _read(file.path) for file in files if is_note(file)})

    def fetch(self, file: FoundFile) -> None:
        """Does nothing: the file is there."""

    def close(self) -> None:
        """Does nothing."""

    def metadata(self, file: FoundFile, said: Mapping[str, Json]) -> Mapping[str, Json]:
        """Returns links, backlinks, embeds, and as lists the front matter's aliases, and its tags with the text's."""
        found = dict(self._metadata[file.uri])
        tags = [tag.lstrip("#") for name in ("tags", "tag") for tag in _listed(said.get(name))]
        lists = {"tags": [*tags, *_listed(found.pop("tags", None))]}
        lists["aliases"] = [alias for name in ("aliases", "alias") for alias in _listed(said.get(name))]
        return {**found, **{name: list(dict.fromkeys(values)) for name, values in lists.items() if values}}

    def read_as(self, file: FoundFile) -> str:
        """Returns a digest of what the vault knows of a note, "" where that is nothing."""
        found = self._metadata[file.uri]
        return f"vault:{hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()}" if found else ""

    def _linked(self, notes: Mapping[str, _Note]) -> dict[str, dict[str, Json]]:
        backlinks: dict[str, dict[str, None]] = defaultdict(dict)
        metadata: dict[str, dict[str, Json]] = {}
        for uri, note in notes.items():
            path = self._paths[uri]
            found = {
                "links": [self._resolved(name, path) for name in note.links],
                "embeds": [self._resolved(name, path) for name in note.embeds],
                "tags": list(note.tags),
            }
            for target in (*found["links"], *found["embeds"]):
                backlinks[target][path] = None
            metadata[uri] = {name: list(dict.fromkeys(values)) for name, values in found.items() if values}
        for uri in notes:
            if linking := [path for path in backlinks[self._paths[uri]] if path != self._paths[uri]]:
                metadata[uri]["backlinks"] = list[Json](sorted(linking))
        return metadata

    def _resolved(self, name: str, path: str) -> str:
        """Returns the path that a link leads to: beside the note, from the vault's top, or nearest to the top."""
        wanted = composed(name)
        beside = posixpath.normpath(posixpath.join(path.rpartition("/")[0], wanted))
        candidates = self._named.get(wanted.rpartition("/")[2].casefold(), [])
        for place in (beside, wanted):
            for candidate in candidates:
                if place.casefold() in (candidate.casefold(), candidate.removesuffix(".md").casefold()):
                    return candidate
        end = f"/{wanted.casefold()}"
        return next((one for one in candidates if f"/{one.removesuffix('.md')}".casefold().endswith(end)), name)


def with_vaults(scanned: Scan, roots: Sequence[Path]) -> Scan:
    """Returns the scan in which notes beneath a root that is a vault, or lies in one, know their vault."""
    folders = {root: vault for root in roots if (vault := vault_of(root)) is not None}
    if not folders:
        return scanned
    vaults = {
        vault: ObsidianVault(vault, [file for file in scanned.files if folders.get(file.root) == vault])
        for vault in set(folders.values())
    }
    files = (
        replace(file, origin=vaults[folders[file.root]], read_as=vaults[folders[file.root]].read_as(file))
        if file.root in folders and is_note(file)
        else file
        for file in scanned.files
    )
    return replace(scanned, files=tuple(files))


def vault_of(root: Path) -> Path | None:
    """Returns the folder of the vault that a folder or file lies in; None where it lies in none."""
    return next((folder for folder in (root, *root.parents) if (folder / VAULT).is_dir()), None)


def is_note(file: FoundFile) -> bool:
    """Tells whether a file is a note."""
    return file.path.suffix.lower() == ".md"


def _read(path: Path) -> _Note:
    text = ""
    with suppress(OSError):  # why it can't be read is told when its turn comes
        if path.stat().st_size <= MOST_BYTES:
            text = path.read_text(encoding="utf-8-sig", errors="replace")
    text = _APART.sub(" ", "\n".join(_outside_code(text.replace("\r\n", "\n").split("\n"))))
    found: dict[str, list[str]] = {"": [], "!": []}
    for match in _WIKI.finditer(text):
        found[match[1]].append(match[2].partition("#")[0].strip())
    for match in _LINK.finditer(text):
        found[match[1]].append(unquote(match[2]).partition("#")[0])
    tags = [tag for tag in _TAG.findall(_LINK.sub(" ", _WIKI.sub(" ", text))) if not tag.isdigit()]
    links, embeds = (tuple(dict.fromkeys(name for name in found[mark] if name)) for mark in ("", "!"))
    return _Note(links, embeds, tuple(dict.fromkeys(tags)))


def _outside_code(lines: Sequence[str]) -> Iterator[str]:
    """Yields the lines below the front matter that are not in fenced code (CommonMark 4.5)."""
    start = 0
    if lines[0].rstrip() == "---":
        start = next((number for number, line in enumerate(lines[1:], 2) if line.rstrip() in ("---", "...")), 0)
    fence = ""
    for line in lines[start:]:
        match = _FENCE.match(line)
        if not fence and match is None:
            yield line
        elif not fence and match is not None:
            fence = match[1]
        elif match is not None and match[1].startswith(fence) and not line.strip(" `~"):
            fence = ""


def _listed(value: Json) -> list[str]:
    """Returns a front matter's field as a list: it may be one, or a text with commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(part) for part in value if isinstance(part, str | int | float)] if isinstance(value, list) else []
