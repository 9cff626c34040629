"""Tells what an ingest was given apart: paths of this machine, and addresses of other sources."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from passagework.ingest.sources.source import Source
from passagework.retrieval.errors import ConfigError

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+):(?P<slashes>//)?", re.IGNORECASE)


def _git(address: str) -> Source:
    from passagework.ingest.sources.git_repository import GitRepository

    return GitRepository.at(address.partition(":")[2])


SCHEMES: Mapping[str, Callable[[str], Source]] = {"git": _git}
"""How a source is made of its address, by the scheme."""


def source_at(given: str | Path) -> Source | None:
    """Returns the source that an address names; None for a path.

    What lies on this machine under that very name is a path. Raises ConfigError for a scheme that is not known.
    """
    text = os.fspath(given)
    match = _ADDRESS.match(text)
    if match is None or isinstance(given, Path) or os.path.lexists(text):
        return None
    made = SCHEMES.get(match["scheme"].lower())
    if made is not None:
        return made(text)
    if match["slashes"] is None:
        return None
    raise ConfigError(f"{match['scheme']}:// is no source that can be ingested: give a path, or {_known()}")


def _known() -> str:
    return "git:DIR[@REVISION]"
