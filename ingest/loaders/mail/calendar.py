"""Calendars (iCalendar, RFC 5545): each event, task or note a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.mail.invitation import CalendarEntry, calendar_entries
from passagework.retrieval.errors import NoTextError
from passagework.retrieval.types import Document, Json

_FACTS = {"start": "DTSTART", "end": "DTEND", "due": "DUE", "place": "LOCATION", "organiser": "ORGANIZER"}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d)(?: (UTC))?)?")


def load_calendar(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document an entry, `#entry=3` its address; of a single entry the file. Raises IngestError for none."""
    decoded = read_text(path)
    entries = [entry for entry in calendar_entries(without_data_uris(decoded.text)) if entry.text()]
    if not entries:
        raise NoTextError("no text: the calendar has no entry")
    for number, entry in enumerate(entries, 1):
        yield Document(
            text=entry.text(),
            media_type=Format.ICS.value,
            title=" ".join(entry.first("SUMMARY").split()),
            uri=f"#entry={number}" if len(entries) > 1 else "",
            metadata={**_facts(entry), **decoded.metadata},
            notes=decoded.notes if number == 1 else (),
        )


def _facts(entry: CalendarEntry) -> dict[str, Json]:
    """When, where and by whom, times in ISO form."""
    facts: dict[str, Json] = {}
    for key, name in _FACTS.items():
        value = entry.first(name)
        moment = _TIME.match(value) if key in ("start", "end", "due") else None
        if moment:
            value = moment[1] + (f"T{moment[2]}" if moment[2] else "") + ("Z" if moment[3] else "")
        if value:
            facts[key] = value
    return facts
