"""Lists what a parser may read beside the files it is given: Python, its libraries, and data on every machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_PACKAGES = ("site-packages", "dist-packages")
_OURS = ("passagework", "passagework.retrieval", "passagework.ingest", "passagework.ui")
"""Each may lie in a folder of its own: in a checkout they do."""

_SYSTEM = (
    # shared libraries, where distributions keep them; and the loader's own files
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store"),
    *("/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
    # time zones, types by suffix, and the fonts that pdfium measures text with where a PDF brings none
    *("/usr/share/zoneinfo", "/etc/localtime", "/etc/mime.types", "/etc/httpd/mime.types", "/etc/apache2/mime.types"),
    *("/usr/share/fonts", "/usr/share/X11/fonts", "/usr/local/share/fonts"),
    # chance, nothing, and what numeric libraries ask of the processor
    *("/dev/urandom", "/dev/random", "/dev/null", "/dev/zero"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
)


def readable_paths() -> Iterator[Path]:
    """Yields the paths beneath which a confined process may read; they need not exist.

    Import paths count where they hold installed packages or were named in PYTHONPATH: the folder of the script that
    runs, or the current one, may be anybody's home. This package's own folders are there, not the one around them.
    """
    for package in _OURS:
        spec = find_spec(package)
        yield from map(Path, (spec and spec.submodule_search_locations) or ())
    yield Path(os.__file__).parent  # the standard library
    yield from (Path(entry) for entry in sys.path if Path(entry).name in _PACKAGES)
    if sys.pycache_prefix:
        yield Path(sys.pycache_prefix)
    if Path(sys.base_prefix) != Path("/usr"):
        yield Path(sys.base_prefix) / "lib"
    for name in ("PYTHONPATH", "LD_LIBRARY_PATH"):
        yield from (Path(entry) for entry in os.environ.get(name, "").split(os.pathsep) if _is_narrow(entry))
    yield from map(Path, _SYSTEM)


def _is_narrow(entry: str) -> bool:
    """Tells whether an entry can be let in: it is absolute, and the home doesn't lie beneath it."""
    path = Path(entry)
    return path.is_absolute() and not Path.home().is_relative_to(path)
