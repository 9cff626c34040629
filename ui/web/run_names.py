"""Names measurements as people do, or by what differed from the one before, and says when each was made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from passagework.retrieval.text import one_line
from passagework.ui.present.wording import counted, gettext, moment_of
from passagework.ui.web.measured_runs import Measurement

LONGEST = 80
"""Characters of a name."""


def run_names(measured: Sequence[Measurement]) -> list[str]:
    """Returns the name of each measurement; they are the newest first, and each is compared with the next."""
    before = [*measured[1:], None]
    return [f"{_name(one, earlier)} · {_moment(one)}" for one, earlier in zip(measured, before, strict=True)]


def _name(measurement: Measurement, earlier: Measurement | None) -> str:
    given = measurement.figures.get("name")
    if isinstance(given, str) and given.strip():
        return one_line(given, limit=LONGEST)
    now = _facts(measurement)
    if earlier is None:
        return gettext("First: {queries}, {documents}", queries=now["queries"], documents=now["documents"])
    then = _facts(earlier)
    none = gettext("none")
    changed = [
        gettext("{now} (before: {before})", now=said, before=then.get(what, none))
        for what, said in now.items()
        if then.get(what) != said
    ]
    return one_line(", ".join(changed) or gettext("Same queries, documents and settings"), limit=2 * LONGEST)


def _facts(measurement: Measurement) -> dict[str, str]:
    """Returns what a measurement was made of, in words, by what it is."""
    figures = measurement.figures
    facts = {"queries": counted(int(figures.get("queries") or 0), "query")}
    facts["documents"] = counted(int(figures.get("documents") or 0), "document")
    settings = figures.get("settings")
    if isinstance(settings, dict):
        facts |= {name: f"{name} {value}" for name, value in settings.items() if isinstance(value, str | int | float)}
    return facts


def _moment(measurement: Measurement) -> str:
    try:
        made = datetime.strptime(measurement.folder.name[:17], "%Y-%m-%d-%H%M%S")
    except ValueError:
        return measurement.folder.name
    return f"{moment_of(made)} UTC"
