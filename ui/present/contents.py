"""Prints what is in a collection, what came in and what went, for a person or as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from passagework.ingest.report import Problem, Report
from passagework.ingest.watching.watch_status import WatchStatus
from passagework.ingest.workers.limits import ParserLimits
from passagework.retrieval.collection.status import Status, TokenVectorsStatus
from passagework.retrieval.config import OVERLAP_TOKENS
from passagework.retrieval.roots import shown_path
from passagework.retrieval.store import DocumentRow, RootRow, SourceRow
from passagework.retrieval.text import counted, one_line
from passagework.retrieval.types import Json
from passagework.ui.present.lines import SHOWN, indented, show_problems
from passagework.ui.present.personal_data_lines import show_personal_data
from passagework.ui.present.watch_lines import watch_line

LINE_CHARACTERS = 1_000
"""The length of a line about a collection: its path may be long."""


def show_roots(console: Console, roots: Sequence[RootRow]) -> None:
    """Prints the folders that files came from, one a line."""
    for row in roots:
        counts = f"{counted(row.files, 'file')}, {counted(row.documents, 'document')}"
        gone = f", {row.gone:,} gone from disk" if row.gone else ""
        line = f"{row.root or '(added by a program)'}  {counts}{gone}"
        console.print(Text(one_line(line, limit=LINE_CHARACTERS)), soft_wrap=True)
    if not roots:
        console.print("nothing was ingested")


def show_report(console: Console, report: Report, collection: Path) -> None:
    """Prints what an ingest did, every failure with its reason, and what could not be read of the rest."""
    counts = {
        "added": report.added,
        "updated": report.updated,
        "moved": report.moved,
        "deleted": report.deleted,
        "unchanged": report.unchanged,
        "failed": len(report.failed),
        "skipped": len(report.skipped),
        "ignored": sum(ignored.entries for ignored in report.ignored),
    }
    shown = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing to do"
    console.print(Text(f"{'would be: ' if report.dry_run else ''}{shown}", style="bold"))
    show_problems(console, "failed", report.failed, "red")
    show_problems(console, "note", report.notes, "yellow")
    show_problems(console, "skipped", report.skipped, "dim")
    for unread in report.unread[:SHOWN]:
        indented(console, one_line(unread.describe()), "", column=Text("not read  ", style="yellow"))
    show_problems(console, "ignored", [ignored.describe() for ignored in report.ignored], "dim")
    if report.ignored:
        console.print(Text("--no-ignore takes what is ignored", style="dim"))
    if report.dry_run and report.cost is not None:
        console.print(Text(one_line(report.cost.describe(), limit=LINE_CHARACTERS), style="bold"))
    show_personal_data(console, report.pii)
    if report.cut:
        note = f"{counted(report.cut, 'passage')} cut to fit the encoder's window"
        console.print(Text(note, style="yellow"))
    if report.token_vectors:
        console.print(Text(f"token vectors of {counted(report.token_vectors, 'passage')}", style="dim"))
    if report.gone:
        gone = counted(report.gone, "document")
        note = f"{gone} gone from disk, still searchable: --delete-missing takes out what is gone"
        console.print(Text(note, style="yellow"))
        for root, count in report.gone_from.items():
            line = f"  {count:,} from {shown_path(root)}: --delete-missing --root {shlex.quote(shown_path(root))}"
            console.print(Text(one_line(line, limit=LINE_CHARACTERS), style="dim"), soft_wrap=True)
    if report.no_collection:
        console.print(Text("no file of a supported type was found: no collection was made", style="yellow"))
    elif not report.dry_run:
        line = f"{_rate_line(report)} {collection}"
        console.print(Text(one_line(line, limit=LINE_CHARACTERS), style="dim"), soft_wrap=True)


def _rate_line(report: Report) -> str:
    """Says how much came in and how fast; a run that had nothing to encode was not slow."""
    if not report.passages:
        return f"no new passages; {report.seconds:.1f} s for"
    rate = report.passages / report.seconds if report.seconds else 0.0
    return f"{counted(report.passages, 'passage')} in {report.seconds:.1f} s ({rate:.0f}/s) into"


def show_status(
    console: Console, status: Status, parsers: ParserLimits | None = None, watched: WatchStatus | None = None
) -> None:
    """Prints a collection's status in a few lines."""
    encoder, index = status.encoder, status.index
    overlap = _overlap_note(status.chunking)
    proof = "" if index.recall_at_10 is None else f", recall@10 {index.recall_at_10:.3f}"
    lines = {
        "collection": f"{status.collection} ({status.version}, made {status.created})",
        "documents": f"{status.documents:,} from {counted(status.files, 'file')}; {status.failed:,} failed",
        "passages": f"{status.passages:,}, {status.cut:,} cut; {counted(status.vectors, 'vector')}",
        "encoder": f"{encoder.model} ({encoder.dimension} dimensions, window {status.window}), {status.backend}",
        "chunking": ", ".join(f"{name} {value}" for name, value in status.chunking.items()) + overlap,
        "index": f"{index.kind}{proof}; {counted(index.since_build, 'change')} since it was built",
        **_token_vectors(status.token_vectors),
        "languages": ", ".join(f"{code} {count:,}" for code, count in status.languages.items()) or "none",
        "fields": ", ".join(status.fields) or "none",
        "size": f"{status.bytes / 1e6:,.1f} MB",
        **_parsers(parsers),
        **({} if watched is None else {"watch": watch_line(watched)}),
    }
    width = max(map(len, lines)) + 2
    for name, value in lines.items():
        indented(console, one_line(value, limit=LINE_CHARACTERS), "", column=Text(f"{name:<{width}}", style="bold"))
    for file in index.set_aside:
        note = f"index file {file} is missing or damaged; searches are complete, the next ingest mends it"
        console.print(Text(note, style="yellow"))


