"""The command line: what it prints, as JSON and for people, and how it exits."""

from __future__ import annotations

import io
import json
import math
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import passagework.ui.web.server
from passagework.retrieval import BiEncoder
from passagework.retrieval.config import Settings
from passagework.retrieval.models.bi_encoder import bi_encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.weights import ResolvedModel
from passagework.retrieval.types import Fusion, Stage
from passagework.ui.cli import app, main
from tests.support.browser_sessions import free_port
from tests.support.pdf_files import typed
from tests.support.tiny_models import tiny_bert

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "passagework.ui.cli"]

TRAVEL = """---
title: Travel policy
year: 2024
---
# Approval

Trips abroad are approved by the head of department.
A trip to another continent is approved by the Director — always.
"""
HOSTILE = "# Gulls [bold]x[/bold]\n\nThe keeper counts [red]gulls[/red] \x1b[31mat\x1b[0m noon. <i>Loud</i>\n"
TWICE = '{"year": {"$gte": 2020}, "year": {"$lt": 2022}}'
RECORDS = (
    '{"_id": "r1", "title": "Cats", "text": "cats purr at night", "year": 2020}\n'
    '{"_id": "r2", "title": "Dogs", "text": "dogs bark at night", "year": 2021}\n'
    "{broken\n"
)


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout; nothing else may be there, and nothing on stderr."""
        assert (self.code, self.err) == (0, "")
        assert self.out.count("\n") == 1
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))

    @property
    def complaint(self) -> str:
        """The one line on stderr of a command that printed nothing else."""
        assert self.out == ""
        assert re.fullmatch(r"passagework: [^\n]+\n", self.err), self.err
        return self.err


def run(*arguments: str | Path) -> Outcome:
    """The console script in this process, called with these arguments."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["passagework", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
    assert isinstance(stopped.value.code, int)
    return Outcome(stopped.value.code, *(text.buffer.getvalue().decode() for text in (out, err)))


def run_apart(*arguments: str | Path | bytes, **environment: str) -> Outcome:
    """The same as a process of its own."""
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, check=False, env={**os.environ, **environment}, cwd=ROOT
    )
    return Outcome(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


@pytest.fixture(scope="module", autouse=True)
def one_model() -> Iterator[None]:
    """The real encoder, read from disk once for all tests of this file: each command would load it again."""
    loaded: dict[object, BiEncoder] = {}

    def once(resolved: ResolvedModel, options: EncoderOptions, settings: Settings) -> BiEncoder:
        if (resolved.path, options) not in loaded:
            loaded[resolved.path, options] = bi_encoder(resolved, options, settings)
        return loaded[resolved.path, options]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("passagework.retrieval.models.identity.bi_encoder", once)
        patch.setattr("passagework.retrieval.models.encoder_loading.bi_encoder", once)
        yield


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Markdown file with metadata, a hostile one, a PDF of two pages, records of which one is bad, and a binary."""
    folder = tmp_path_factory.mktemp("files") / "docs"
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "travel.md").write_text(TRAVEL, encoding="utf-8")
    (folder / "evil.md").write_text(HOSTILE, encoding="utf-8")
    (folder / "grid.pdf").write_bytes(typed([["Cover sheet."], ["The battery carries the grid for nine hours."]]))
    (folder / "rec.jsonl").write_text(RECORDS, encoding="utf-8")
    (folder / "x.dat").write_bytes(b"\0\1")
    return folder


@pytest.fixture(scope="module")
def ingested(docs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """The collection of `docs`, and what `ingest --json` printed when it was made."""
    folder = tmp_path_factory.mktemp("collections") / "c"
    return folder, run("ingest", docs, "--collection", folder, "--json")


@pytest.fixture(scope="module")
def collection(ingested: tuple[Path, Outcome]) -> Path:
    """The collection of `docs`, which no test changes."""
    return ingested[0]


@pytest.fixture
def copy(collection: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(collection, tmp_path / "copy"))


def of_type(value: Any, shape: Any) -> bool:
    """Whether JSON has a shape: a type, several, a list of one shape, or exactly these keys."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and value.keys() == shape.keys() and all(map(of_type, *_pairs(value, shape)))
    if isinstance(shape, list):
        return isinstance(value, list) and all(of_type(one, shape[0]) for one in value)
    if shape in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if shape is float else shape)


