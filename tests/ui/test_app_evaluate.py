"""The evaluation page without a browser: measured on one's own judgments, written to disk, compared."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from streamlit.testing.v1 import AppTest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import Stage
from passagework.retrieval.evaluation.gate import load_gate
from passagework.retrieval.folder import GATE, RUNS
from passagework.ui.web.judging import judge
from passagework.ui.web.measured_runs import FIGURES, REPORT
from tests.support.app_sessions import fake_models, html_of, open_page
from tests.support.beir_files import write_beir
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.usefixtures("empty_cache")

CELL = re.compile(r"<td[^>]*>([^<]*)</td>")


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Two documents."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "bees.txt").write_text("Bees dance to tell of flowers.")
    (docs / "wasps.txt").write_text("Wasps build paper nests.")
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    return tmp_path / "c"


def _report(page: AppTest) -> str:
    [frame] = page.get("iframe")
    head, _, content = frame.proto.src.partition(",")
    assert head == "data:text/html;charset=utf-8;base64"
    return base64.b64decode(content).decode()


def test_measure_and_compare(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First it says what is missing; then figures, runs and report are on disk, and two runs are compared by query."""
    fake_models(monkeypatch, None)
    page = open_page(collection, monkeypatch, "evaluate")
    assert "No measurements yet." in page.info[0].value
    assert page.button[0].disabled
    with Collection.open(collection) as opened:
        for query, path in (("bees dance", "bees.txt"), ("<b>paper</b> nests", "wasps.txt")):
            judge(collection, query, path, opened.search(query, stage="lexical")[0], 2)
    page.run().button[0].click().run()
    assert not page.exception
    [figures] = html_of(page, "figures")
    assert re.findall("lexical</td><td[^>]*>([^<]*)<", figures) == ["1.000 (1.00 to 1.00)"]
    [charts] = html_of(page, "intervals")
    assert 'aria-label="lexical: 1.000, 95% interval 1.00 to 1.00"' in charts
    assert "&lt;b&gt;paper&lt;/b&gt;" in _report(page)
    [folder] = (collection / RUNS).iterdir()
    names = {one.name for one in folder.iterdir()}
    assert {"dense.trec", "lexical.trec", "hybrid.trec", FIGURES, REPORT} <= names
    page.segmented_control(key="view").set_value("Compare two runs").run()
    page.selectbox(key="run_a").set_value(f"{folder.name}/dense.trec").run()
    assert not page.exception
    [charts] = html_of(page, "intervals")
    assert 'pw-row-name">B − A</span>' in charts
    [differences] = html_of(page, "differences")
    assert _row(differences, "RR@10") == ["RR@10", "0.750", "1.000", "+0.250"]
    assert "<b>paper" not in _report(page)


def test_a_measurement_is_named_and_held(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a person, else by what differs from the one before; the gate that is written passes what was measured."""
    fake_models(monkeypatch, None)
    with Collection.open(collection) as opened:
        for query, path in (("bees dance", "bees.txt"), ("paper nests", "wasps.txt")):
            judge(collection, query, path, opened.search(query, stage="lexical")[0], 2)
        page = open_page(collection, monkeypatch, "evaluate")
        page.text_input(key="run_name").set_value("<b>as it was</b>")
        page.button[0].click().run()
        judge(collection, "flowers", "bees.txt", opened.search("flowers", stage="lexical")[0], 2)
    page.text_input(key="run_name").set_value("").run()
    page.button[0].click().run()
    newest, oldest = (label.rpartition(" · ")[0] for label in page.selectbox(key="measurement").options)
    assert (newest, oldest) == ("3 queries (before: 2 queries)", "<b>as it was</b>")
    next(button for button in page.button if button.label == "Write the gate").click().run()
    assert not page.exception
    gate = load_gate(collection / GATE)
    assert {threshold.stage: threshold.least for threshold in gate.thresholds}[Stage.LEXICAL] == pytest.approx(
        1, abs=1e-3
    )
    assert page.code[-1].value.endswith(f"--gate {collection / GATE}")


def test_runs_of_a_benchmark(collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of any folder, over any benchmark in BEIR layout; what is not a folder is said to be none."""
    beir = write_beir(tmp_path / "beir")
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "good.trec").write_text("q3 Q0 d5 1 2.0 x\nq3 Q0 d2 2 1.0 x\n")
    (runs / "poor.trec").write_text("q3 Q0 d2 1 2.0 x\nq3 Q0 d5 2 1.0 x\n")
    fake_models(monkeypatch, None)
    page = open_page(collection, monkeypatch, "evaluate")
    page.segmented_control(key="view").set_value("Compare two runs").run()
    assert "Comparing takes two runs" in page.info[0].value
    page.text_input(key="runs").set_value(str(tmp_path / "none")).run()
    assert "is not a folder" in page.error[0].value
    page.text_input(key="runs").set_value(str(runs))
    page.text_input(key="beir").set_value(str(beir)).run()
    assert not page.exception
    [differences] = html_of(page, "differences")
    assert _row(differences, "RR@10") == ["RR@10", "1.000", "0.500", "-0.500"]


def test_a_damaged_measurement_is_passed_over(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is none."""
    for name, text in (("a", "{"), ("b", json.dumps([1])), ("c", json.dumps({"stages": 1}))):
        (collection / RUNS / name).mkdir(parents=True)
        (collection / RUNS / name / FIGURES).write_text(text)
    fake_models(monkeypatch, None)
    page = open_page(collection, monkeypatch, "evaluate")
    assert "No measurements yet." in page.info[0].value


def _row(table: str, name: str) -> list[str]:
    """The cells of a row, as far as they are figures of means."""
    return CELL.findall(table[table.index(f"<td>{name}</td>") :])[:4]
