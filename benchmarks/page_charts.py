"""The pictures of the page of a comparison, each from its JSON; None where nothing of it was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.figures import STAGES
from benchmarks.peers.program import CALLERS, DENSE, HYBRID, RERANK
from benchmarks.peers.systems import OURS
from benchmarks.pictures import Group, Row, bars, spans
from passagework.retrieval.evaluation.report.drawing import Chart
from passagework.retrieval.text import counted

Result = Mapping[str, Any]
LOADED_STAGES = (HYBRID, DENSE, RERANK)
"""At which many ask at once."""

LEAST_SHARE = 0.005
"""Of an ingest; what takes less is not shown."""


def throughput(result: Result) -> Chart | None:
    """Documents and tokens a second."""
    return _bars(
        result,
        "Documents a second end to end, and tokens a second encoded",
        (
            ("Documents a second end to end, × this project: more is better", "ingest_documents_per_s"),
            ("Tokens a second encoded, × this project: more is better", "encode_tokens_per_s"),
        ),
    )


def costs(result: Result) -> Chart | None:
    """Start, disk and memory."""
    return _bars(
        result,
        "Start to first answer, bytes a passage on disk, peak memory of ingest and search",
        (
            ("Start to first answer, × this project: less is better", "start_s"),
            ("Bytes a passage on disk, × this project: less is better", "index_bytes_per_passage"),
            ("Peak memory of ingest, × this project: less is better", "ingest_peak_bytes"),
            ("Peak memory of search, × this project: less is better", "search_peak_bytes"),
        ),
    )


def latency(result: Result) -> Chart | None:
    """Median to 95th percentile of a search, by stage."""
    groups = []
    for stage in STAGES:
        rows = []
        for name, figures in result["figures"].items():
            middle, slow = figures.get(f"{stage}_p50_ms"), figures.get(f"{stage}_p95_ms")
            if middle and slow:
                low, high = middle["median"], slow["median"]
                rows.append(Row(_label(result, name), low, low, high, f"{low:,.1f} to {high:,.1f}", _kind(name)))
        if rows:
            groups.append(Group(stage, tuple(rows)))
    return spans("Milliseconds of a search, median to 95th percentile, by stage", groups) if groups else None


def load(result: Result) -> Chart | None:
    """Searches a second by how many threads ask at once; the fullest stage of each system, and our reranking."""
    groups = []
    for callers in CALLERS:
        rows = []
        for name, figures in result["figures"].items():
            for stage in LOADED_STAGES:
                each = figures.get(f"{stage}_by_{callers}_per_s")
                if each:
                    value = each["median"]
                    label = f"{_label(result, name)}, {stage}"
                    rows.append(Row(label, value, each["least"], each["most"], f"{value:,.1f}", _kind(name)))
        if rows:
            groups.append(Group(f"{counted(callers, 'caller')}: more is better", tuple(rows)))
    return bars("Searches a second, by how many ask at once", groups) if groups else None


def quality(result: Result) -> Chart | None:
    """nDCG@10 on the same passages, by stage."""
    groups = []
    for stage in STAGES:
        found = {name: one.get(f"{stage}_ndcg_passages") for name, one in result["figures"].items()}
        rows = tuple(
            Row(_label(result, name), one["median"], one["median"], one["median"], f"{one['median']:.3f}", _kind(name))
            for name, one in found.items()
            if one
        )
        if rows:
            groups.append(Group(stage, rows))
    return bars("nDCG@10 on the same passages, by stage", groups) if groups else None


def profile(result: Result) -> Chart | None:
    """Shares of an ingest's time."""
    found = result["profile"]
    if "failed" in found:
        return None
    rows = tuple(
        Row(name, 100 * share, 0.0, 0.0, f"{100 * share:.1f} %", "ours")
        for name, share in found["ingest"]["parts"].items()
        if share >= LEAST_SHARE
    )
    return bars("Where the time of an ingest goes, per cent", [Group("", rows)]) if rows else None


PICTURES: tuple[tuple[str, str, Callable[[Result], Chart | None]], ...] = (
    ("throughput", "Documents a second end to end, and tokens a second encoded, as ratios to this project", throughput),
    ("latency", "Milliseconds of a search, median to 95th percentile, by stage", latency),
    ("load", "Searches a second, by how many ask at once", load),
    ("quality", "nDCG@10 on the same passages, by stage", quality),
    ("costs", "Start, disk and memory, as ratios to this project", costs),
    ("profile", "Shares of the time of an ingest", profile),
)
"""Name, description and drawing of each."""


def ingest_sentence(found: Result) -> str:
    """The parts of an ingest in words."""
    parts = [f"{name} {100 * share:.1f} %" for name, share in found["ingest"]["parts"].items() if share >= LEAST_SHARE]
    return ", ".join(parts)


def query_sentence(found: Result) -> str:
    """The parts of a search in words, stage by stage."""
    told = []
    for stage, parts in found["query"].items():
        named = {name: ms for name, ms in parts.items() if name != "total"}
        named["the rest"] = max(0.0, parts["total"] - sum(named.values()))
        inner = ", ".join(f"{name} {ms:.1f}" for name, ms in named.items() if ms >= 0.05)
        told.append(f"{stage} {parts['total']:.1f} ({inner})")
    return "; ".join(told)


def _bars(result: Result, caption: str, wanted: tuple[tuple[str, str], ...]) -> Chart | None:
    """Ratios to this project; the reach is that of the rounds."""
    groups = []
    for title, key in wanted:
        rows = []
        for name, figures in result["figures"].items():
            one = figures.get(key)
            if one and "ratio" in one:
                shown = f"{one['ratio']:.2f}×"
                rows.append(
                    Row(_label(result, name), one["ratio"], one["ratio_least"], one["ratio_most"], shown, _kind(name))
                )
        if rows:
            groups.append(Group(title, tuple(rows)))
    return bars(caption, groups) if groups else None


def _label(result: Result, name: str) -> str:
    return str(result["systems"][name]["label"])


def _kind(name: str) -> str:
    return "ours" if name == OURS else "peer"
