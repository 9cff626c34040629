"""The page of a comparison: what was measured, in tables and pictures, from its JSON.

python -m benchmarks.page RESULT.json FOLDER
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import STAGES
from benchmarks.page_charts import LOADED_STAGES, PICTURES, ingest_sentence, query_sentence
from benchmarks.peers.program import CALLERS
from benchmarks.pictures import write_svg
from passagework.retrieval.text import counted

MEGABYTE = 1e6
COLUMNS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("ingest_documents_per_s", "documents/s, end to end", lambda x: f"{x:,.1f}"),
    ("encode_tokens_per_s", "tokens/s encoded", lambda x: f"{x:,.0f}"),
    ("index_passages_per_s", "ready passages/s indexed", lambda x: f"{x:,.1f}"),
    ("start_s", "start to first answer, s", lambda x: f"{x:.1f}"),
    ("index_bytes_per_passage", "bytes a passage on disk", lambda x: f"{x:,.0f}"),
    ("ingest_bytes_per_document", "bytes a record on disk, end to end", lambda x: f"{x:,.0f}"),
    ("ingest_peak_bytes", "peak memory of ingest, MB", lambda x: f"{x / MEGABYTE:,.0f}"),
    ("search_peak_bytes", "peak memory of search, MB", lambda x: f"{x / MEGABYTE:,.0f}"),
)


def write_page(result: Mapping[str, Any], folder: Path) -> None:
    """`benchmarks.md` in a folder, and its pictures in `benchmarks/` beside it."""
    pictures = []
    for name, caption, draw in PICTURES:
        chart = draw(result)
        if chart is not None:
            write_svg(chart, folder / "benchmarks" / f"{name}.svg")
            pictures.append(f"![{caption}](benchmarks/{name}.svg)\n")
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(
        [*_head(result), *_tables(result), "", "## Pictures", "", *pictures, *_profile(result), *_how(result)]
    )
    (folder / "benchmarks.md").write_text(text.rstrip() + "\n", encoding="utf-8")


def _head(result: Mapping[str, Any]) -> Iterator[str]:
    texts, machine, settings = result["texts"], result["machine"], result["settings"]
    yield "# Beside what people use instead"
    yield ""
    yield (
        f"By `make bench`, {result['made'][:10]}: {settings['dataset']}, {texts['documents']:,} records, "
        f"{texts['passages']:,} passages, {texts['queries']:,} judged queries; {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory_bytes'] / 1e9:.0f} GB, {machine['system']}, "
        f"Python {machine['python']}; the figures behind this page are in [benchmarks.json](benchmarks.json)."
    )
    yield ""
    yield (
        f"All systems take turns, {counted(settings['rounds'], 'round')} on one machine, with the same weights "
        "(all-MiniLM-L6-v2), each program in a process of its own. A cell is the median over the rounds and, in "
        "brackets, the median of its ratio to this project in the same round. The ratios are what carries over to "
        "another machine; the plain numbers don't."
    )
    yield ""


def _tables(result: Mapping[str, Any]) -> Iterator[str]:
    figures, systems = result["figures"], result["systems"]
    yield "## Figures"
    yield ""
    yield _row(["", *(title for _, title, _ in COLUMNS)])
    yield _row(["---"] + ["---:"] * len(COLUMNS))
    for name, system in systems.items():
        yield _row([system["label"], *(_cell(figures[name].get(key), shown) for key, _, shown in COLUMNS)])
    yield ""
    yield "A search for 10 results on the same ready-made passages, milliseconds at the median / the 95th percentile:"
    yield ""
    yield _row(["", *STAGES])
    yield _row(["---"] + ["---:"] * len(STAGES))
    for name, system in systems.items():
        yield _row([system["label"], *(_latency(figures[name], stage) for stage in STAGES)])
    yield from _loads(result)
    for of, told in (
        ("passages", "nDCG@10 on the same passages; a record ranks by its best passage:"),
        (
            "records",
            "nDCG@10 on whole records, cut as each system does it, which is what the documents a second are of:",
        ),
    ):
        yield ""
        yield told
        yield ""
        yield _row(["", *STAGES])
        yield _row(["---"] + ["---:"] * len(STAGES))
        for name, system in systems.items():
            found = [figures[name].get(f"{stage}_ndcg_{of}") for stage in STAGES]
            yield _row([system["label"], *("" if one is None else f"{one['median']:.3f}" for one in found)])


def _loads(result: Mapping[str, Any]) -> Iterator[str]:
    """Searches a second by callers, of systems that threads can share."""
    rows = [
        (name, stage)
        for name in result["systems"]
        for stage in LOADED_STAGES
        if f"{stage}_by_{CALLERS[0]}_per_s" in result["figures"][name]
    ]
    if not rows:
        return
    yield ""
    yield (
        "Searches a second of threads that share one process and ask without a pause, and milliseconds at the 95th "
        "percentile; hybrid where a system has it, else dense:"
    )
    yield ""
    yield _row(["", "stage", *(counted(callers, "caller") for callers in CALLERS)])
    yield _row(["---", "---"] + ["---:"] * len(CALLERS))
    for name, stage in rows:
        cells = [_load(result["figures"][name], f"{stage}_by_{callers}") for callers in CALLERS]
        yield _row([result["systems"][name]["label"], stage, *cells])


def _load(figures: Mapping[str, Mapping[str, float]], key: str) -> str:
    each, slow = figures.get(f"{key}_per_s"), figures.get(f"{key}_p95_ms")
    if each is None or slow is None:
        return "failed among threads"
    return f"{_cell(each, lambda x: f'{x:,.1f}')} / {slow['median']:,.0f}"


def _profile(result: Mapping[str, Any]) -> Iterator[str]:
    profile = result["profile"]
    if "failed" in profile:
        yield f"The profile failed: {profile['failed']}"
        return
    yield "## Where the time goes"
    yield ""
    seconds = f"{profile['ingest']['seconds']:,.0f} s with the encoder loaded before"
    yield f"An ingest of the records, {seconds}: {ingest_sentence(profile)}."
    yield ""
    yield f"A search, median milliseconds of its parts: {query_sentence(profile)}."
    yield ""


def _how(result: Mapping[str, Any]) -> Iterator[str]:
    settings = result["settings"]
    yield "## How each was called"
    yield ""
    for system in result["systems"].values():
        versions = ", ".join(f"{name} {version}" for name, version in system["versions"].items())
        yield f"- **{system['label']}** ({versions}): {system['how']}"
    for name, reason in result["skipped"].items():
        yield f"- **{name}** was left out: {reason}"
    yield ""
    yield (
        "Documents a second: whole records from a file to a searchable folder, the model loaded before. Tokens a "
        f"second: the first {settings['encode']:,} passages, padding not counted. Passages hold 200 tokens or less, "
        f"their record's title above them. Time of searches: the first {settings['timed']:,} queries, stages by turns, "
        "after some that aren't counted; several callers ask the same queries. Start: from a new process to its first "
        "answer by vectors from an index that is there. Memory: of all processes together. Each peer runs in an "
        "environment of its own below `build/peers`, offline; the programs are in `benchmarks/peers/`."
    )


def _cell(found: Mapping[str, float] | None, shown: Callable[[float], str]) -> str:
    if found is None:
        return ""
    ratio = f" ({found['ratio']:.2f}×)" if "ratio" in found else ""
    return f"{shown(found['median'])}{ratio}"


def _latency(figures: Mapping[str, Mapping[str, float]], stage: str) -> str:
    middle, slow = figures.get(f"{stage}_p50_ms"), figures.get(f"{stage}_p95_ms")
    if middle is None or slow is None:
        return ""
    return f"{_cell(middle, lambda x: f'{x:,.1f}')} / {slow['median']:,.1f}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    write_page(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
