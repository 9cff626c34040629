"""The structure of the packages: rooms (the files and folders directly in a folder) and arrows (imports between them).

    python -m benchmarks.structure [FOLDER ...] [--arrows]

An arrow is counted once for each pair of rooms, whatever the number of imports behind it; imports within functions and
for type checkers count. A circle is a set of rooms of which each reaches the others.
"""

from __future__ import annotations

import argparse
import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("retrieval", "ingest", "ui")
PREFIX = "passagework."

Arrows = dict[tuple[str, str], list[str]]
"""By (room, room that it imports): which file imports which module."""


def rooms_of(folder: str) -> list[str]:
    """The rooms of a folder, by their names in it; a package's own `__init__.py` is none."""
    entries = sorted((ROOT / folder).iterdir())
    files = [entry.stem for entry in entries if entry.suffix == ".py" and entry.stem != "__init__"]
    return files + [entry.name for entry in entries if entry.is_dir() and any(entry.rglob("*.py"))]


def arrows_of(folder: str) -> Arrows:
    """The arrows between the rooms of a folder."""
    rooms = set(rooms_of(folder))
    found: Arrows = defaultdict(list)
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT / folder).with_suffix("").parts
        if parts[0] not in rooms:
            continue
        for module in imported_by(path):
            target = module.removeprefix(f"{folder.replace('/', '.')}.").partition(".")[0]
            if module.startswith(f"{folder.replace('/', '.')}.") and target in rooms and target != parts[0]:
                found[parts[0], target].append(f"{path.relative_to(ROOT)} imports {module}")
    return dict(found)


def imported_by(path: Path) -> Iterator[str]:
    """The modules of this project that a file imports, as `retrieval.store.rows`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            module = name.removeprefix(PREFIX)
            if module.partition(".")[0] in PACKAGES:
                yield module


def circles(arrows: Mapping[tuple[str, str], object]) -> list[set[str]]:
    """Sets of rooms that reach each other."""
    ahead: dict[str, set[str]] = defaultdict(set)
    for room, target in arrows:
        ahead[room].add(target)

    def reached(room: str) -> set[str]:
        seen: set[str] = set()
        waiting = [room]
        while waiting:
            for target in ahead[waiting.pop()] - seen:
                seen.add(target)
                waiting.append(target)
        return seen

    reach = {room: reached(room) for room in list(ahead)}
    found: list[set[str]] = []
    for room, seen in reach.items():
        if room in seen and not any(room in circle for circle in found):
            found.append({room, *(other for other in seen if room in reach.get(other, ()))})
    return found


def main() -> None:
    """Prints rooms, arrows and circles of each folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", default=PACKAGES)
    parser.add_argument("--arrows", action="store_true", help="list the arrows")
    asked = parser.parse_args()
    for folder in asked.folders:
        arrows = arrows_of(folder)
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py"))
        print(f"{folder}/: {len(rooms_of(folder))} rooms, {len(arrows)} arrows, {len(circles(arrows))} circles, "
              f"{lines:,} lines")  # fmt: skip
        if asked.arrows:
            for (room, target), imports in sorted(arrows.items()):
                print(f"  {room} -> {target} ({len(imports)})")


if __name__ == "__main__":
    main()
