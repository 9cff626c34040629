"""Results as a person reads them in a terminal; no control code or markup of a document reaches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from ingest.reasons import one_line
from ingest.report import Problem, Report
from retrieval.store import DocumentRow, SourceRow
from retrieval.types import Context, Hit, Hits, Json

PASSAGE_CHARACTERS = 600
"""Of a passage on screen; --json has all of it."""

SHOWN = 20
"""Problems of one kind listed on screen; --json has all of them."""

STAGES = ("dense", "lexical", "hybrid", "rerank")


def page_list(pages: Sequence[int]) -> str:
    """`p. 3`, `pp. 3-5, 7`, or nothing."""
    if not pages:
        return ""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    shown = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"{'p.' if len(pages) == 1 else 'pp.'} {shown}"


def place(hit: Hit) -> str:
    """Where a hit stands: path, pages, and the headings above it."""
    parts = [hit.path, page_list(hit.pages), " > ".join(hit.headings)]
    return one_line("  ".join(part for part in parts if part))


def stage_scores(hit: Hit) -> str:
    """`dense #2 0.713`, and so on, for every stage the hit passed."""
    shown = []
    for stage, score in hit.stages.items():
        probability = "" if score.probability is None else f" ({score.probability:.2f})"
        shown.append(f"{stage.value} #{score.rank} {score.score:.3f}{probability}")
    return "  ".join(shown)


def plan_line(hits: Hits) -> str:
    """How the hits were found, in one line."""
    plan = hits.plan
    parts = [str(plan["used"])]
    if plan["requested"] != plan["used"]:
        parts[0] += f" (asked for {plan['requested']}: {plan.get('reason', 'not available')})"
    if "fusion" in plan:
        parts.append(f"{plan['fusion']} fusion")
    parts.append(f"{plan['candidates']} candidates a retriever")
    if "index" in plan:
        parts.append(f"{plan['index']} index")
    found = plan.get("filter")
    if isinstance(found, Mapping):
        matching = f", {found['matching']:,} passages match" if "matching" in found else ""
        parts.append(f"filter {found['strategy']}{matching}")
    return ", ".join(parts)


def timing_line(hits: Hits) -> str:
    """Milliseconds, whole and by stage."""
    stages = ", ".join(f"{name} {ms:.1f}" for name, ms in hits.timings_ms.items() if name != "total" and ms >= 0.05)
    return f"{hits.timings_ms.get('total', 0.0):.0f} ms ({stages})"


def warnings_of(hits: Hits) -> list[str]:
    """What a person should know before trusting the hits."""
    out = []
    cut = hits.plan.get("query_cut")
    if isinstance(cut, Mapping):
        out.append(f"the query was cut: {cut['tokens']:,} tokens, of which the encoder read {cut['used']}")
    if hits.plan.get("rerank_query_cut"):
        out.append("the query was cut for the reranker")
    return out


def show_hits(console: Console, hits: Hits) -> None:
    """Each hit with its place, its passage and its scores; then the plan."""
    for warning in warnings_of(hits):
        console.print(Text(f"note: {warning}", style="yellow"))
    if not hits:
        console.print("no passage found")
    for hit in hits:
        title = one_line(hit.title or hit.document)
        console.print(Text.assemble((f"{hit.rank:>2}  ", "bold"), (title, "bold cyan"), f"  {hit.score:.3f}"))
        _indented(console, place(hit), "dim")
        _indented(console, one_line(hit.text, limit=PASSAGE_CHARACTERS), "")
        _indented(console, stage_scores(hit), "green")
        console.print()
    console.print(Text(f"plan  {plan_line(hits)}", style="dim"))
    console.print(Text(f"time  {timing_line(hits)}", style="dim"))


def show_context(console: Console, context: Context) -> None:
    """The text, then what was used of the budget."""
    console.print(Text(clean(context.text)))
    note = f"{context.tokens} of {context.max_tokens} tokens, {len(context.citations)} citations"
    console.print(Text(note, style="dim"))


def show_report(console: Console, report: Report, collection: Path) -> None:
    """What an ingest did, every failure with its reason, and what could not be read of the rest."""
    counts = {
        "added": report.added,
        "updated": report.updated,
        "moved": report.moved,
        "deleted": report.deleted,
        "unchanged": report.unchanged,
        "failed": len(report.failed),
        "skipped": len(report.skipped),
    }
    shown = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing to do"
    console.print(Text(f"{'would be: ' if report.dry_run else ''}{shown}", style="bold"))
    _problems(console, "failed", report.failed, "red")
    _problems(console, "note", report.notes, "yellow")
    _problems(console, "skipped", report.skipped, "dim")
    if report.cut:
        console.print(Text(f"{report.cut:,} passages were cut to fit the encoder's window", style="yellow"))
    if report.gone:
        note = f"{report.gone:,} documents are gone from disk and still searchable; --delete-missing takes them out"
        console.print(Text(note, style="yellow"))
    if not report.dry_run:
        rate = report.passages / report.seconds if report.seconds else 0.0
        line = f"{report.passages:,} passages in {report.seconds:.1f} s ({rate:.0f}/s) into {collection}"
        console.print(Text(line, style="dim"))


def show_status(console: Console, status: Mapping[str, Json]) -> None:
    """A collection in a few lines."""
    encoder, index, chunking = (dict(_mapping(status[name])) for name in ("encoder", "index", "chunking"))
    recall = index["recall@10"]
    proof = f", recall@10 {recall:.3f}" if isinstance(recall, float) else ""
    lines = {
        "collection": f"{status['collection']} ({status['version']}, made {status['created']})",
        "documents": f"{status['documents']:,} of {status['files']:,} files; {status['failed']:,} files failed",
        "passages": f"{status['passages']:,}, {status['cut']:,} cut; {status['vectors']:,} vectors",
        "encoder": f"{encoder['model']} ({encoder['dimension']} dimensions, window {status['window']})",
        "chunking": ", ".join(f"{name} {value}" for name, value in chunking.items()),
        "index": f"{index['kind']}{proof}; {index['since_build']:,} changes since it was built",
        "fields": ", ".join(str(name) for name in _list(status["fields"])) or "none",
        "size": f"{_number(status['bytes']) / 1e6:,.1f} MB",
    }
    for name, value in lines.items():
        console.print(Text.assemble((f"{name:<12}", "bold"), one_line(value, limit=1_000)))
    for file in _list(index["set_aside"]):
        console.print(Text(f"index file {file} was damaged and is set aside; the index was built anew", style="yellow"))


def documents_to_json(rows: Sequence[DocumentRow], failed: Sequence[SourceRow]) -> dict[str, Any]:
    """The documents JSON."""
    return {
        "documents": [
            {
                "document": row.name if row.name is not None else row.uri,
                "uri": row.uri,
                "path": row.path,
                "title": row.title,
                "media_type": row.media_type,
                "characters": row.length,
                "pages": row.pages,
                "passages": row.passages,
                "cut": row.cut,
                "metadata": dict(row.metadata),
            }
            for row in rows
        ],
        "failed": [{"path": source.path, "reason": source.reason} for source in failed],
    }


def show_documents(console: Console, rows: Sequence[DocumentRow], failed: Sequence[SourceRow]) -> None:
    """A line a document, then the failures."""
    for row in rows:
        pages = f", {counted(row.pages, 'page')}" if row.pages else ""
        record = f" {row.name}" if row.name is not None else ""
        line = f"{row.path}{record}  {row.title}  ({counted(row.passages, 'passage')}{pages})"
        console.print(Text(one_line(line)))
    _problems(console, "failed", [Problem(source.path, source.reason or "") for source in failed], "red")
    console.print(Text(counted(len(rows), "document"), style="dim"))


def show_deleted(console: Console, rows: Sequence[DocumentRow], *, dry_run: bool) -> None:
    """What went, or would go."""
    for row in rows[:SHOWN]:
        console.print(Text(one_line(f"{row.path}{'' if row.name is None else ' ' + row.name}  {row.title}")))
    if len(rows) > SHOWN:
        console.print(Text(f"and {len(rows) - SHOWN:,} more", style="dim"))
    console.print(
        Text(f"{counted(len(rows), 'document')} {'would be deleted' if dry_run else 'deleted'}", style="bold")
    )


def counted(number: int, noun: str) -> str:
    """`1 page`, `2,000 pages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def clean(text: str) -> str:
    """Text of many lines without the characters that drive a terminal."""
    return "\n".join(one_line(line, limit=max(1, len(line))) for line in text.split("\n"))


def _indented(console: Console, text: str, style: str) -> None:
    for line in Text(text, style=style).wrap(console, console.width - 4):
        console.print(Text.assemble("    ", line))


def _problems(console: Console, name: str, problems: Sequence[Problem], style: str) -> None:
    for problem in problems[:SHOWN]:
        console.print(Text.assemble((f"{name}  ", style), one_line(f"{problem.path}: {problem.reason}", limit=400)))
    if len(problems) > SHOWN:
        console.print(Text(f"{name}  and {len(problems) - SHOWN:,} more; --json lists all", style=style))


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else []


def _number(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