def _pairs(value: dict[str, Any], shape: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    return [value[key] for key in shape], list(shape.values())


PROBLEMS = [{"path": str, "reason": str}]
HIT = {
    "rank": int,
    "score": float,
    "relevance": float,
    "text": str,
    "document": str,
    "path": str,
    "title": str,
    "pages": [int],
    "lines": [int],
    "seconds": [float],
    "start": int,
    "end": int,
    "headings": [str],
    "metadata": dict,
    "stages": dict,
    "hidden": list,
    "evidence": dict,
    "also_in": list,
}
STATUS = {
    "collection": str,
    "version": str,
    "files": int,
    "failed": int,
    "documents": int,
    "passages": int,
    "cut": int,
    "vectors": int,
    "encoder": {
        "model": str,
        "revision": (str, type(None)),
        "weights": str,
        "pooling": str,
        "query_prompt": str,
        "passage_prompt": str,
        "dimension": int,
        "normalized": bool,
    },
    "backend": str,
    "window": int,
    "chunking": {"passage_tokens": int, "overlap_tokens": int, "whole": bool},
    "index": {
        "kind": str,
        "passages": int,
        "since_build": int,
        "saved": (str, type(None)),
        "recall@10": (float, type(None)),
        "set_aside": [str],
    },
    "token_vectors": {"bits": int, "passages": int, "bytes": int},
    "languages": dict,
    "fields": [str],
    "watch": type(None),
    "parsers": {"confined": str, "workers": int, "seconds": float, "memory_mb": int},
    "created": str,
    "bytes": int,
}


class TestJson:
    """--json prints one object, with these keys and types."""

    def test_ingest(self, ingested: tuple[Path, Outcome]) -> None:
        """Counts of documents, reasons in one line, unsupported types apart; failures don't change the exit code."""
        found = ingested[1].json
        counts = dict.fromkeys(("added", "updated", "moved", "deleted", "unchanged", "gone"), int)
        problems = dict.fromkeys(("failed", "skipped", "notes"), PROBLEMS)
        rest = {"passages": int, "encoded": int, "cut": int, "token_vectors": int, "seconds": float, "dry_run": bool}
        gone = {"gone_from": [{"root": str, "documents": int}]}
        ignored = {"ignored": [{"path": str, "reason": str, "entries": int, "documents": int}]}
        unread = {"unread": [{"type": str, "files": int, "way_out": str}]}
        assert of_type(found, {**counts, **gone, **problems, **unread, **ignored, **rest})
        way = "built by programs, and nothing to be read"
        assert found["unread"] == [{"type": ".dat", "files": 1, "way_out": way}]
        assert [found[name] for name in counts] == [5, 0, 0, 0, 0, 0]
        [failed] = found["failed"]
        assert (failed["path"], failed["reason"][:8]) == ("rec.jsonl", "line 3: ")
        assert [one["path"] for one in found["skipped"]] == ["x.dat"]
        assert (found["passages"], found["encoded"], found["cut"]) == (5, 5, 0)

    def test_ingest_leaves_out_what_nobody_wrote(self, tmp_path: Path) -> None:
        """It is on the report with its reason, `--no-ignore` takes it, and what has no text is skipped."""
        for name in ("node_modules/x/README.md", "drafts/a.md", "b.md"):
            (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "docs" / name).write_text(f"Of {name}.")
        (tmp_path / "docs" / ".gitignore").write_text("drafts/\n")
        (tmp_path / "docs" / "page.html").write_text("<script>start()</script>")
        command = ("ingest", tmp_path / "docs", "--collection", tmp_path / "c", "--json")
        found = run(*command).json
        assert (found["added"], found["failed"]) == (1, [])
        assert found["skipped"] == [{"path": "page.html", "reason": "no text: the page shows none"}]
        assert found["ignored"] == [
            {"path": "drafts", "reason": ".gitignore", "entries": 1, "documents": 0},
            {"path": "node_modules", "reason": "installed packages", "entries": 1, "documents": 0},
        ]
        shown = run(*command[:-1]).out
        assert shown.splitlines()[:4] == [
            "1 unchanged, 1 skipped, 2 ignored",
            "skipped  page.html: no text: the page shows none",
            "ignored  drafts: .gitignore",
            "ignored  node_modules: installed packages",
        ]
        found = run(*command, "--no-ignore").json
        assert (found["added"], found["unchanged"], found["ignored"]) == (2, 1, [])

    def test_ingest_again(self, docs: Path, copy: Path) -> None:
        """A dry run and the run itself say the same: nothing to do."""
        for dry_run in (True, False):
            flags = ["--dry-run"] if dry_run else []
            found = run("ingest", docs, "--collection", copy, "--json", *flags).json
            assert (found["added"], found["unchanged"], found["dry_run"]) == (0, 5, dry_run)

    def test_search_of_a_file(self, collection: Path, docs: Path) -> None:
        """`document` is the file's URI, `path` relative to the PATH ingested, the text a slice, and each stage told."""
        found = run("search", "who approves a trip abroad?", "--collection", collection, "-k", "2", "--json").json
        assert of_type(found, {"query": str, "plan": dict, "timings_ms": dict, "hits": [HIT], "relevant": int})
        assert found["query"] == "who approves a trip abroad?"
        plan = found["plan"]
        assert (plan["used"], plan["fusion"], plan["candidates"], plan["index"]) == ("rerank", "convex", 200, "exact")
        assert all(isinstance(ms, float) for ms in found["timings_ms"].values())
        assert {"encode", "dense", "lexical", "fusion", "total"} <= found["timings_ms"].keys()
        first, second = found["hits"]
        assert (first["rank"], second["rank"]) == (1, 2)
        assert first["score"] > second["score"]
        assert first["document"] == (docs / "policies" / "travel.md").as_uri()
        assert (first["path"], first["title"], first["pages"]) == ("policies/travel.md", "Travel policy", [])
        assert (first["headings"], first["metadata"]) == (["Approval"], {"year": 2024})
        assert first["end"] - first["start"] == len(first["text"])
        assert "the Director — always." in first["text"]
        assert list(first["stages"]) == ["dense", "lexical", "hybrid", "rerank"]
        for score in list(first["stages"].values())[:-1]:
            assert of_type(score, {"rank": int, "score": float})
        assert of_type(first["stages"]["rerank"], {"rank": int, "score": float, "probability": float})
        assert (first["stages"]["rerank"]["rank"], first["stages"]["rerank"]["score"]) == (1, first["score"])

    def test_search_of_a_record_and_of_a_page(self, collection: Path) -> None:
        """A record goes by its `_id`; pages are counted from 1 as they lie in the file; a filter is in the plan."""
        where = '{"year": {"$lt": 2021}}'
        found = run("search", "animals", "--collection", collection, "--where", where, "--json").json
        assert [(hit["document"], hit["path"]) for hit in found["hits"]] == [("r1", "rec.jsonl")]
        assert found["plan"]["filter"]["matching"] == 1
        found = run("search", "battery", "--collection", collection, "--stage", "lexical", "--json").json
        assert [(hit["path"], hit["pages"]) for hit in found["hits"]] == [("grid.pdf", [1, 2])]
        assert found["hits"][0]["stages"].keys() == {"lexical"}

    def test_search_options(self, collection: Path) -> None:
        """Each option reaches the search: the plan and the hits show it."""
        base = ("search", "night", "--collection", collection, "--json")
        found = run(*base, "--fusion", "rrf", "--candidates", "3", "-k", "1").json
        assert (found["plan"]["fusion"], found["plan"]["candidates"], len(found["hits"])) == ("rrf", 3, 1)
        assert len(run(*base, "-k", "9", "--stage", "dense").json["hits"]) == 5
        least = run(*base, "-k", "9", "--stage", "dense").json["hits"][1]["score"]
        assert len(run(*base, "-k", "9", "--stage", "dense", "--min-score", str(least)).json["hits"]) == 2
        assert len(run(*base, "-k", "9", "--stage", "dense", "--per-document", "1").json["hits"]) == 5

    def test_context(self, collection: Path) -> None:
        """Text with its citations, within the budget."""
        arguments = ("context", "night", "--collection", collection, "--max-tokens", "60", "--json")
        found = run(*arguments, "--where", '{"path": "rec.jsonl"}').json
        citation = {key: shape for key, shape in HIT.items() if key not in ("rank", "stages", "evidence")}
        shape = {"query": str, "text": str, "tokens": int, "max_tokens": int, "plan": dict, "relevant": int}
        assert of_type(found, {**shape, "citations": [{"number": int, "uri": str, **citation}]})
        assert found["max_tokens"] == 60
        assert 0 < found["tokens"] <= 60
        assert [(one["number"], one["document"]) for one in found["citations"]] == [(1, "r2"), (2, "r1")]
        assert found["text"].index("dogs bark at night") < found["text"].index("[2]")
        assert run(*arguments, "--min-score", "99").json["citations"] == []

    def test_copies_and_spread_of_a_search(self, copy: Path, tmp_path: Path) -> None:
        """A text of two files is one hit that names the other, unless copies are kept; the plan tells the spread."""
        (tmp_path / "one.txt").write_text("Otters sleep in the harbour and never pay rent.")
        (tmp_path / "two.txt").write_text("OTTERS sleep, in the harbour, and never pay rent!")
        assert run("ingest", tmp_path / "one.txt", tmp_path / "two.txt", "--collection", copy).code == 0
        asked = ("search", "otters", "--collection", copy, "--stage", "lexical", "--json")
        [hit] = run(*asked).json["hits"]
        assert [one["path"] for one in hit["also_in"]] == [{"one.txt": "two.txt", "two.txt": "one.txt"}[hit["path"]]]
        assert [one["also_in"] for one in run(*asked, "--copies", "keep").json["hits"]] == [[], []]
        assert run(*asked, "--diversity", "0.4").json["plan"]["diversity"] == 0.4
        assert "also in " in run("search", "otters", "--collection", copy, "--stage", "lexical").out
        assert run(*asked, "--copies", "some").code == run(*asked, "--diversity", "2").code == 2

    def test_layouts_of_a_context(self, collection: Path, tmp_path: Path) -> None:
        """Each option reaches the context: blocks and text agree, and another tokenizer counts."""
        arguments = ("context", "night", "--collection", collection, "--json", "--stage", "lexical")
        found = run(*arguments, "--format", "anthropic", "--order", "document", "--expand", "section").json
        assert json.loads(found["text"]) == found["blocks"]
        assert [block["type"] for block in found["blocks"]] == ["document"] * len(found["citations"])
        assert found.keys() >= {"query", "text", "tokens", "citations"}
        assert run(*arguments, "--format", "xml").json["text"].startswith("<documents>")
        from tokenizers import Tokenizer, models, pre_tokenizers

        tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        counted = run(*arguments, "--tokenizer", str(tmp_path)).json
        assert counted["tokens"] == len(counted["text"].split())
        assert run(*arguments, "--format", "html").complaint == (
            "passagework: format is 'html': give one of plain, xml, markdown, json, anthropic, openai\n"
        )
        assert run(*arguments, "--tokenizer", "./nowhere").code == 1

    def test_context_of_one_passage_a_document(self, copy: Path, tmp_path: Path) -> None:
        """`--per-document` limits how many passages come of one, as in a search."""
        parts = "\n\n".join(f"# Part {number}\n\n" + f"Seals rest on rock {number}. " * 60 for number in range(3))
        (tmp_path / "seals.md").write_text(parts)
        (tmp_path / "other.md").write_text("Seals swim.")
        assert run("ingest", tmp_path / "seals.md", tmp_path / "other.md", "--collection", copy).code == 0
        lengths = []
        for options in ((), ("--per-document", "1")):
            asked = ("context", "seals", "--collection", copy, "--stage", "lexical", "--json", *options)
            citations = run(*asked).json["citations"]
            assert {citation["path"] for citation in citations} == {"other.md", "seals.md"}
            lengths.append(sum(one["end"] - one["start"] for one in citations if one["path"] == "seals.md"))
        assert lengths[0] > 2 * lengths[1] > 0

    def test_status(self, collection: Path) -> None:
        """What there is, and what it was made with."""
        found = run("status", "--collection", collection, "--json").json
        assert of_type(found, STATUS)
        assert found["encoder"]["model"] == "sentence-transformers/all-MiniLM-L6-v2"
        assert (found["documents"], found["files"], found["passages"], found["window"]) == (5, 4, 5, 256)
        assert found["index"]["kind"] == "exact"
        assert found["collection"] == str(collection)

    def test_documents(self, collection: Path, docs: Path) -> None:
        """Every document, or those that a filter lets through; and what failed."""
        found = run("documents", "--collection", collection, "--json").json
        shape = {
            **dict.fromkeys(("document", "uri", "path", "title", "media_type", "language"), str),
            **dict.fromkeys(("characters", "pages", "passages", "cut"), int),
            "metadata": dict,
        }
        assert of_type(found, {"documents": [shape], "failed": PROBLEMS})
        uri = (docs / "rec.jsonl").as_uri()
        assert {one["document"]: one["pages"] for one in found["documents"]} == {
            (docs / "evil.md").as_uri(): 0,
            (docs / "grid.pdf").as_uri(): 2,
            (docs / "policies" / "travel.md").as_uri(): 0,
            "r1": 0,
            "r2": 0,
        }
        assert [one["uri"] for one in found["documents"][-2:]] == [f"{uri}#r1", f"{uri}#r2"]
        assert [one["path"] for one in found["failed"]] == ["rec.jsonl"]
        found = run("documents", "--collection", collection, "--where", '{"year": 2024}', "--json").json
        assert [one["path"] for one in found["documents"]] == ["policies/travel.md"]

    def test_delete(self, copy: Path) -> None:
        """A dry run says what would go; then it goes, and nothing else."""
        for dry_run in (True, False):
            flags = ["--dry-run"] if dry_run else []
            found = run("delete", "--collection", copy, "r1", "--json", *flags).json
            assert found == {"deleted": 1, "documents": ["r1"], "dry_run": dry_run}
        where = '{"path": {"$glob": "policies/*"}}'
        assert run("delete", "--collection", copy, "--where", where, "--json").json["deleted"] == 1
        left = run("documents", "--collection", copy, "--json").json["documents"]
        assert [one["path"] for one in left] == ["evil.md", "grid.pdf", "rec.jsonl"]

    @pytest.mark.parametrize("command", [("documents",), ("delete",), ("delete", "--dry-run")])
    def test_what_a_filter_may_have_meant(self, copy: Path, command: tuple[str, ...]) -> None:
        """Nothing is found, which is an answer; a note on stderr names the filter for all beneath the folder."""
        done = run(*command, "--collection", copy, "--where", '{"path": "policies"}', "--json")
        assert (done.code, json.loads(done.out)["documents"]) == (0, [])
        meant = '{"path": {"$glob": "policies/*"}} takes all beneath it'
        assert done.err == f"passagework: note: 'policies' is a folder, no document's path: {meant}\n"
        assert len(run("documents", "--collection", copy, "--json").json["documents"]) == 5

    def test_rebuild(self, copy: Path) -> None:
        """The index of the kind asked for; with another chunking, a new version; the answer is the status."""
        found = run("rebuild", "--collection", copy, "--index", "flat", "--json").json
        assert of_type(found, STATUS)
        assert (found["version"], found["index"]["kind"], found["index"]["since_build"]) == ("v0001", "flat", 0)
        found = run("rebuild", "--collection", copy, "--passage-tokens", "20", "--json").json
        assert of_type(found, STATUS)
        assert (found["version"], found["chunking"]["passage_tokens"]) == ("v0002", 20)
        assert (found["index"]["kind"], found["index"]["since_build"]) == ("exact", 0)
        assert run("search", "battery", "--collection", copy, "--json").json["hits"][0]["path"] == "grid.pdf"

    def test_rebuild_says_what_kind_it_made_instead(self, copy: Path) -> None:
        """An approximate kind makes no sense of a few passages: one line on stderr; stdout is as ever."""
        done = run("rebuild", "--collection", copy, "--index", "hnsw", "--json")
        assert re.fullmatch(r"passagework: note: \d passages are too few for hnsw; the index is flat\n", done.err), (
            done.err
        )
        assert (done.code, json.loads(done.out)["index"]["kind"]) == (0, "flat")

    def test_version(self) -> None:
        """The one of the installed package."""
        done = run("--version")
        assert (done.code, done.out, done.err) == (0, f"passagework {version('passagework')}\n", "")

    def test_nothing_to_ingest(self, tmp_path: Path) -> None:
        """Exit code 0; it is said, and no collection is made."""
        (tmp_path / "docs").mkdir()
        done = run("ingest", tmp_path / "docs", "--collection", tmp_path / "c")
        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines() == [
            "nothing to do",
            "no file of a supported type was found: no collection was made",
        ]
        assert not (tmp_path / "c").exists()

    @pytest.mark.parametrize(
        "options", [("--passage-tokens", "5000"), ("--window", "128", "--passage-tokens", "127"), ("--overlap", "-1")]
    )
    def test_a_dry_run_refuses_what_the_real_one_does(
        self, docs: Path, tmp_path: Path, options: tuple[str, ...]
    ) -> None:
        """In the same words, although it loads no model."""
        dry, real = (
            run("ingest", docs, "--collection", tmp_path / "c", *options, *flag) for flag in (["--dry-run"], [])
        )
        assert (dry.code, dry.complaint) == (real.code, real.complaint) == (2, dry.complaint)


class TestText:
    """Without --json, output is for people."""

    def test_search(self, collection: Path) -> None:
        """Passage, place, scores and plan; markup of a document is text, its escapes are gone."""
        done = run("search", "gulls", "--collection", collection, "-k", "1")
        assert (done.code, done.err) == (0, "")
        lines = done.out.splitlines()
        assert lines[0].startswith(" 1  Gulls [bold]x[/bold]  ")
        assert lines[1:3] == [
            "    evil.md",
            "    The keeper counts [red]gulls[/red] [31mat [0m noon. <i>Loud</i>",
        ]
        stages = r"dense #1 \d\.\d{3}  lexical #1 \d+\.\d{3}  hybrid #1 \d\.\d{3}  rerank #1 \d\.\d{3} \(\d\.\d\d\)"
        assert re.fullmatch(f"    {stages}", lines[3])
        assert lines[5].startswith("plan  rerank, convex fusion, 200 candidates")
        assert any(line.startswith("time  ") for line in lines[-2:])

    def test_context(self, collection: Path) -> None:
        """stdout holds the text as it is, long lines too; stderr tells what was used of the budget."""
        arguments = ("context", "gulls", "--collection", collection, "-k", "1")
        done = run(*arguments)
        text = run(*arguments, "--json").json["text"]
        assert done.out == text.replace("\x1b", " ") + "\n"
        assert re.fullmatch(r"passagework: \d+ of 2,000 tokens, 1 citation\n", done.err)

    @pytest.mark.parametrize(
        ("arguments", "shown"),
        [
            (("status",), "documents      5 from 4 files; 0 failed\n"),
            (("documents",), "policies/travel.md  Travel policy  (1 passage)\n"),
            (("documents",), "failed  rec.jsonl: line 3: "),
            (("delete", "r*", "--dry-run"), "2 documents would be deleted\n"),
        ],
    )
    def test_other_commands(self, collection: Path, arguments: tuple[str, ...], shown: str) -> None:
        """Facts in lines, nothing on stderr."""
        done = run(*arguments, "--collection", collection)
        assert (done.code, done.err) == (0, "")
        assert shown in done.out

    def test_ingest(self, docs: Path, collection: Path) -> None:
        """What was done, and every failure."""
        done = run("ingest", docs, "--collection", collection, "--dry-run")
        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines()[0] == "would be: 5 unchanged, 1 failed, 1 skipped"
        assert "not read  1 .dat: built by programs, and nothing to be read" in done.out


class TestMistakes:
    """A user's mistake is one line on stderr, nothing on stdout, and the right exit code."""

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (("search", ""), 2, "the query is empty"),
            (("search", " \n"), 2, "the query is empty"),
            (("search", "x", "-k", "0"), 2, "k is 0"),
            (("search", "x", "-k", "-1"), 2, "k is -1"),
            (("search", "x", "-k", "many"), 2, "'-k'"),
            (("search", "x", "--candidates", "0"), 2, "candidates is 0"),
            (("search", "x", "--per-document", "0"), 2, "per_document is 0"),
            (("search", "x", "--min-score", "nan"), 2, "min_score is not a number"),
            (("search", "x", "--stage", "best"), 2, "dense, lexical, hybrid, rerank"),
            (("search", "x", "--fusion", "sum"), 2, "convex, rrf"),
            (("search", "x", "--where", "{"), 2, "--where is not JSON"),
            (("search", "x", "--where", "[" * 100_000), 2, "--where is not JSON"),
            (("search", "x", "--where", "[1]"), 2, "--where is not an object"),
            (("search", "x", "--where", '{"year": {"$more": 1}}'), 2, "no operator '$more'"),
            (("search", "x", "--where", '{"colour": "red"}'), 2, "no document has a field 'colour'"),
            (("search", "x", "--where", '{"yaer": 2024}'), 2, "did you mean 'year'?"),
            (("search", "x", "--where", '{"year": NaN}'), 2, "nan"),
            (("search", "x", "--where", TWICE), 2, "--where: 'year' comes twice"),
            (("context", "x", "--where", f'{{"$or": [{{"year": 1}}, {TWICE}]}}'), 2, "--where: 'year' comes twice"),
            (("documents", "--where", '{"year": {"$gt": 1, "$gt": 2}}'), 2, "--where: '$gt' comes twice"),
            (("delete", "--where", TWICE), 2, "--where: 'year' comes twice"),
            (("delete", "--where", '{"yaer": {"$ne": 2024}}'), 2, "did you mean 'year'?"),
            (("delete", "policies"), 2, "the glob 'policies/*' takes all beneath that folder"),
            (("search", "x", "--bogus"), 2, "--bogus"),
            (("search", "x", "--reranker", "/nowhere/model"), 1, "/nowhere/model"),
            (("search",), 2, "QUERY"),
            (("context", "x", "--max-tokens", "0"), 2, "max_tokens is 0"),
            (("context", ""), 2, "the query is empty"),
            (("documents", "--where", "null"), 2, "--where is not an object"),
            (("delete",), 2, "name the documents to delete"),
            (("delete", "nothing-of-that-name"), 2, "no document is named 'nothing-of-that-name'"),
            (("rebuild", "--index", "tree"), 2, "ivf-pq"),
            (("ingest",), 2, "PATH"),
            (("ingest", "/nowhere/at-all"), 1, "/nowhere/at-all: doesn't exist"),
            (("ui", "--port", "70000"), 2, "--port"),
        ],
    )
    def test_arguments(self, collection: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
        """The line names what is wrong."""
        done = run(*arguments, "--collection", collection)
        assert said in done.complaint
        assert done.code == code

    @pytest.mark.parametrize("arguments", [(), ("serch", "x"), ("search", "x"), ("status",), ("--bogus",)])
    def test_no_such_command_or_no_collection_named(self, arguments: tuple[str, ...]) -> None:
        """Usage, in one line."""
        done = run(*arguments)
        assert done.complaint
        assert done.code == 2

    @pytest.mark.parametrize("command", ["search", "context", "status", "documents", "delete", "rebuild", "ui"])
    def test_missing_collection(self, tmp_path: Path, command: str) -> None:
        """Every command but ingest says that there is none and what makes one, and leaves no folder behind."""
        query = ["x"] if command in ("search", "context", "delete") else []
        done = run(command, *query, "--collection", tmp_path / "none")
        assert "no collection at" in done.complaint
        assert "passagework ingest" in done.complaint
        assert done.code == 1
        assert not (tmp_path / "none").exists()

    @pytest.mark.parametrize("command", ["search", "status", "documents", "delete", "rebuild", "ingest"])
    def test_collection_of_a_newer_version(self, copy: Path, docs: Path, command: str) -> None:
        """It is refused, naming the way out, and left as it is."""
        with sqlite3.connect(copy / "v0001" / "store.db") as database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.close()
        more: dict[str, list[str | Path]] = {"search": ["x"], "delete": ["x"], "ingest": [docs]}
        done = run(command, *more.get(command, []), "--collection", copy)
        assert "made by a newer version of passagework (layout 9999)" in done.complaint
        assert done.code == 1

    def test_another_encoder_than_the_collections(self, copy: Path, docs: Path) -> None:
        """Refused with exit code 1."""
        done = run("ingest", docs, "--collection", copy, "--passage-tokens", "50")
        assert "rebuild" in done.complaint
        assert done.code == 1

    def test_message_cannot_drive_the_terminal(self, tmp_path: Path) -> None:
        """What a user typed, or a file is called, is shown without its escapes, on one line."""
        done = run("status", "--collection", tmp_path / "a\x1b[31m\nb")
        assert "a [31m b" in done.complaint

    def test_bad_environment(self, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A setting that makes no sense is a usage error that names the variable."""
        monkeypatch.setenv("PASSAGEWORK_PRECISION", "double")
        done = run("search", "x", "--collection", collection)
        assert "PASSAGEWORK_PRECISION" in done.complaint
        assert done.code == 2

    def test_interrupted(self, docs: Path, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ctrl-C ends with one line that says what became of the work, and the exit code that shells give it."""
        monkeypatch.setattr("signal.signal", lambda *_: None)
        monkeypatch.setattr("passagework.ingest.ingest", _raise(KeyboardInterrupt))
        done = run("ingest", docs, "--collection", collection)
        assert "what was committed is safe" in done.complaint
        assert done.code == 130

    def test_unexpected_error(self, docs: Path, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Even that is one line; PASSAGEWORK_DEBUG=1 shows the traceback."""
        monkeypatch.setattr("passagework.ingest.ingest", _raise(RuntimeError("first\nsecond")))
        done = run("ingest", docs, "--collection", collection)
        assert "unexpected RuntimeError: first second (PASSAGEWORK_DEBUG=1 shows where)" in done.complaint
        assert done.code == 1
        monkeypatch.setenv("PASSAGEWORK_DEBUG", "1")
        monkeypatch.setattr(sys, "argv", ["passagework", "ingest", str(docs), "--collection", str(collection)])
        with pytest.raises(RuntimeError, match="first"):
            main()


def _raise(error: BaseException | type[BaseException]) -> Any:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    return fail


class TestNamedByTheEnvironment:
    """PASSAGEWORK_COLLECTION names the collection where a command names none."""

    @pytest.fixture(autouse=True)
    def named(self, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The variable names the collection of this file."""
        monkeypatch.setenv("PASSAGEWORK_COLLECTION", str(collection))

    @pytest.mark.parametrize(
        ("arguments", "shown"),
        [
            (("search", "gulls", "--stage", "lexical"), "evil.md"),
            (("context", "gulls", "--stage", "lexical"), "evil.md"),
            (("status",), "5 from 4 files"),
            (("documents",), "policies/travel.md"),
            (("delete", "evil.md", "--dry-run"), "1 document would be deleted"),
            (("doctor",), "documents"),
        ],
    )
    def test_a_command_that_needs_one(self, arguments: tuple[str, ...], shown: str) -> None:
        """It is the same as if the option had been given."""
        done = run(*arguments)
        assert (done.code, shown in done.out) == (0, True), done

    def test_an_ingest(self, docs: Path) -> None:
        """It goes into that one."""
        assert run("ingest", docs, "--dry-run", "--json").json["unchanged"] == 5

    def test_the_option_comes_first(self, tmp_path: Path) -> None:
        """Another collection is another one, and an empty variable is none."""
        assert "other" in run("status", "--collection", tmp_path / "other").complaint

    def test_an_empty_variable_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As without it."""
        monkeypatch.setenv("PASSAGEWORK_COLLECTION", "")
        done = run("status")
        assert ("--collection" in done.complaint, done.code) == (True, 2)

    def test_judgments_of_ones_own_are_of_it_and_a_benchmark_is_not(self, tmp_path: Path) -> None:
        """`evaluate` of a benchmark keeps to a temporary collection, and never touches one's own."""
        judged = tmp_path / "own.jsonl"
        judged.write_text('{"query": "gulls", "path": "evil.md"}\n')
        assert run("evaluate", judged, "--stages", "lexical", "--json").json["stages"]["lexical"]["RR@10"] == 1.0
        (tmp_path / "none").mkdir()
        assert "no judgments" in run("evaluate", tmp_path / "none").complaint

    def test_the_page_without_the_command(self, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`streamlit run app.py` opens it, too."""
        from passagework.ui.web.session import collection_folders  # imports `ingest`, which tests here replace

        monkeypatch.setattr(sys, "argv", ["app.py"])
        assert collection_folders() == {collection.name: collection}
        monkeypatch.setattr(sys, "argv", ["app.py", "--collection=elsewhere"])
        assert collection_folders() == {"elsewhere": Path("elsewhere")}
        monkeypatch.setattr(sys, "argv", ["app.py", "--collection=a", "--collection=other=b/a"])
        assert collection_folders() == {"a": Path("a"), "other": Path("b/a")}


class TestCompletion:
    """What a shell asks for."""

    @pytest.mark.parametrize(
        ("words", "place", "expected"),
        [("passagework in", 1, "ingest"), ("passagework ingest --no-i", 2, "--no-ignore")],
    )
    def test_a_beginning_is_completed(self, words: str, place: int, expected: str) -> None:
        """A command, and one of its options; nothing is loaded for it but the commands."""
        asked = {"_PASSAGEWORK_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(place)}
        done = run_apart(**asked)
        assert (done.code, done.out.split(), done.err) == (0, [expected], "")

    def test_the_script_is_shown_and_installed(self, tmp_path: Path) -> None:
        """For the shell that is named, under the command's own name."""
        shell = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
        shown = run_apart("--show-completion", "bash", **shell)
        assert (shown.code, "complete -o default -F _passagework_completion passagework" in shown.out) == (0, True)
        installed = run_apart("--install-completion", "bash", **shell)
        assert (installed.code, "bash completion installed" in installed.out) == (0, True)
        script = (tmp_path / ".bash_completions" / "passagework.sh").read_text()
        assert "_PASSAGEWORK_COMPLETE=complete_bash" in script


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a signal to a group of processes")
class TestInterrupted:
    """Ctrl-C at a terminal: the signal goes to the command and to all that it started."""

    def stopped(self, *arguments: str | Path, when: Callable[[], bool]) -> tuple[int, list[str]]:
        """The exit code and what stderr says of a command that is interrupted once `when` holds."""
        interruptible = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
        with subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            start_new_session=True,
            preexec_fn=interruptible,
        ) as command:
            end = time.monotonic() + 60
            while not when() and time.monotonic() < end:
                time.sleep(0.05)
            os.killpg(command.pid, signal.SIGINT)
            _, said = command.communicate(timeout=60)
            with pytest.raises(ProcessLookupError):
                os.killpg(command.pid, 0)
        return command.returncode, [line for line in said.splitlines() if "Uvicorn server st" not in line]

    def test_an_ingest_goes_on_where_it_was(self, tmp_path: Path) -> None:
        """Exit code 130, one line, no parser left; what was committed is there, and the same command does the rest."""
        (tmp_path / "docs").mkdir()
        for number in range(400):
            (tmp_path / "docs" / f"{number:03}.txt").write_text(f"Bee number {number} dances. " * 40)
        kept = tmp_path / "c"
        database = kept / "v0001" / "store.db"

        def committed() -> bool:
            if not database.exists():
                return False
            with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader, suppress(sqlite3.Error):
                return bool(reader.execute("SELECT COUNT(*) FROM documents").fetchone()[0])
            return False

        code, said = self.stopped("ingest", tmp_path / "docs", "--collection", kept, when=committed)
        assert code == 130
        assert said == ["passagework: stopped; what was committed is safe, and the same command goes on from there"]
        again = run("ingest", tmp_path / "docs", "--collection", kept, "--json").json
        assert (again["added"] + again["unchanged"], again["failed"]) == (400, [])
        assert 0 < again["unchanged"] < 400

    def test_the_server_of_the_pages(self, copy: Path) -> None:
        """Exit code 130 and one line."""
        port = free_port()

        def listening() -> bool:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
            return False

        code, said = self.stopped("ui", "--collection", copy, "--port", str(port), when=listening)
        assert (code, said) == (130, ["passagework: stopped"])


class TestLongQuery:
    """A query of 100,000 characters is answered."""

    QUERY = "who approves a trip abroad and why " * 2858

    def test_it_is_cut_and_the_plan_says_so(self, collection: Path) -> None:
        """How many tokens there were, and how many the encoder read."""
        found = run("search", self.QUERY[:100_000], "--collection", collection, "--json").json
        cut = found["plan"]["query_cut"]
        assert cut["tokens"] > 20_000
        assert cut["used"] == 254
        assert found["hits"][0]["path"] == "policies/travel.md"

    def test_people_see_a_note(self, collection: Path) -> None:
        """Above the hits; for a context on stderr."""
        found = run("search", self.QUERY[:100_000], "--collection", collection)
        assert re.match(r"note: the query was cut: 2\d,\d{3} tokens, of which the encoder read 254\n", found.out)
        found = run("context", self.QUERY[:100_000], "--collection", collection)
        assert found.err.startswith("passagework: the query was cut: 2")


class TestRerank:
    """The last stage, with a model and without."""

    def test_none_has_to_be_named(self, collection: Path) -> None:
        """The encoder's own token vectors rerank, and the plan names them with their part in the score."""
        found = run("search", "trip", "--collection", collection, "--json").json
        assert (found["plan"]["requested"], found["plan"]["used"]) == ("rerank", "rerank")
        assert found["plan"]["reranker"] == "late interaction of sentence-transformers/all-MiniLM-L6-v2"
        assert found["plan"]["blend"].keys() == {"dense", "lexical", "rerank"}
        plain = run("search", "trip", "--collection", collection, "--stage", "hybrid", "--json").json
        assert plain["plan"]["used"] == "hybrid"
        assert "rerank" not in plain["hits"][0]["stages"]

    def test_a_named_one_takes_its_place(self, collection: Path, tmp_path: Path) -> None:
        """Logits rank the hits; beside them the same as 0..1."""
        model = tiny_bert(tmp_path / "model")
        found = run("search", "trip", "--collection", collection, "--reranker", model, "--json").json
        assert (found["plan"]["requested"], found["plan"]["used"]) == ("rerank", "rerank")
        scores = [hit["stages"]["rerank"] for hit in found["hits"]]
        assert [score["rank"] for score in scores] == [1, 2, 3, 4, 5]
        assert [hit["score"] for hit in found["hits"]] == [score["score"] for score in scores]
        assert sorted((score["score"] for score in scores), reverse=True) == [score["score"] for score in scores]
        for score in scores:
            assert of_type(score, {"rank": int, "score": float, "probability": float})
            assert score["probability"] == pytest.approx(1 / (1 + math.exp(-score["score"])), abs=1e-4)


class TestPage:
    """`ui` checks before it serves."""

    def test_address_that_is_taken(self, collection: Path) -> None:
        """One line, and no server."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = run("ui", "--collection", collection, "--port", str(port))
        assert f"can't listen at 127.0.0.1, port {port}: " in done.complaint
        assert done.code == 1

    def test_listens_at_this_machine_unless_told(self, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """127.0.0.1 by default; another address is served with a warning."""
        asked: list[tuple[str, int]] = []
        monkeypatch.setattr(
            passagework.ui.web.server, "serve", lambda collection, *, host, port: asked.append((host, port))
        )
        assert run("ui", "--collection", collection) == Outcome(0, "", "")
        done = run("ui", "--collection", collection, "--host", "0.0.0.0", "--port", "9000")
        assert asked == [("127.0.0.1", 8501), ("0.0.0.0", 9000)]
        assert "listening at 0.0.0.0: whoever reaches this machine can search the collection, and" in done.complaint

    def test_an_empty_folder_becomes_a_collection(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Documents are put in on a page; a folder that is not there, or holds something else, is refused as before."""
        asked: list[list[Path]] = []
        monkeypatch.setattr(
            passagework.ui.web.server, "serve", lambda collections, *, host, port: asked.append(collections)
        )
        (tmp_path / "new").mkdir()
        done = run("ui", "--collection", tmp_path / "new")
        assert (done.code, "add documents on the page Library" in done.err) == (0, True)
        assert asked == [[tmp_path / "new"]]
        assert run("status", "--collection", tmp_path / "new", "--json").json["documents"] == 0
        assert run("ui", "--collection", tmp_path / "new") == Outcome(0, "", "")
        assert run("ui", "--collection", tmp_path / "none").code == 1
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "mine.txt").write_text("mine")
        assert run("ui", "--collection", tmp_path / "other").code == 1


class TestProcess:
    """What only a process of its own shows."""

    def test_help_is_quick(self) -> None:
        """It loads nothing heavy: neither models nor the store, and no drawing of output."""
        script = (
            "import sys; sys.argv = ['passagework', 'search', '--help']\n"
            "from passagework.ui.cli import app, main\n"
            "try: main()\n"
            "finally: print(sorted({'torch', 'faiss', 'numpy', 'sqlalchemy', 'rich', 'streamlit'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Usage: passagework search [OPTIONS] ")
        assert done.stdout.splitlines()[-1] == "[]"

    def test_terminal_that_has_no_letters_beyond_ascii(self, collection: Path) -> None:
        """What can't be shown becomes a question mark; JSON escapes it; neither fails. The query may be any bytes."""
        environment = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        arguments = ("--collection", collection, "--stage", "lexical")
        done = run_apart("search", b"trip caf\xe9", *arguments, **environment)
        assert (done.code, done.err) == (0, "")
        assert "the Director ? always." in done.out
        found = run_apart("search", b"trip caf\xe9", "--json", *arguments, **environment).json
        assert found["hits"][0]["text"].endswith("the Director — always.")
        assert found["query"].startswith("trip caf")

    def test_reader_that_leaves(self, collection: Path) -> None:
        """`| head` ends the command without a word."""
        process = subprocess.Popen(
            [*COMMAND, "documents", "--collection", str(collection), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        with process.stderr:
            assert process.stderr.read() == b""
        assert process.wait(60) == 1

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_full_disk(self, collection: Path) -> None:
        """An answer that can't be written is a failure in one line."""
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [*COMMAND, "status", "--collection", str(collection)],
                stdout=full,
                stderr=subprocess.PIPE,
                check=False,
                cwd=ROOT,
                text=True,
            )
        assert done.stderr == "passagework: the answer can't be written: No space left on device\n"
        assert done.returncode == 1


class TestReference:
    """docs/cli.md is in step with the commands."""

    PAGE = ROOT / "docs" / "cli.md"

    def test_commands(self, tmp_path: Path) -> None:
        """What docs/make_cli.py writes now is what is there."""
        out = tmp_path / "cli.md"
        subprocess.run([sys.executable, str(ROOT / "docs" / "make_cli.py"), "--out", str(out)], check=True)
        assert out.read_text(encoding="utf-8") == self.PAGE.read_text(encoding="utf-8")
        named = re.findall(r"^### (\w+)$", out.read_text(encoding="utf-8"), re.MULTILINE)
        commands = [(command.name, command.callback) for command in app.registered_commands]
        names = [name or callback.__name__ for name, callback in commands if callback]
        assert [name for name in named if name in names] == names
        assert set(named) - set(names) == {"mcp"}  # a group that is a command as well

    @pytest.mark.parametrize(("option", "choices"), [("--fusion", Fusion), ("--stage", Stage)])
    def test_choices(self, option: str, choices: type[Fusion] | type[Stage]) -> None:
        """An option that takes one of several values shows all of them."""
        values = "\\|".join(choice.value for choice in choices)
        shown = f"`{option} {values}`"
        assert shown in self.PAGE.read_text(encoding="utf-8")

    def test_json(self) -> None:
        """Every key of every answer is explained."""
        explained = set(re.findall(r"`([^`]+)`", self.PAGE.read_text(encoding="utf-8").partition("## JSON")[2]))
        encoder, index = STATUS["encoder"], STATUS["index"]
        assert isinstance(encoder, dict)
        assert isinstance(index, dict)
        keys = {*HIT, *STATUS, *encoder, *index, "added", "seconds", "citations", "query_cut", "probability"}
        assert keys - explained == set()


class TestSeveralCollections:
    """`--collection` more than once."""

    def test_search_merges_and_names_them(self, collection: Path, copy: Path) -> None:
        """Each hit has the name that its collection was given, and the person reads it before the path."""
        command = ("search", "night", "--collection", f"one={collection}", "--collection", copy, "-k", "4")
        found = run(*command, "--json").json
        assert {hit["collection"] for hit in found["hits"]} == {"one", "copy"}
        assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3, 4]
        assert sorted(found["plans"]) == ["copy", "one"]
        shown = run(*command).out
        assert ("one: " in shown, "copy: " in shown) == (True, True)

    def test_context_cites_them(self, collection: Path, copy: Path) -> None:
        """A text that stands in both is quoted once, and told of the other."""
        found = run("context", "night", "--collection", f"one={collection}", "--collection", copy, "--json").json
        assert found["citations"][0]["collection"] == "one"
        assert "copy" in {other.get("collection") for other in found["citations"][0]["also_in"]}

    def test_two_of_one_name(self, collection: Path) -> None:
        """A usage mistake, in one line."""
        outcome = run("search", "night", "--collection", collection, "--collection", collection)
        assert outcome.code == 2
        assert "two collections are named" in outcome.complaint
