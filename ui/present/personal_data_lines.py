"""Prints what a scan found of personal data: a line a finding, its value covered, and how many of each kind."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from passagework.ingest.personal_data.scan_report import ScanReport
from passagework.retrieval.text import counted, one_line
from passagework.ui.present.lines import SHOWN, show_problems

LINE_CHARACTERS = 300


def show_scan(console: Console, report: ScanReport) -> None:
    """Prints the first findings, the problems, and the counts."""
    for found in report.findings[:SHOWN]:
        place = f"{found.path}:{found.start}-{found.end}"
        line = f"{found.kind:<16} {found.confidence:.2f}  {found.preview:<24} {place}"
        console.print(Text(one_line(line, limit=LINE_CHARACTERS)), soft_wrap=True)
    if len(report.findings) > SHOWN:
        console.print(Text(f"and {len(report.findings) - SHOWN:,} more; --json lists all", style="dim"))
    show_problems(console, "failed", report.failed, "red")
    show_problems(console, "skipped", report.skipped, "yellow")
    counts = kind_counts(report.counts) or "no personal data"
    console.print(Text(f"{counts} in {counted(report.documents, 'document')}", style="bold"))
    if not report.names:
        console.print(Text("names were not looked for: --names takes a spaCy model that finds them", style="dim"))


def show_personal_data(console: Console, counts: Mapping[str, int] | None) -> None:
    """Prints what an ingest found of personal data by kind, where it looked for any."""
    if counts is not None:
        line = f"personal data: {kind_counts(counts) or 'none'}"
        console.print(Text(line, style="yellow" if counts else "dim"), soft_wrap=True)


def kind_counts(counts: Mapping[str, int]) -> str:
    """Returns counts by kind in words, most first: `email 2, card 1`."""
    return ", ".join(f"{kind} {count:,}" for kind, count in sorted(counts.items(), key=lambda kind: -kind[1]))
