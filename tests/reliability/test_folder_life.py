"""A folder's life: whatever is done to files and folders, a collection equals a model of it after every ingest."""

from __future__ import annotations

import os
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from passagework import Collection, ingest
from tests.support.fakes import FakeEncoder

FOLDERS = ("", "sub", "sub/deep", unicodedata.normalize("NFD", "Gehälter"))
NAMES = ("a.md", "b.md", unicodedata.normalize("NFD", "Übersicht.md"))

places = st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES))
steps = st.one_of(
    st.tuples(st.just("write"), places),
    st.tuples(st.just("remove"), places),
    st.tuples(st.just("move"), places, places),
    st.tuples(st.just("rename case"), places),
    st.tuples(st.just("rename root")),
    st.tuples(st.just("ingest"), st.sampled_from(FOLDERS), st.booleans()),
    st.tuples(st.just("ingest file"), places, st.booleans()),
)


class Model:
    """What the collection is to hold: the path and the text of each file, by where it lies."""

    def __init__(self) -> None:
        self.records: dict[str, tuple[str, str]] = {}
        self.roots: set[str] = set()

    def ingest(self, target: Path, delete_missing: bool) -> int:
        """Brings what lies at `target` in; returns how many documents are gone from disk and stay."""
        known = {root for root in self.roots if any(is_in(place, root) for place in self.records)}
        self.roots = known | ({str(target)} if target.is_dir() else set())
        files = [target] if target.is_file() else sorted(file for file in target.rglob("*") if file.is_file())
        gone = {text: place for place, (_, text) in self.records.items() if not Path(place).is_file()}
        moved_roots = {}
        for file in files:
            text, place = file.read_text(), str(file)
            base = str(target if target.is_dir() else target.parent)
            root = min([root for root in self.roots if is_in(base, root)] or [base], key=len)
            path = unicodedata.normalize("NFC", os.path.relpath(place, root))
            if place in self.records and self.records[place][0].endswith(f"/{path}"):
                path = self.records[place][0]
            if place not in self.records and text in gone:
                old = gone.pop(text)
                old_path, _ = self.records.pop(old)
                if old_path == path:
                    moved_roots[folder_of(old, old_path)] = folder_of(place, path)
            self.records[place] = path, text
        for place, (path, _) in list(self.records.items()):
            if Path(place).is_file():
                continue
            new_root = moved_roots.get(folder_of(place, path))
            successor = "" if new_root is None else new_root + place[len(folder_of(place, path)) :]
            if delete_missing and (is_in(place, str(target)) or successor in map(str, files)):
                del self.records[place]
        return sum(not Path(place).is_file() for place in self.records)


def is_in(place: str, root: str) -> bool:
    """Tells whether a place is a root, or lies in it."""
    return place == root or place.startswith(f"{root}/")


def folder_of(place: str, path: str) -> str:
    """Returns the folder that a path is relative to."""
    return place.rsplit("/", path.count("/") + 1)[0]


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, min_size=3, max_size=10), st.booleans())
def test_a_collection_equals_its_model(
    tmp_path_factory: pytest.TempPathFactory, life: list[tuple[Any, ...]], elsewhere: bool
) -> None:
    """Documents, paths, texts and the count of those gone from disk; paths given relative to changing folders."""
    base = tmp_path_factory.mktemp("life")
    root, model, encoder = base / "docs", Model(), FakeEncoder()
    (base / "other").mkdir()
    for number, name in enumerate(("a.md", "b.md", "sub/a.md")):
        write(root / name, -number)
    for number, (kind, *details) in enumerate([("ingest", "", False), *life, ("ingest", "", True)]):
        if kind == "rename root":
            root = root.rename(base / f"docs{number}")
        elif kind in ("ingest", "ingest file"):
            target = root / details[0] if kind == "ingest" else root / details[0][0] / details[0][1]
            check(base, target, model, encoder, details[1], elsewhere)
        else:
            change(root, number, kind, *(root / folder / name for folder, name in details))
    shutil.rmtree(base)


def change(root: Path, number: int, kind: str, file: Path, other: Path | None = None) -> None:
    """Does one thing to a file, where it is there."""
    if kind == "write":
        write(file, number)
    elif not file.is_file():
        return
    elif kind == "remove":
        file.unlink()
    elif other is not None:
        other.parent.mkdir(parents=True, exist_ok=True)
        file.replace(other)
    else:
        file.replace(file.with_stem(file.stem.swapcase()))


def write(path: Path, number: int) -> None:
    """Writes a text that no other file has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"apple river stone number{number}")


def check(base: Path, target: Path, model: Model, encoder: FakeEncoder, delete_missing: bool, elsewhere: bool) -> None:
    """Ingests what is there, from one folder or another, and compares."""
    if not target.exists() or (target.is_dir() and not any(file.is_file() for file in target.rglob("*"))):
        return
    before = Path.cwd()
    os.chdir(base / "other" if elsewhere else target.parent)
    try:
        paths, folder = os.path.relpath(target), os.path.relpath(base / "c")
        report = ingest(paths, folder, encoder=encoder, delete_missing=delete_missing)
    finally:
        os.chdir(before)
    gone = model.ingest(target, delete_missing)
    with Collection.open(base / "c", encoder=encoder) as collection:
        found = {row.uri: (row.path, collection.document(row.id).text) for row in collection.documents()}
    assert found == {Path(place).as_uri(): record for place, record in model.records.items()}
    assert (report.gone, report.failed) == (gone, [])
