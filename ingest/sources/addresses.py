"""Tells what an ingest was given apart: paths of this machine, and addresses of other sources."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from passagework.ingest.sources.source import Source
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.extras import install_command, missing_modules

if TYPE_CHECKING:
    from passagework.ingest.sources.web_pages import WebPages

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+):(?P<slashes>//)?", re.IGNORECASE)


PathOrSource: TypeAlias = "str | Path | WebPages"
"""What can be ingested: a path or an address, or pages of the web with what was said about how they are asked for."""


def _git(address: str) -> Source:
    from passagework.ingest.sources.git_repository import GitRepository

    return GitRepository.at(address.partition(":")[2])


def _web(address: str) -> Source:
    from passagework.ingest.sources.web_pages import WebPages, WebSource

    return WebSource(WebPages(address))


SCHEMES: Mapping[str, Callable[[str], Source]] = {"git": _git, "http": _web, "https": _web, "urls": _web}
"""How a source is made of its address, by the scheme."""
WEB = ("http", "https", "urls")


def source_at(given: PathOrSource) -> Source | None:
    """Returns the source that an address names, or that was given as such; None for a path.

    What lies on this machine under that very name is a path. Raises ConfigError for a scheme that is not known.
    """
    if isinstance(given, Path):
        return None
    if not isinstance(given, str):
        from passagework.ingest.sources.web_pages import WebPages, WebSource

        if not isinstance(given, WebPages):
            raise ConfigError(f"{given!r} can't be ingested: give a path, an address, or WebPages")
        return WebSource(given)
    match = _ADDRESS.match(given)
    if match is None or os.path.lexists(given):
        return None
    made = SCHEMES.get(match["scheme"].lower())
    if made is not None:
        return made(given)
    if match["slashes"] is None:
        return None
    from passagework.ingest.sources.remote_files import RemoteFiles, is_remote_scheme

    if is_remote_scheme(match["scheme"].lower()):
        return RemoteFiles(given)
    raise ConfigError(f"{match['scheme']}:// is no source that can be ingested: give a path, or {_known()}")


def with_web_options(
    paths: Sequence[str], *, allow_hosts: Sequence[str], allow_private: bool
) -> Sequence[PathOrSource]:
    """Returns the paths, those of the web as such that may ask further hosts, and private addresses.

    Raises ConfigError where there is none of the web.
    """
    if not allow_hosts and not allow_private:
        return paths
    from passagework.ingest.sources.web_pages import WebPages

    sources = {
        path: WebPages(path, allow_hosts=allow_hosts, allow_private=allow_private)
        for path in paths
        if path.partition(":")[0].lower() in WEB and not os.path.lexists(path)
    }
    if not sources:
        raise ConfigError("no PATH is an address of the web: leave --allow-host and --allow-private out")
    return [sources.get(path, path) for path in paths]


def _known() -> str:
    more = "" if missing_modules("remote-files") else ", or what fsspec knows, such as s3://BUCKET/FOLDER"
    extra = f"; buckets and the like take the extra: {install_command('remote-files')}" if not more else ""
    return f"git:DIR[@REVISION], https://HOST/PAGE_OR_SITEMAP, urls:FILE{more}{extra}"
