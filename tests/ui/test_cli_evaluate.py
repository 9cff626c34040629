"""`passagework evaluate` and `compare`, as typed."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from tests.support.beir_files import QUERIES, RECORDS, write_beir
from tests.ui.test_cli import one_model, run

__all__ = ["one_model"]  # the fixture that reads the real encoder once


@pytest.fixture(scope="module")
def beir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small benchmark."""
    return write_beir(tmp_path_factory.mktemp("beir") / "animals")


@pytest.fixture(scope="module")
def kept(beir: Path) -> Path:
    """A collection that `evaluate` made of it."""
    folder = beir.parent / "kept"
    assert run("evaluate", beir, "--collection", folder, "--stages", "lexical", "--json").json["documents"] == 5
    return folder


def test_json_has_the_fields_of_the_interface(beir: Path, kept: Path, tmp_path: Path) -> None:
    """Figures by stage, what was skipped and why; runs are written, the benchmark's folder is left alone."""
    before = sorted(one.name for one in beir.rglob("*"))
    found = run("evaluate", beir, "--collection", kept, "--runs", tmp_path / "runs", "--json").json
    assert (found["dataset"], found["documents"], found["queries"]) == ("animals", len(RECORDS), len(QUERIES) - 1)
    assert list(found["stages"]) == ["dense", "lexical", "hybrid", "rerank"]
    assert set(found["stages"]["dense"]) == {"nDCG@10", "RR@10", "R@100", "AP", "ms_p50", "ms_p95"}
    assert found["skipped"] == {}
    assert found["settings"]["reranker"].startswith("late interaction of ")
    assert found["notes"][1] == "1 relevant document not in the collection"
    files = sorted(one.name for one in (tmp_path / "runs").iterdir())
    assert files == ["dense.trec", "hybrid.trec", "lexical.trec", "rerank.trec"]
    assert sorted(one.name for one in beir.rglob("*")) == before


def test_a_kept_collection_is_reused_until_something_differs(beir: Path, tmp_path: Path) -> None:
    """The same question encodes nothing; other chunking, a changed corpus and another corpus are taken in."""
    folder = tmp_path / "c"

    def documents_and_cut(*options: str) -> tuple[int, object, object]:
        found = run("evaluate", beir, "--collection", folder, "--stages", "lexical", *options, "--json").json
        return found["documents"], found["settings"]["chunking"]["whole"], found["stages"]["lexical"]["AP"]

    first = documents_and_cut()
    stores = {one: one.stat().st_mtime_ns for one in folder.glob("v*/store.db")}
    assert documents_and_cut() == first
    assert {one: one.stat().st_mtime_ns for one in folder.glob("v*/store.db")} == stores
    assert documents_and_cut("--whole") == (5, True, first[2])
    assert documents_and_cut() == first
    other = write_beir(tmp_path / "other")
    with (other / "corpus.jsonl").open("a") as file:
        file.write(json.dumps({"_id": "d6", "title": "", "text": "foxes bark"}) + "\n")
    found = run("evaluate", other, "--collection", folder, "--stages", "lexical", "--json").json
    assert (found["dataset"], found["documents"]) == ("other", 6)
    (other / "corpus.jsonl").write_text((beir / "corpus.jsonl").read_text())
    found = run("evaluate", other, "--collection", folder, "--stages", "lexical", "--json").json
    assert found["documents"] == 5


def test_ones_own_collection_is_never_changed(beir: Path, tmp_path: Path) -> None:
    """It is searched as it is where it holds the corpus, and refused where it doesn't, or is made otherwise."""
    folder, docs = tmp_path / "mine", tmp_path / "docs"
    docs.mkdir()
    (docs / "note.txt").write_text("a note")
    assert run("ingest", docs, "--collection", folder, "--passage-tokens", "100").code == 0
    refused = run("evaluate", beir, "--collection", folder, "--json")
    assert (refused.code, "ingest it there first" in refused.complaint) == (1, True)
    assert run("ingest", beir / "corpus.jsonl", "--collection", folder).code == 0
    found = run("evaluate", beir, "--collection", folder, "--stages", "lexical", "--json").json
    assert (found["documents"], found["settings"]["chunking"]["passage_tokens"]) == (6, 100)
    refused = run("evaluate", beir, "--collection", folder, "--passage-tokens", "50")
    assert (refused.code, "leave the options out" in refused.complaint) == (1, True)
    assert run("status", "--collection", folder, "--json").json["documents"] == 6


