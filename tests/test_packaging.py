"""What is shipped: the wheel's contents, what an import loads, which way imports point, how long modules are."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

import passagework

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
    yield from (ROOT / "passagework" / name for name in ("__init__.py", "py.typed"))
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _modules() -> list[Path]:
    return [path for path in _package_files() if path.suffix == ".py"]


def _installed(path: Path) -> str:
    """Where a file of the tree is in the wheel: the source folders lie within the package."""
    relative = path.relative_to(ROOT).as_posix()
    return relative if relative.startswith("passagework/") else f"passagework/{relative}"


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Modules, py.typed, migrations and UI pages are in the wheel, all in one package; tests and data are not."""
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == {_installed(path) for path in _package_files()}
    assert "passagework/py.typed" in shipped
    assert any(re.fullmatch(r"passagework/retrieval/store/migrations/versions/\w+\.py", name) for name in shipped)
    assert {"passagework/ui/cli.py", "passagework/ui/app.py"} <= shipped


def test_the_wheel_names_its_version_licence_and_command(wheel: zipfile.ZipFile) -> None:
    """The version is the one the changelog begins with, the licence travels along, and the command is there."""
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    metadata = Parser().parsestr(wheel.read(f"{folder}/METADATA").decode())
    assert metadata["Name"] == "passagework"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert wheel.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert "passagework = passagework.ui.cli:main" in wheel.read(f"{folder}/entry_points.txt").decode()
    latest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert latest is not None
    assert metadata["Version"] == latest[1]


SEARCH = """
from passagework import Collection, PassageworkError, ingest

report = ingest(["note.md"], collection="c")
assert report.added == 1, report
with Collection.open("c") as collection:
    print(collection.search("how many bees", k=1, stage="hybrid")[0].text)
"""


@pytest.fixture(scope="module")
def site(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages with the wheel's files in it."""
    folder = tmp_path_factory.mktemp("installed") / "site-packages"
    wheel.extractall(folder)
    return folder


def _run_outside(site: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in another folder, with the wheel in place of this checkout."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheel_works_outside_the_checkout(site: Path, tmp_path: Path) -> None:
    """From the wheel's files alone, a document is ingested and found."""
    (tmp_path / "note.md").write_text("# Bees\n\nThe hive behind the library holds forty thousand bees.\n")
    script = f"import passagework.retrieval as r; assert r.__file__.startswith({str(site)!r}), r.__file__\n{SEARCH}"
    run = _run_outside(site, tmp_path, "-c", script)
    assert run.returncode == 0, run.stderr
    assert "forty thousand bees" in run.stdout


def test_a_users_own_files_of_the_same_names_change_nothing(site: Path, tmp_path: Path) -> None:
    """A script `ingest.py` beside folders of our names, each of which would fail if it were imported."""
    (tmp_path / "note.md").write_text("# Bees\n\nThe hive behind the library holds forty thousand bees.\n")
    for name in ("retrieval", "ui", "tests", "benchmarks"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('the user\\'s own')\n")
    (tmp_path / "ingest.py").write_text(SEARCH)
    run = _run_outside(site, tmp_path, "ingest.py")
    assert run.returncode == 0, run.stderr
    assert "forty thousand bees" in run.stdout
    run = _run_outside(site, tmp_path, "-m", "passagework.ui.cli", "search", "bees", "--collection", "c", "--json")
    assert run.returncode == 0, run.stderr
    assert "forty thousand bees" in run.stdout


@pytest.mark.parametrize("old", ["retrieval", "ingest", "ui"])
def test_an_old_import_says_what_to_write_instead(old: str) -> None:
    """In a checkout the source folders can be found by their own names; importing one ends in one line."""
    run = subprocess.run([sys.executable, "-c", f"import {old}"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith(f"ImportError: `{old}` is a part of passagework: write `from passage")


def test_the_package_can_be_called_like_its_function() -> None:
    """`from passagework import ingest` is what it says, whatever was imported before."""
    assert callable(passagework.ingest)
    assert str(inspect.signature(passagework.ingest)).startswith("(paths: ")
    assert set(passagework.__all__) == set(dir(passagework))
    for name in passagework.__all__:
        assert getattr(passagework, name) is not None


@pytest.mark.parametrize("package", ["passagework", "passagework.retrieval", "passagework.ingest"])
def test_importing_loads_neither_torch_nor_faiss(package: str) -> None:
    """`import passagework` is quick: the heavy libraries come with the first encoder or index."""
    script = (
        f"import {package}, sys\n"
        "heavy = {'torch', 'faiss', 'transformers', 'sentence_transformers', 'streamlit', 'markitdown', 'pandas'}\n"
        "heavy |= {'sqlalchemy', 'numpy'}\n"
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
                first, _, rest = name.partition(".")
                top = rest.split(".")[0] if first == "passagework" else first
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
