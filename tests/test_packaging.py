"""What is shipped: the wheel's contents, what an import loads, which way imports point, how long modules are."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("retrieval", "ingest", "ui")
MAY_IMPORT: dict[str, set[str]] = {"retrieval": set(), "ingest": {"retrieval"}, "ui": {"retrieval", "ingest"}}
LONGEST_MODULE = 300  # lines


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy of what git would check out, so that no build folder of this tree leaks into it."""
    pytest.importorskip("setuptools", minversion="77", reason="building the wheel needs setuptools 77 or newer")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    for path in _package_files():
        target = source / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (source / "tests").mkdir()
    (source / "tests" / "__init__.py").write_text("")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)],
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("*.whl")
    return zipfile.ZipFile(built)


def _package_files() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _modules() -> list[Path]:
    return [path for path in _package_files() if path.suffix == ".py"]


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Modules, py.typed, migrations and UI pages are in the wheel; tests and data are not."""
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == {path.relative_to(ROOT).as_posix() for path in _package_files()}
    assert {f"{package}/py.typed" for package in PACKAGES} <= shipped
    assert "retrieval/migrations/env.py" in shipped
    assert any(re.fullmatch(r"retrieval/migrations/versions/\w+\.py", name) for name in shipped)
    assert {"ui/cli.py", "ui/app.py"} <= shipped


def test_the_wheel_names_its_version_licence_and_command(wheel: zipfile.ZipFile) -> None:
    """The version is the one the changelog begins with, the licence travels along, and the command is there."""
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    metadata = Parser().parsestr(wheel.read(f"{folder}/METADATA").decode())
    assert metadata["Name"] == "passagework"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert wheel.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert "passagework = ui.cli:main" in wheel.read(f"{folder}/entry_points.txt").decode()
    latest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert latest is not None
    assert metadata["Version"] == latest[1]


def test_the_wheel_works_outside_the_checkout(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """From the wheel's files alone, a document is ingested and found."""
    wheel.extractall(tmp_path / "site")
    (tmp_path / "note.md").write_text("# Bees\n\nThe hive behind the library holds forty thousand bees.\n")
    script = (
        "import retrieval, ingest\n"
        f"assert retrieval.__file__.startswith({str(tmp_path)!r}), retrieval.__file__\n"
        "ingest.ingest(['note.md'], collection='c')\n"
        "with retrieval.Collection.open('c') as collection:\n"
        "    print(collection.search('how many bees', k=1, stage='hybrid')[0].text)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "forty thousand bees" in run.stdout


@pytest.mark.parametrize("package", ["retrieval", "ingest"])
def test_importing_loads_neither_torch_nor_faiss(package: str) -> None:
    """`import retrieval` and `import ingest` are quick: the heavy libraries come with the first encoder or index."""
    script = (
        f"import {package}, sys\n"
        "heavy = {'torch', 'faiss', 'transformers', 'sentence_transformers', 'streamlit', 'markitdown', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_one_way(package: str) -> None:
    """ui -> ingest -> retrieval: no module, not even inside a function, imports against the arrow."""
    against = []
    for path in _modules():
        if path.relative_to(ROOT).parts[0] != package:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                top = name.split(".")[0]
                if top in PACKAGES and top != package and top not in MAY_IMPORT[package]:
                    against.append(f"{path.relative_to(ROOT)}:{node.lineno} imports {name}")
    assert against == []


def test_no_module_is_longer_than_the_style_allows() -> None:
    """A module of more than 300 lines is split."""
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in _modules()
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}
    assert "retrieval/types.py" in lengths