def test_documents_that_evaluate_did_not_put_in_are_never_taken_out(beir: Path, tmp_path: Path) -> None:
    """Neither a user's collection without CURRENT, nor what a user added to one that evaluate made."""
    docs, mine, made = tmp_path / "docs", tmp_path / "mine", tmp_path / "made"
    docs.mkdir()
    (docs / "note.txt").write_text("a note")
    assert run("ingest", docs, "--collection", mine, "--json").code == 0
    (mine / "CURRENT").unlink()
    assert run("evaluate", beir, "--collection", mine).code == 1
    assert not (mine / "benchmark.json").exists()
    assert run("evaluate", beir, "--collection", made, "--stages", "lexical").code == 0
    assert run("ingest", docs, "--collection", made, "--json").code == 0
    refused = run("evaluate", beir, "--collection", made, "--stages", "lexical")
    assert (refused.code, "note.txt" in refused.complaint) == (1, True)
    assert run("status", "--collection", made, "--json").json["documents"] == len(RECORDS) + 1
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "benchmark.json").write_text("mine")
    assert run("evaluate", beir, "--collection", tmp_path / "other").code == 1
    assert (tmp_path / "other" / "benchmark.json").read_text() == "mine"


def test_the_same_corpus_elsewhere_is_there_once(beir: Path, tmp_path: Path) -> None:
    """A copy of a corpus takes the place of the one before."""
    for name in ("one", "two"):
        copy = write_beir(tmp_path / name)
        found = run("evaluate", copy, "--collection", tmp_path / "c", "--stages", "lexical", "--json").json
        assert found["documents"] == len(RECORDS)


def test_nothing_is_written_into_a_benchmark(beir: Path, tmp_path: Path) -> None:
    """Not the collection, the runs or a report, nor over the judgments that are read."""
    before = {one: one.stat().st_mtime_ns for one in beir.rglob("*")}
    for option in ("--collection", "--runs", "--report"):
        for place in (beir, beir / "new", beir / "corpus.jsonl"):
            assert run("evaluate", beir, option, place).code == 2
    assert {one: one.stat().st_mtime_ns for one in beir.rglob("*")} == before
    (tmp_path / "mine.jsonl").write_text("{}")
    assert run("evaluate", tmp_path / "mine.jsonl", "--report", tmp_path / "mine.jsonl").code == 2


def test_gates(beir: Path, kept: Path, tmp_path: Path) -> None:
    """One that holds exits 0, one that is missed exits 1 and says by how much; the answer is printed either way."""
    (tmp_path / "low.json").write_text('{"lexical": {"nDCG@10": 0.1, "P@1": 0.1}}')
    (tmp_path / "high.json").write_text('{"nDCG@10": 0.99}')
    command = ("evaluate", beir, "--collection", kept, "--stages", "lexical", "--json", "--gate")
    passed = run(*command, tmp_path / "low.json").json
    assert passed["gate"] == {"passed": True, "missed": []}
    assert "P@1" in passed["stages"]["lexical"]
    shown = run(*(one for one in command if one != "--json"), tmp_path / "low.json").out
    assert shown.splitlines()[-1] == "gate: 2 thresholds held"
    failed = run(*command, tmp_path / "high.json")
    assert failed.code == 1
    assert failed.err.startswith("passagework: gate: lexical nDCG@10 is 0.")
    assert json.loads(failed.out)["gate"]["passed"] is False


def test_judgments_of_ones_own(kept: Path, tmp_path: Path) -> None:
    """Places by `_id`; what has drifted is a note and no miss; a collection is needed, as it is."""
    lines = [
        {"query": "who hoots", "document": "d1", "start": 0, "end": 9, "quote": "owls hoot"},
        {"query": "who is gone", "document": "d9"},
    ]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = run("evaluate", tmp_path / "mine.jsonl", "--collection", kept, "--stages", "hybrid", "--json").json
    assert (found["dataset"], found["queries"]) == ("mine", 1)
    assert found["stages"]["hybrid"]["nDCG@10"] == 1.0
    assert 0 < found["stages"]["hybrid"]["token_precision@5"] < 1
    assert found["notes"] == ["drifted: q2: document 'd9' is not in the collection"]
    assert "--collection" in run("evaluate", tmp_path / "mine.jsonl").complaint
    assert run("evaluate", tmp_path / "mine.jsonl", "--collection", kept, "--whole").code == 2


def test_trec_topics(beir: Path, kept: Path, tmp_path: Path) -> None:
    """Topics and judgments in TREC's formats, over a collection."""
    (tmp_path / "topics").write_text("7\towls hoot\n")
    (tmp_path / "qrels").write_text("7 0 d1 1\n")
    command = ("evaluate", tmp_path / "topics", "--collection", kept, "--stages", "lexical", "--json")
    assert run(*command, "--qrels", tmp_path / "qrels").json["stages"]["lexical"]["AP"] == 1.0
    assert run(*command).code == 1  # a file of topics is no file of judgments
    assert run("evaluate", beir, "--qrels", tmp_path / "qrels").code == 2