def _token_vectors(tokens: TokenVectorsStatus | None) -> dict[str, str]:
    """Returns a line on the token vectors, which tells why reranking is quick, or isn't."""
    if tokens is None:
        return {"token vectors": "none: reranking encodes the passages that it reads"}
    passages = counted(tokens.passages, "passage")
    bits = counted(tokens.bits, "bit")
    return {"token vectors": f"of {passages}, {bits} a coordinate, {tokens.bytes / 1e6:,.1f} MB"}


def _parsers(parsers: ParserLimits | None) -> dict[str, str]:
    """Returns a line on how the parser processes are confined, where that is told."""
    if parsers is None:
        return {}
    limits = f"{parsers.seconds:g} s of silence, {parsers.memory_mb:,} MB"
    return {"parsers": f"confined by {parsers.confined.value}; {counted(parsers.workers, 'worker')}, {limits}"}


def show_documents(console: Console, rows: Sequence[DocumentRow], failed: Sequence[SourceRow]) -> None:
    """Prints a line for each document, then the failures."""
    for row in rows:
        pages = f", {counted(row.pages, 'page')}" if row.pages else ""
        line = f"{_document_line(row)}  ({counted(row.passages, 'passage')}{pages})"
        console.print(Text(line), soft_wrap=True)
    show_problems(console, "failed", [Problem(source.path, source.reason or "") for source in failed], "red")
    console.print(Text(counted(len(rows), "document"), style="dim"))


def show_deleted(console: Console, rows: Sequence[DocumentRow], *, dry_run: bool) -> None:
    """Prints which documents were deleted, or would be."""
    for row in rows[:SHOWN]:
        console.print(Text(_document_line(row)), soft_wrap=True)
    if len(rows) > SHOWN:
        console.print(Text(f"and {len(rows) - SHOWN:,} more", style="dim"))
    verb = "would be deleted" if dry_run else "deleted"
    console.print(Text(f"{counted(len(rows), 'document')} {verb}", style="bold"))


def _document_line(row: DocumentRow) -> str:
    """Returns a document's path, which record of it, and title, as far as there are such."""
    return "  ".join(one_line(part) for part in (row.address, row.title) if part)


def _overlap_note(chunking: Mapping[str, Json]) -> str:
    """Says where the overlap comes from, if passages are too short for what was asked for or the default."""
    tokens, overlap = chunking.get("passage_tokens"), chunking.get("overlap_tokens")
    if not isinstance(tokens, int) or not isinstance(overlap, int):
        return ""
    return " (the overlap is a quarter of passage_tokens)" if 0 < overlap == tokens // 4 < OVERLAP_TOKENS else ""
