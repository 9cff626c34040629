"""Decides which files the `--include` and `--exclude` globs let through."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.text import composed


class Globs:
    """Globs over `/`-separated relative paths, in the letters' own case and in Unicode's composed form: `*`, `?` and
    `[a-z]` within a name, `**` for any number of folders.

    One with a slash matches the whole path, or a folder above the file: `drafts/*` takes all beneath `drafts`. One
    without matches the file's own name; as an exclude also the name of any folder above. Raises ConfigError for an
    empty one.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._include = [_Glob(glob) for glob in include]
        self._exclude = [_Glob(glob) for glob in exclude]

    def take_file(self, relative: str) -> bool:
        """Tells whether the file is included, by one glob or for want of any, and not excluded."""
        parts = composed(relative).split("/")
        if any(glob.matches(parts, folders=True) for glob in self._exclude):
            return False
        return not self._include or any(glob.matches(parts, folders=False) for glob in self._include)

    def take_folder(self, relative: str) -> bool:
        """Tells whether anything beneath the folder can be taken, as far as the excludes tell."""
        parts = composed(relative).split("/")
        return not any(glob.matches(parts, folders=True) for glob in self._exclude)


class _Glob:
    def __init__(self, glob: str) -> None:
        self._parts = [part for part in composed(glob).split("/") if part not in ("", ".")]
        self._whole = "/" in glob
        if not self._parts:
            raise ConfigError(f"the glob {glob!r} names nothing; give one such as '*.md' or 'drafts/*'")
        if self._parts[-1] == "**":
            self._parts.append("*")  # all beneath a folder, not the folder

    def matches(self, parts: Sequence[str], *, folders: bool) -> bool:
        """Tells whether the path matches; with `folders`, a glob without a slash also matches any folder above it."""
        if not self._whole:
            return any(fnmatchcase(part, self._parts[0]) for part in (parts if folders else parts[-1:]))
        places = self._beyond_stars({0})
        for part in parts:
            places = self._beyond_stars(
                {place if self._parts[place] == "**" else place + 1 for place in places if self._fits(place, part)}
            )
            if len(self._parts) in places:
                return True
        return False

    def _fits(self, place: int, part: str) -> bool:
        if place == len(self._parts):
            return False
        return self._parts[place] == "**" or fnmatchcase(part, self._parts[place])

    def _beyond_stars(self, places: set[int]) -> set[int]:
        """Adds the places that follow from `**` standing for no folder at all to `places`, and returns them."""
        for place in sorted(places):
            beyond = place
            while beyond < len(self._parts) and self._parts[beyond] == "**":
                beyond += 1
                places.add(beyond)
        return places