def test_compare(beir: Path, kept: Path, tmp_path: Path) -> None:
    """Two runs, with differences and p; for a person, a row a measure."""
    run("evaluate", beir, "--collection", kept, "--runs", tmp_path / "runs", "--json")
    runs = tmp_path / "runs" / "dense.trec", tmp_path / "runs" / "hybrid.trec"
    found = run("compare", beir, *runs, "--json").json
    assert (found["a"], found["b"], found["queries"]) == ("dense", "hybrid", 4)
    assert set(found["measures"]["nDCG@10"]) == {"a", "b", "difference", "wins", "losses", "ties", "p"}
    shown = run("compare", beir, *runs, "--measures", "P@1,AP")
    assert (shown.code, "P@1" in shown.out, "nDCG" in shown.out) == (0, True, False)
    assert run("compare", beir, runs[0], tmp_path / "none").code == 1
    assert run("compare", tmp_path / "none", *runs).code == 1


def test_compare_on_judgments_of_ones_own(kept: Path, tmp_path: Path) -> None:
    """Runs that `evaluate` wrote of the same judgments; what has drifted is noted, and a collection is needed."""
    judged = tmp_path / "mine.jsonl"
    lines = [
        {"query": "who hoots", "document": "corpus.jsonl#d1", "start": 0, "end": 9},
        {"query": "x", "document": "d9"},
    ]
    judged.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run("evaluate", judged, "--collection", kept, "--runs", tmp_path / "runs", "--json").code == 0
    runs = tmp_path / "runs" / "lexical.trec", tmp_path / "runs" / "hybrid.trec"
    found = run("compare", judged, *runs, "--collection", kept, "--json").json
    assert (found["dataset"], found["queries"], found["measures"]["nDCG@10"]["b"]) == ("mine", 1, 1.0)
    assert found["notes"] == ["drifted: q2: document 'd9' is not in the collection"]
    assert "note: drifted: q2" in run("compare", judged, *runs, "--collection", kept).out
    assert "one's own judgments with --collection" in run("compare", judged, *runs).complaint
    assert run("compare", tmp_path, *runs, "--collection", kept).code == 2


def test_names_of_runs_are_never_cut(beir: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a narrow terminal a long one goes on in the next line."""
    run("evaluate", beir, "--collection", kept, "--runs", tmp_path / "runs", "--json")
    long = tmp_path / "runs" / f"{'hybrid-with-a-long-name-' * 3}end.trec"
    (tmp_path / "runs" / "hybrid.trec").rename(long)
    monkeypatch.setattr("passagework.ui.commands.output.WIDTH", 60)
    shown = run("compare", beir, tmp_path / "runs" / "dense.trec", long, "--measures", "AP").out
    table = shown[shown.index("measure") :]
    assert "…" not in table


def test_reports(beir: Path, kept: Path, tmp_path: Path) -> None:
    """Pages that stand alone: nothing in them is fetched."""
    evaluated, compared = tmp_path / "new" / "evaluation.html", tmp_path / "comparison.html"
    run("evaluate", beir, "--collection", kept, "--runs", tmp_path / "runs", "--report", evaluated, "--json")
    run("compare", beir, *sorted((tmp_path / "runs").iterdir())[:2], "--report", compared, "--json")
    for page, words in ((evaluated, ("animals", "owls hoot")), (compared, ("dense", "hybrid"))):
        text = page.read_text()
        assert all(word in text for word in words)
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text


def test_a_full_disk_costs_the_report_alone(
    beir: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line; the figures are told, an earlier report stays, and no half of a page is left."""
    report = tmp_path / "report.html"
    report.write_text("of yesterday")
    command = ("evaluate", beir, "--collection", kept, "--stages", "lexical,dense", "--runs", tmp_path / "runs")
    run(*command, "--json")
    replace = Path.replace

    def full(path: Path, target: Path) -> Path:
        if report.name in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full)
    runs = tmp_path / "runs" / "dense.trec", tmp_path / "runs" / "lexical.trec"
    for asked, key in ((command, "stages"), (("compare", beir, *runs), "measures")):
        done = run(*asked, "--report", report, "--json")
        assert done.code == 1
        assert done.err == f"passagework: the report can't be written to {report}: No space left on device\n"
        assert json.loads(done.out)[key]
    assert report.read_text() == "of yesterday"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["report.html", "runs"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--stages", "deep"], 2),
        (["--stages", ""], 2),
        (["--measures", "best"], 2),
        (["--fusion", "sum"], 2),
        (["--limit-queries", "0"], 2),
        (["--split", "train"], 1),
        (["--gate", "/nonexistent"], 2),
    ],
)
def test_bad_requests(beir: Path, kept: Path, options: list[str], code: int) -> None:
    """One line, the right exit code."""
    found = run("evaluate", beir, "--collection", kept, *options)
    assert (found.code, bool(found.complaint)) == (code, True)


def test_what_is_no_benchmark(tmp_path: Path) -> None:
    """A folder without judgments, and a path that isn't there."""
    (tmp_path / "empty").mkdir()
    assert "no judgments" in run("evaluate", tmp_path / "empty").complaint
    assert "does not exist" in run("compare", tmp_path / "none", "a", "b").complaint
    assert run("evaluate", tmp_path / "none.jsonl", "--collection", tmp_path).code == 1
