"""Draws the evaluation page: the pipeline measured on one's own judgments, runs on disk, and two of them compared."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import streamlit as st

from passagework.retrieval import ConfigError, PassageworkError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.folder import GATE, JUDGMENTS, RUNS
from passagework.ui.present.wording import counted, formatted, gettext, message
from passagework.ui.web import session
from passagework.ui.web.gate_files import gate_command, write_gate
from passagework.ui.web.interval_chart import comparison_charts, measurement_charts
from passagework.ui.web.measured_runs import (
    REPORT,
    Measurement,
    benchmark_of,
    compared,
    measure,
    measurements,
    run_files,
    stage_rows,
)
from passagework.ui.web.page_html import note_html, table_html
from passagework.ui.web.run_names import run_names
from passagework.ui.web.search_settings import URL
from passagework.ui.web.server import LOCAL

VIEWS = (message("Measurements"), message("Compare two runs"))
LARGEST = 1_500_000
"""Characters of a report that is shown in the page: browsers take no longer address."""


def show_measurements(collection: Collection) -> None:
    """Draws the measurements of this collection, the newest first, and a button that makes another."""
    judged = (collection.path / JUDGMENTS).exists()
    with st.container(key="labelled-name"):
        called = str(
            st.text_input(gettext("Name of the measurement"), key="run_name", placeholder=gettext("What you changed"))
            or ""
        )
    if st.button(gettext("Measure every stage on your judgments"), type="primary", disabled=not judged):
        bar = st.progress(0.0, gettext("Searching the judged queries"))

        def draw(done: int, total: int) -> None:
            bar.progress(
                done / max(1, total), gettext("{done} of {total}", done=formatted(done), total=counted(total, "query"))
            )

        measure(collection, draw, called=called)
        bar.empty()
    measured = measurements(collection.path)
    if not measured:
        st.info(gettext("No measurements yet. Judge some passages, then measure how well each stage finds them."))
        st.page_link(session.JUDGE, label=gettext("Go to the judgments"))
        return
    names = dict(zip((one.folder.name for one in measured), run_names(measured), strict=True))
    folder = st.selectbox(
        gettext("Measurement"), list(names), key="measurement", format_func=lambda one: names.get(one, one)
    )
    chosen = next(one for one in measured if one.folder.name == folder)
    show_measurement(chosen)
    show_gate(collection, chosen)


def show_measurement(measurement: Measurement) -> None:
    """Draws the figures of a measurement, then its report with the plots."""
    figures = measurement.figures
    queries = counted(int(figures.get("queries") or 0), "query")
    summary = gettext("{queries} from {dataset}", queries=queries, dataset=gettext(str(figures.get("dataset", ""))))
    st.html(note_html(summary))
    if charts := measurement_charts(figures):
        st.html(charts)
        st.html(note_html(gettext("Each line is a 95% confidence interval, each dot a mean.")))
    columns, rows = stage_rows(figures)
    st.html(table_html("figures", columns, rows))
    st.html(note_html(gettext("In brackets: the 95% confidence interval of each mean, over queries like these.")))
    st.code(str(measurement.folder), language=None, wrap_lines=True)
    file = measurement.folder / REPORT
    if file.is_file():
        show_report(file.read_text(encoding="utf-8", errors="replace"), gettext("Report of the measurement"))


def show_gate(collection: Collection, measurement: Measurement) -> None:
    """Draws the button that writes thresholds, and the command that holds a later state against them."""
    with st.expander(gettext("Hold this quality")):
        st.html(
            note_html(
                gettext(
                    "A gate holds each stage to the lower end of its interval, so that chance alone doesn't fail it."
                )
            )
        )
        if st.button(gettext("Write the gate")):
            st.session_state["gate"] = str(write_gate(collection.path, measurement))
        if (collection.path / GATE).exists():
            st.code((collection.path / GATE).read_text(encoding="utf-8", errors="replace"), language=None)
            st.code(gate_command(collection.path), language=None, wrap_lines=True)


def show_report(page: str, title: str) -> None:
    """Draws a page of plots in a frame of its own, which can't reach the application around it."""
    address = f"data:text/html;charset=utf-8;base64,{b64encode(page.encode()).decode()}"
    if len(address) <= LARGEST:
        with st.expander(title):
            st.iframe(address, height=900, alt=title)
    st.download_button(gettext("Download the report"), page.encode(), REPORT, "text/html")


def show_comparison(collection: Collection) -> None:
    """Draws a comparison of two runs in one folder: means, differences by query, and what moved."""
    local = session.host() in LOCAL
    folder, beir = collection.path / RUNS, None
    if local:
        layout = gettext("A folder in BEIR layout; without one, the judgments of this collection")
        with st.container(key="labelled-folders"):
            named = st.text_input(gettext("Folder of runs"), key="runs", placeholder=str(folder), bind=URL)
            benchmark = st.text_input(gettext("Benchmark"), key="beir", placeholder=layout, bind=URL)
        folder, beir = _path(named) or folder, _path(benchmark)
    else:
        st.html(note_html(gettext("Other folders can be named only while the server listens at 127.0.0.1.")))
    files = {f"{file.parent.name}/{file.name}": file for file in run_files(folder)}
    if len(files) < 2:
        st.info(
            gettext("Comparing takes two runs. Measure your judgments, or write runs with passagework evaluate --runs.")
        )
        return
    with st.container(key="labelled-runs"):
        left, right = st.columns(2)
    a = files[str(left.selectbox(gettext("Run A"), list(files), 0, key="run_a"))]
    b = files[str(right.selectbox(gettext("Run B"), list(files), len(files) - 1, key="run_b"))]
    with st.spinner(gettext("Comparing")):
        judged = benchmark_of(collection, beir)
        comparison, page = compared(judged, a, b, None if beir is None else beir / "corpus.jsonl")
    rows = [
        (
            measure.measure,
            formatted(measure.a, 3),
            formatted(measure.b, 3),
            formatted(measure.difference, 3, sign=True),
            measure.wins,
            measure.losses,
            formatted(measure.p, 3),
        )
        for measure in comparison.measures
    ]
    columns = (
        gettext("Measure"),
        "A",
        "B",
        "B − A",
        gettext("Queries better"),
        gettext("Queries worse"),
        "p",
    )
    st.html(comparison_charts(comparison))
    st.html(note_html(gettext("Below: the difference of the means. To the right of the line B is better.")))
    st.html(table_html("differences", columns, rows))
    show_report(page, gettext("Report of the comparison"))


def _path(named: str | None) -> Path | None:
    if not named or not named.strip():
        return None
    try:
        path = Path(named.strip()).expanduser()
        if path.is_dir():
            return path
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(gettext("{path} can't be read: {error}", path=named.strip(), error=error)) from error
    raise ConfigError(gettext("{path} is not a folder", path=named.strip()))


def main() -> None:
    """Draws the page once."""
    st.title(gettext("Evaluate"))
    view = st.segmented_control(
        gettext("View"),
        VIEWS,
        default=VIEWS[0],
        key="view",
        format_func=gettext,
        label_visibility="collapsed",
        bind=URL,
    )
    try:
        collection = session.chosen_collection()
        if view == VIEWS[1]:
            show_comparison(collection)
        else:
            show_measurements(collection)
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
