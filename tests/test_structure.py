"""Imports point one way: between the packages, between the folders within them, and between the modules of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.structure import PACKAGES, ROOT, arrows_of, circles, imported_by, rooms_of

FOLDERS = sorted(
    {path.parent.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
)

FLOORS: dict[str, tuple[tuple[str, ...], ...]] = {
    "retrieval": (
        (
            *("errors", "memory", "types", "text", "config", "array_cache", "json_text", "given_numbers"),
            *(
                "hidden",
                "injection",
                "hits",
                "files",
                "ids",
                "plan",
                "folder",
                "extras",
                "choices",
                "forks",
                "cores",
                "fair_lock",
                "roots",
                "also_in",
                "citations",
                "merged_hits",
                "plan",
                "understood",
                "words",
            ),
        ),
        ("store",),
        ("models", "filters"),
        ("dense", "lexical"),
        ("first_stage",),
        ("late_interaction", "syntax"),
        ("remote",),
        ("search", "duplicates", "labels"),
        ("verification", "document_map"),
        ("answering",),
        ("collection",),
        ("evaluation", "integrations"),
        ("training",),
    ),
    "ingest": (
        ("globs", "ignored", "encoding_cost", "report", "confinement", "chunker", "loaders"),
        ("walk",),
        ("scan", "workers", "document_limits", "personal_data", "injection"),
        ("file_digests", "sources"),
        ("ocr_choice", "path_checks", "speech_choice", "sync", "writing"),
        ("given",),
        ("left_out", "run_progress", "maintenance", "fleet", "file_ingest", "model_choices", "recordings"),
        ("ingest_run",),
        ("pipeline",),
        ("workflows", "writable_collection", "watching", "distributed"),
    ),
    "ui": (
        ("present", "sources"),
        ("service",),
        ("commands", "web"),
        ("pages",),
        ("app", "cli"),
    ),
}
"""From the ground up: a room imports from its own floor and those below."""


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_circle_of_imports(folder: str) -> None:
    """Of the files and folders in a folder, none imports one that leads back to it."""
    arrows = arrows_of(folder)
    assert circles(arrows) == [], sorted(arrows.items())


@pytest.mark.parametrize("package", FLOORS)
def test_no_import_points_up(package: str) -> None:
    """A room of a package imports from no floor above its own, and every room has a floor."""
    floor = {room: number for number, rooms in enumerate(FLOORS[package]) for room in rooms}
    assert sorted(floor) == sorted(rooms_of(package))
    up = [imports for (room, target), imports in arrows_of(package).items() if floor[room] < floor[target]]
    assert up == []


@pytest.mark.parametrize(
    ("package", "may_import"),
    [("retrieval", {"retrieval"}), ("ingest", {"retrieval", "ingest"}), ("ui", set(PACKAGES))],
)
def test_packages_point_one_way(package: str, may_import: set[str]) -> None:
    """ui -> ingest -> retrieval: no module, not even inside a function, imports against the arrow."""
    against = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for module in imported_by(path)
        if module.partition(".")[0] not in may_import
    ]
    assert against == []


def test_a_circle_is_seen() -> None:
    """The tests above would see one: two rooms that import each other, also by way of a third."""
    assert circles({("a", "b"): [], ("b", "c"): []}) == []
    assert circles({("a", "b"): [], ("b", "c"): [], ("c", "a"): [], ("d", "a"): []}) == [{"a", "b", "c"}]


def test_a_module_has_a_name_of_its_own() -> None:
    """A newcomer who looks for a file by its name finds one, but for those that a folder or a page gives the name."""
    seen: dict[str, list[str]] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.stem != "__init__":
                seen.setdefault(path.stem, []).append(path.relative_to(ROOT).as_posix())
    twice = {name: paths for name, paths in seen.items() if len(paths) > 1}
    assert set(twice) <= MAY_OCCUR_TWICE, twice


MAY_OCCUR_TWICE = {"context", "evaluate"}
"""A page or command goes by the name of what it shows or does."""


def test_folders_are_named_by_what_is_in_them() -> None:
    """Each package says in a line what it holds."""
    for folder in FOLDERS:
        first = (Path(ROOT) / folder / "__init__.py").read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith('"""'), folder
