"""Prints what a doctor found and did, a line each."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from passagework.ingest.maintenance.doctor import Diagnosis, Finding, Remedy, Repair
from passagework.retrieval.text import counted, one_line

LINE_CHARACTERS = 600


def show_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Prints a line for each finding and for each check left out, or a line that all is well."""
    for finding in diagnosis.findings:
        _line(console, "found", f"{finding.check}: {finding.text}", "red")
    for check in diagnosis.checks:
        if check.state == "skipped":
            _line(console, "skipped", f"{check.name}: {check.detail}", "yellow")
    if diagnosis.well:
        _line(console, "well", _summary(diagnosis), "green")
    else:
        _line(console, "next", _next_step(diagnosis.findings), "bold")


def show_repair(console: Console, repair: Repair) -> None:
    """Prints what was done, what could not be, and how the collection is now."""
    for finding in repair.before.findings:
        _line(console, "found", f"{finding.check}: {finding.text}", "yellow")
    for done in repair.done:
        _line(console, "mended", done, "green")
    for failed in repair.failed:
        _line(console, "failed", failed, "red")
    if repair.after.well:
        _line(console, "well", _summary(repair.after), "green")
        return
    for finding in repair.after.findings:
        _line(console, "left", f"{finding.check}: {finding.text}", "red")
    _line(console, "next", _next_step([finding for finding in repair.after.findings if finding.remedy is None]), "bold")


def _summary(diagnosis: Diagnosis) -> str:
    counts = diagnosis.counts
    held = ", ".join(counted(counts[f"{noun}s"], noun) for noun in ("document", "passage", "vector"))
    looked = sum(check.state == "ok" for check in diagnosis.checks)
    return f"{diagnosis.collection} ({diagnosis.version}): {held}; {counted(looked, 'check')}, nothing found"


def _next_step(findings: list[Finding] | tuple[Finding, ...]) -> str:
    lasting = [finding for finding in findings if finding.remedy is None]
    if {finding.remedy for finding in findings} == {Remedy.SEAL}:
        return "nothing else is wrong: restore it from a copy, or take it as it is with passagework doctor --repair"
    if {finding.remedy for finding in findings} == {Remedy.JUDGMENTS}:
        return "correct these lines, or set them aside with passagework doctor --repair; the documents are well"
    if findings and not lasting:
        return "all of this can be made again: passagework doctor --repair"
    return "what is not derived can't be mended: restore the collection from a copy, or ingest its files into a new one"


def _line(console: Console, name: str, text: str, style: str) -> None:
    console.print(Text.assemble((f"{name:<9}", style), one_line(text, limit=LINE_CHARACTERS)), soft_wrap=True)
