"""Prints a classifier's figures for a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from passagework.retrieval.text import counted, one_line
from passagework.ui.present.lines import SHOWN


def show_report(console: Console, report: Mapping[str, Any], out: Path | None = None) -> None:
    """Prints accuracy, calibration, the labels that are found worst, and what is taken for what."""
    texts = counted(report["texts"], "held-out text" if out is not None else "text")
    console.print(
        Text(
            f"accuracy {report['accuracy']:.3f}, macro F1 {report['macro_f1']:.3f}, calibration error "
            f"{report['calibration_error']:.3f}, on {texts} of {counted(len(report['labels']), 'label')}",
            style="bold",
        )
    )
    console.print(f"called other though they have a label: {report['called_other']:.1%}")
    if report["other"] is not None:
        other = report["other"]
        console.print(f"called other, of texts of {other['labels']:,} labels that were left out: {other['found']:.1%}")
    worst = sorted((row for row in report["labels"] if row["texts"]), key=lambda row: row["f1"])[: SHOWN // 2]
    for row in worst:
        figures = f"F1 {row['f1']:.3f}  precision {row['precision']:.3f}  recall {row['recall']:.3f}"
        console.print(Text(f"{figures}  {one_line(row['label'])} ({row['texts']:,})"), soft_wrap=True)
    for row in report["confusion"][: SHOWN // 2]:
        line = f"{row['texts']:>4}  {one_line(row['label'])} taken for {one_line(row['predicted'])}"
        console.print(Text(line, style="dim"), soft_wrap=True)
    if out is not None:
        console.print(Text(one_line(f"saved in {out}", limit=1_000), style="dim"), soft_wrap=True)
