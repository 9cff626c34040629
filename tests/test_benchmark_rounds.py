"""The comparison with peers: turns, what is kept, figures and their page; no peer is installed or run."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

from benchmarks.corpus_files import Texts
from benchmarks.environments import ROOT, NotInstalledError, environment
from benchmarks.figures import medians, round_figures
from benchmarks.measured_process import run_measured
from benchmarks.page import write_page
from benchmarks.page_charts import PICTURES
from benchmarks.peers.systems import SYSTEMS, Measured
from benchmarks.rounds import Sizes, Step, Workshop, steps

TEXTS = Texts(documents=10, passages=20, queries=1, tokens=[100] * 20, qrels={"q": {"a": 1, "b": 1}})

FAKE = """#!{python}
import json, sys, time
from pathlib import Path
given = dict(zip(sys.argv[4::2], sys.argv[5::2]))
folder = Path(given["--folder"])
if sys.argv[3] in ("ingest", "index"):
    folder.mkdir()
    (folder / "index").write_bytes(bytes(300))
    time.sleep(0.5)  # its memory is looked at twenty times a second
with Path(given["--data"], "calls").open("a") as calls:
    calls.write(sys.argv[3] + " ")
if Path(given["--data"], "broken").exists():
    sys.exit("no such model")
Path(given["--out"]).write_text(json.dumps({{"seconds": 2.0, "judged": given["--judged"]}}))
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """One whose system `fake` is a script that notes how it was called."""
    python = tmp_path / "python"
    python.write_text(FAKE.format(python=sys.executable), encoding="utf-8")
    python.chmod(0o755)
    (tmp_path / "texts").mkdir()
    return Workshop(tmp_path, tmp_path / "texts", tmp_path, {"fake": python}, Sizes(5, 3, 60.0))


