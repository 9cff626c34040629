"""What an install with some extras brings, by the metadata of what is installed here; and a copy of just that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from passagework.retrieval.models.weights import _bundled

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
OURS = "passagework"
SLIM = ("cpu", "fast", "offline")
PACKAGES = ("retrieval", "ingest", "ui")
WEIGHTS = ROOT / "retrieval" / "models" / "default_encoder"


def project() -> dict[str, Any]:
    """The table `project` of this checkout's pyproject.toml; the metadata installed may be of another checkout."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def requirements(extras: Iterable[str]) -> list[Requirement]:
    """What this checkout asks for with these extras, those that an extra takes in included."""
    told = project()
    texts = list(told["dependencies"])
    for extra in extras:
        texts += told["optional-dependencies"][extra]
    found = [Requirement(text) for text in texts]
    for own in [one for one in found if canonicalize_name(one.name) == OURS]:
        found.remove(own)
        found += requirements(own.extras)
    return found


def closure(extras: Iterable[str]) -> dict[str, Distribution]:
    """Every distribution that an install with these extras brings, by its name; skips where one isn't installed."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    pending = requirements(extras)
    while pending:
        wanted = pending.pop()
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        name = canonicalize_name(wanted.name)
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            pytest.skip(f"{name} isn't installed here, so what it brings can't be told: make test installs it")
        for extra in ("", *wanted.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            for text in found[name].requires or ():
                one = Requirement(text)
                if one.marker is None or one.marker.evaluate({"extra": extra}):
                    one.marker = None
                    pending.append(one)
    return found


def installed_bytes(found: Iterable[Distribution]) -> int:
    """What the distributions take on disk, byte code included."""
    return sum(
        path.stat().st_size
        for one in found
        for file in one.files or ()
        if (path := Path(str(one.locate_file(file)))).is_file()
    )


def package_files() -> list[Path]:
    """The files of the checkout that are shipped, without the weights, which git doesn't hold."""
    folders = (ROOT / OURS, ROOT / OURS / "integrations")  # beside them are links to the source folders
    named = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix in {".py", ".typed"}]
    found = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*")))
    return named + [path for path in found if path.is_file() and _is_shipped(path)]


def _is_shipped(path: Path) -> bool:
    return "__pycache__" not in path.parts and WEIGHTS not in path.parents


def installed_path(path: Path) -> str:
    """Where a file of the checkout is in an install: the source folders lie within the package."""
    relative = path.relative_to(ROOT).as_posix()
    return relative if relative.startswith(f"{OURS}/") else f"{OURS}/{relative}"


def weights_folder() -> Path:
    """The default encoder's weights on this machine; skips where there are none."""
    found = _bundled()
    if found is None:
        pytest.skip("the default encoder's weights aren't here: make setup fetches them")
    return found.path


def link(source: Path, target: Path) -> None:
    """The file under a second name, or a copy of it on another disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)


def make_environment(folder: Path, extras: Iterable[str]) -> Path:
    """A virtual environment with this checkout and what these extras bring, no more; returns its Python.

    The files are links to those installed here. Symbolic ones would not do: a parser is confined to its own
    environment.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("[Ll]ib/**/site-packages")
    for one in closure(extras).values():
        home = Path(str(one.locate_file("")))
        for file in one.files or ():
            source = Path(str(one.locate_file(file)))
            if ".." not in file.parts and source.is_file() and source.is_relative_to(home):
                link(source, site / str(file))
    for path in package_files():
        link(path, site / installed_path(path))
    shutil.copytree(weights_folder(), site / installed_path(WEIGHTS), copy_function=lambda a, b: link(Path(a), Path(b)))
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
