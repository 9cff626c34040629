"""Decides what no reader wrote for others to read: what `.gitignore` names, installed packages, what programs built."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from passagework.retrieval.text import composed

_log = logging.getLogger(__name__)

GITIGNORE = ".gitignore"

MOST_BYTES, MOST_STARS = 1 << 20, 4
"""A longer `.gitignore` is not read. A pattern of more asterisks could take minutes for a name, and counts for none."""

CACHE_TAG, CACHE_SIGNATURE = "CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55"
"""What stands in every cache folder, and how it begins (https://bford.info/cachedir/)."""

NAMES: Mapping[str, str] = {"node_modules": "installed packages", "__pycache__": "compiled Python"}
"""Folders that bear such a name are nothing else."""

BUILDS: Mapping[str, Collection[str]] = {
    "build": ("pyproject.toml", "setup.py", "package.json", "build.gradle", "build.gradle.kts", "CMakeLists.txt"),
    "dist": ("pyproject.toml", "setup.py", "package.json"),
    "out": ("package.json", "build.gradle", "build.gradle.kts"),
    "target": ("Cargo.toml", "pom.xml", "build.sbt"),
    "_build": ("conf.py", "mix.exs"),
    "site": ("mkdocs.yml",),
}
"""Folders of such a name are what a program built where one of these files stands beside them, and else anybody's."""


_SPECIAL = re.compile(r"[][*?!#\\ ]")


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The patterns of the `.gitignore` files that hold in a folder, outermost first, as if all stood in that of `top`.

    As git has it, the last pattern that fits decides, the innermost file's behind the others'; a folder that is ignored
    isn't looked into, so nothing in it can be taken back; and another repository has its own rules alone. What git
    knows beside the files themselves (which are tracked, a user's own excludes) doesn't count. `no_ignore` lets
    everything through.
    """

    top: str = ""
    patterns: tuple[str, ...] = ()
    no_ignore: bool = False
    _spec: GitIgnoreSpec = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_spec", GitIgnoreSpec.from_lines(self.patterns))

    def in_folder(self, folder: str, names: Collection[str], *, asked_for: bool = False) -> IgnoreRules:
        """Returns the rules for what lies in a folder that holds these names.

        A folder that was `asked_for` may not leave itself out.
        """
        if self.no_ignore or not (GITIGNORE in names or ".git" in names):
            return self
        outer = self if self.patterns and ".git" not in names else IgnoreRules(folder)
        if GITIGNORE not in names or (asked_for and _ignores_itself(folder)):
            return outer
        return IgnoreRules(outer.top, (*outer.patterns, *_patterns(folder, outer.beneath(folder))))

    def beneath(self, path: str) -> str:
        """Returns a path beneath `top`, as patterns have it: `/`-separated, composed, without a slash at its ends."""
        return composed(path[len(self.top) :].replace(os.sep, "/").strip("/"))

    def reason(self, path: str, beside: Collection[str], *, is_folder: bool, linked: bool) -> str:
        """Returns why an entry of a folder is left out, "" if it isn't; `beside` has the names of all its entries.

        For patterns a link is no folder.
        """
        if self.no_ignore:
            return ""
        name = os.path.basename(path)  # noqa: PTH119 - a Path for each is 10 times slower
        if is_folder and name in NAMES:
            return NAMES[name]
        if is_folder and (built := next((file for file in BUILDS.get(name, ()) if file in beside), "")):
            return f"built, beside {built}"
        return GITIGNORE if self._matched(path, is_folder=is_folder and not linked) else ""

    def folder_reason(self, folder: str, names: Collection[str]) -> str:
        """Returns why a folder that holds these names is left out, "" if it isn't."""
        if self.no_ignore:
            return ""
        if "pyvenv.cfg" in names or "conda-meta" in names:
            return "a virtual environment"
        if CACHE_TAG in names and _read(f"{folder}/{CACHE_TAG}").startswith(CACHE_SIGNATURE):
            return f"a cache, by its {CACHE_TAG}"
        if folder.endswith(".egg-info") and "PKG-INFO" in names:
            return "built by setuptools"
        return GITIGNORE if GITIGNORE in names and _ignores_itself(folder) else ""

    def _matched(self, path: str, *, is_folder: bool) -> bool:
        relative = self.beneath(path)
        return bool(self.patterns and self._spec.check_file(f"{relative}/" if is_folder else relative).include)


def rules_above(root: Path, *, no_ignore: bool) -> IgnoreRules:
    """Returns the rules that hold where `root` lies, by the folders above it up to the repository's.

    None hold outside of a repository, nor where they leave `root` itself out: it was asked for.
    """
    rules = IgnoreRules(no_ignore=no_ignore)
    above = [folder for folder in root.parents if (folder / ".git").exists()]
    if no_ignore or not above or (root / ".git").exists():
        return rules
    for folder in reversed(root.parents):
        if folder.is_relative_to(above[0]):
            rules = rules.in_folder(str(folder), [name for name in (GITIGNORE, ".git") if (folder / name).exists()])
            inside = folder / root.relative_to(folder).parts[0]
            if rules.reason(str(inside), (), is_folder=inside.is_dir(), linked=inside.is_symlink()):
                return IgnoreRules()
    return rules


def _patterns(folder: str, beneath: str) -> list[str]:
    """Returns the patterns of a folder's `.gitignore`, anchored to that folder; lines that are none are left out."""
    patterns: list[str] = []
    for line in _lines(folder):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            if len(re.findall(r"\*+", line)) > MOST_STARS:
                raise ValueError(f"the pattern {line!r} has more than {MOST_STARS} asterisks")
            GitIgnoreSpec.from_lines([line])
            patterns.append(_anchored(composed(line), beneath))
        except ValueError as error:
            _log.warning("%s/%s: %s", folder, GITIGNORE, error)
    return patterns


def _anchored(line: str, beneath: str) -> str:
    """Returns a line of a folder's `.gitignore` as it would stand in that of a folder above."""
    negation = "!" if line.startswith("!") else ""
    pattern = line.removeprefix("!")
    if "/" not in pattern.rstrip().removesuffix("/"):
        pattern = f"**/{pattern}"
    if pattern.endswith("/**"):  # all that lies in the folder; pathspec would take the folder itself too
        pattern += "/*"
    place = "/" + _SPECIAL.sub(r"\\\g<0>", beneath) if beneath else ""
    return f"{negation}{place}/{pattern.removeprefix('/')}"


def _ignores_itself(folder: str) -> bool:
    """Tells whether a folder's `.gitignore` leaves everything out: so tools mark what they made."""
    return [line.strip() for line in _lines(folder) if line.strip() and not line.startswith("#")] == ["*"]


def _lines(folder: str) -> list[str]:
    text = _read(f"{folder}/{GITIGNORE}").decode("utf-8-sig", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _read(path: str) -> bytes:
    """Returns a small file's bytes, none where it can't be read; a pipe isn't opened, for that would wait."""
    try:
        file = Path(path)
        return file.read_bytes() if file.is_file() and file.stat().st_size <= MOST_BYTES else b""
    except OSError:
        return b""