class TestRounds:
    """Steps, and what is kept of them."""

    def test_systems_take_turns_within_a_phase(self) -> None:
        """A B C, A B C: no system does two things in a row, and what doesn't vary is done once."""
        found = [(step.round, step.phase, step.system) for step in steps(2, ["a", "b"])]
        phases = [(1, "encode"), (1, "ingest"), (1, "index"), (1, "search"), (1, "load"), (1, "judge")]
        phases += [(2, "encode"), (2, "ingest"), (2, "search"), (2, "load")]
        assert found == [(*one, system) for one in phases for system in ("a", "b")]

    def test_what_was_done_is_kept(self, workshop: Workshop) -> None:
        """A step that was done is found by the next run, with the memory and the bytes of its index."""
        step = Step(1, "ingest", "fake")
        assert workshop.found(step) is None
        done = workshop.do(step)
        assert (done["seconds"], done["bytes"]) == (2.0, 300)
        assert done["peak_bytes"] > 1_000_000
        kept = Workshop(workshop.folder, workshop.texts, workshop.model, workshop.pythons, workshop.sizes).found(step)
        assert kept is not None
        assert {key: kept[key] for key in done} == done

    def test_a_failure_is_told_and_tried_again(self, workshop: Workshop) -> None:
        """Its program's last line is the reason; nothing is kept, so the next run does the step again."""
        step = Step(1, "encode", "fake")
        (workshop.texts / "broken").touch()
        assert workshop.do(step) == {"failed": "exit code 1: no such model"}
        assert workshop.found(step) is None
        (workshop.texts / "broken").unlink()
        assert workshop.do(step)["seconds"] == 2.0

    def test_rankings_are_asked_for_once(self, workshop: Workshop) -> None:
        """Quality doesn't vary: only the first round's search ranks for the judges, and `judge` ranks records."""
        searched = [workshop.do(Step(number, "search", "fake"))["judged"] for number in (1, 2)]
        assert searched == ["50", "0"]
        assert workshop.do(Step(1, "judge", "fake"))["judged"] == "50"
        assert (workshop.texts / "calls").read_text().split() == ["search"] * 3

    @pytest.mark.slow
    def test_memory_is_that_of_all_processes(self, tmp_path: Path) -> None:
        """A child's memory counts, and at the limit a program ends with its children."""
        child = "b = b'x' * 150_000_000; import time; time.sleep(60)"
        code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
        started = time.monotonic()
        ran = run_measured(
            [sys.executable, "-c", code], environment={}, folder=tmp_path, log=tmp_path / "log", limit=8.0
        )
        assert time.monotonic() - started < 50
        assert ran.peak_bytes > 150_000_000
        assert (ran.code != 0, ran.said) == (True, "no end in 8 s")
        assert not [
            one for one in psutil.Process().children(recursive=True) if "150_000_000" in " ".join(one.cmdline())
        ]

    @pytest.mark.slow
    def test_a_peer_that_cannot_be_installed_says_why(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What pip calls an error is the reason."""
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        with pytest.raises(NotInstalledError, match=r"^ERROR: (Cannot install|Could not find|No matching)"):
            environment(tmp_path, Measured("none", "None", ("no-such-package-here==1",), ""))


class TestFigures:
    """From what steps found to medians and ratios."""

    def test_figures_of_a_round(self) -> None:
        """Rates are of the whole corpus or of what was encoded; a document ranks by its best passage."""
        found: dict[str, dict[str, Any]] = {
            "encode": {"seconds": 2.0, "texts": 5},
            "ingest": {"seconds": 4.0, "peak_bytes": 7, "bytes": 600},
            "index": {"seconds": 5.0, "bytes": 4000},
            "search": {
                "answered": 1.5,
                "peak_bytes": 9,
                "milliseconds": {"dense": [1.0, 2.0, 3.0]},
                "rankings": {"dense": {"q": ["a#1", "a#0", "b#0", "c#4"]}},
            },
            "load": {
                "loads": {
                    "dense": {
                        "1": {"per_second": 20.0, "milliseconds": [40.0, 50.0, 60.0]},
                        "4": {"error": "ProgrammingError: not among threads"},
                    }
                }
            },
            "judge": {"rankings": {"dense": {"q": ["c", "d"]}}},
        }
        assert round_figures(found, TEXTS) == {
            "encode_tokens_per_s": 250.0,
            "ingest_documents_per_s": 2.5,
            "ingest_peak_bytes": 7,
            "ingest_bytes_per_document": 60.0,
            "index_passages_per_s": 4.0,
            "index_bytes_per_passage": 200.0,
            "start_s": 1.5,
            "search_peak_bytes": 9,
            "dense_p50_ms": 2.0,
            "dense_p95_ms": pytest.approx(2.9),
            "dense_ndcg_passages": 1.0,
            "dense_by_1_per_s": 20.0,
            "dense_by_1_p95_ms": pytest.approx(59.0),
            "dense_ndcg_records": 0.0,
        }

    def test_ratios_are_of_one_round(self) -> None:
        """Each round's value is divided by ours of that round, then the median is taken; a missing one is left out."""
        rounds = [
            {"passagework": {"x": 10.0}, "chroma": {"x": 5.0, "y": 1.0}},
            {"passagework": {"x": 20.0}, "chroma": {"x": 20.0}},
            {"passagework": {"x": 40.0}, "chroma": {"x": 10.0}},
        ]
        found = medians(rounds)
        assert found["chroma"]["x"] == {
            "median": 10.0,
            "least": 5.0,
            "most": 20.0,
            "rounds": 3.0,
            "ratio": 0.5,
            "ratio_least": 0.25,
            "ratio_most": 1.0,
        }
        assert found["chroma"]["y"] == {"median": 1.0, "least": 1.0, "most": 1.0, "rounds": 1.0}
        assert found["passagework"]["x"]["ratio"] == 1.0


def result(*, profile: dict[str, Any] | None = None) -> dict[str, Any]:
    """One that says `Chroma` is half as fast."""
    names = ["encode_tokens_per_s", "ingest_documents_per_s", "index_passages_per_s", "start_s", "dense_p50_ms"]
    names += [
        "index_bytes_per_passage",
        "ingest_peak_bytes",
        "search_peak_bytes",
        "dense_p95_ms",
        "dense_ndcg_passages",
        "dense_by_1_per_s",
        "dense_by_1_p95_ms",
    ]
    rounds = [{"passagework": dict.fromkeys(names, 1000.0), "chroma": dict.fromkeys(names, 500.0)}] * 2
    parts = {"encoding": 0.9, "database": 0.1}
    spent = {"ingest": {"seconds": 3.0, "parts": parts}, "query": {"dense": {"encode": 4.0, "total": 5.0}}}
    return {
        "made": "2026-01-02T03:04+00:00",
        "machine": {"processor": "<any>", "cores": 2, "memory_bytes": 8e9, "system": "Linux", "python": "3.11.1"},
        "settings": {"dataset": "scifact", "rounds": 2, "encode": 5, "timed": 3},
        "texts": {"documents": 10, "passages": 20, "queries": 1},
        "systems": {
            name: {"label": label, "how": "so", "versions": {name: "1.0"}}
            for name, label in (("passagework", "passagework"), ("chroma", "Chroma & co"))
        },
        "skipped": {"txtai": "not installed: no network"},
        "figures": medians(rounds),
        "profile": spent if profile is None else profile,
    }


class TestPage:
    """What a reader gets."""

    def test_tables_and_pictures(self, tmp_path: Path) -> None:
        """Medians with their ratios, pictures that are well-formed and say the same, and who was left out."""
        write_page(result(), tmp_path)
        page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
        assert "| Chroma & co | 500.0 (0.50×) | 500 (0.50×) |" in page
        assert "| Chroma & co | 500.0 (0.50×) / 500.0 |" in page
        assert "| Chroma & co | dense | 500.0 (0.50×) / 500 | failed among threads | failed among threads |" in page
        assert "**txtai** was left out: not installed: no network" in page
        assert "encoding 90.0 %, database 10.0 %" in page
        assert "dense 5.0 (encode 4.0, the rest 1.0)" in page
        for name, _, _ in PICTURES:
            assert f"(benchmarks/{name}.svg)" in page
            texts = [one.text for one in ElementTree.parse(tmp_path / "benchmarks" / f"{name}.svg").iter() if one.text]
            named = "encoding" if name == "profile" else "Chroma & co"
            assert any(text.startswith(named) for text in texts)
        assert "0.50×" in (tmp_path / "benchmarks" / "throughput.svg").read_text(encoding="utf-8")

    def test_without_a_profile(self, tmp_path: Path) -> None:
        """A profile that failed costs its picture, not the page."""
        write_page(result(profile={"failed": "out of memory"}), tmp_path)
        assert "The profile failed: out of memory" in (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
        assert not (tmp_path / "benchmarks" / "profile.svg").exists()

    def test_the_page_of_the_documentation_is_that_of_its_figures(self, tmp_path: Path) -> None:
        """docs/benchmarks.md and its pictures say what docs/benchmarks.json holds, and nothing else."""
        recorded = ROOT / "docs" / "benchmarks.json"
        if not recorded.exists():
            pytest.skip("no comparison has been recorded: make bench ARGS=--docs")
        write_page(json.loads(recorded.read_text(encoding="utf-8")), tmp_path)
        for made in [tmp_path / "benchmarks.md", *sorted((tmp_path / "benchmarks").iterdir())]:
            kept = ROOT / "docs" / made.relative_to(tmp_path)
            assert kept.read_text(encoding="utf-8") == made.read_text(encoding="utf-8"), kept.name


def test_every_system_has_its_program() -> None:
    """Each system of the table is a module of `benchmarks/peers` that runs alone, and each program is in the table."""
    programs = {path.stem for path in (ROOT / "benchmarks" / "peers").glob("*.py")}
    assert programs - {"__init__", "program", "systems"} == {system.name for system in SYSTEMS}
    for system in SYSTEMS:
        assert "__main__" in (ROOT / "benchmarks" / "peers" / f"{system.name}.py").read_text(encoding="utf-8")
