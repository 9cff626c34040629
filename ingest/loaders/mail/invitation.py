"""Calendar entries in mails (iCalendar, RFC 5545), as the lines that a mail program shows of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

_FOLDED = re.compile(r"\n[ \t]")
_PROPERTY = re.compile(r'(?P<name>[A-Za-z-]+)(?P<parameters>(?:;[^:;="]+=(?:"[^"]*"|[^:;"]*))*):(?P<value>.*)')
_PARAMETER = re.compile(r';([^:;="]+)=(?:"([^"]*)"|([^:;"]*))')
_ESCAPED = re.compile(r"\\(.)")
_SHOWN = {
    "DTSTART": "Begins",
    "DTEND": "Ends",
    "DUE": "Due",
    "DURATION": "Duration",
    "RRULE": "Repeats",
    "LOCATION": "Place",
    "ORGANIZER": "Organiser",
    "ATTENDEE": "Invited",
    "STATUS": "Status",
    "URL": "Address",
}
"""Properties in the order they are shown, and what they are called."""
_ENTRIES = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_METHODS = {"CANCEL": "Cancelled", "REPLY": "Reply"}


def invitation_text(source: str) -> str:
    """Each entry of a calendar: what it is about, when, where and by whom, then its description; "" without any."""
    return "\n\n".join(filter(None, (entry.text() for entry in calendar_entries(source))))


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An entry's properties by their names, each as a mail program shows it, and the METHOD of its calendar."""

    method: str
    properties: Mapping[str, Sequence[str]]

    def first(self, name: str) -> str:
        """The first value of a property, "" where there is none."""
        return next(iter(self.properties.get(name, ())), "")

    def text(self) -> str:
        """The entry in lines, behind its title."""
        lines = [self.first("SUMMARY")] if self.first("SUMMARY") else []
        lines += [_METHODS[self.method]] if self.method in _METHODS else []
        for name, label in _SHOWN.items():
            values = ", ".join(filter(None, self.properties.get(name, ())))
            lines += [f"{label}: {values}"] if values else []
        descriptions = (text.strip() for text in self.properties.get("DESCRIPTION", ()))
        return "\n\n".join(filter(None, ["\n".join(lines), *descriptions]))


def calendar_entries(source: str) -> Iterator[CalendarEntry]:
    """The events, tasks and notes of a calendar, in its order."""
    method = ""
    entry: dict[str, list[str]] = {}
    inside: list[str] = []
    for name, parameters, value in _properties(source):
        if name == "BEGIN":
            inside.append(value.upper())
            entry = {} if value.upper() in _ENTRIES else entry
        elif name == "END":
            closed = inside.pop() if inside else ""
            if closed in _ENTRIES:
                yield CalendarEntry(method, entry)
        elif name == "METHOD":
            method = value.upper()
        elif inside and inside[-1] in _ENTRIES:  # of an alarm within, nothing is shown
            entry.setdefault(name, []).append(_shown(name, parameters, value))


def _properties(source: str) -> Iterator[tuple[str, dict[str, str], str]]:
    for line in _FOLDED.sub("", source).split("\n"):
        match = _PROPERTY.fullmatch(line.strip("\r"))
        if match is not None:
            parameters = {name.upper(): quoted or plain for name, quoted, plain in _PARAMETER.findall(match[2])}
            yield match["name"].upper(), parameters, match["value"].strip()


def _shown(name: str, parameters: dict[str, str], value: str) -> str:
    if name in ("DTSTART", "DTEND", "DUE"):
        return _moment(value, parameters.get("TZID", ""))
    if name in ("ORGANIZER", "ATTENDEE"):
        address = re.sub(r"(?i)^mailto:", "", value)
        person = parameters.get("CN", "")
        return f"{person} <{address}>" if person and person != address else address
    return _ESCAPED.sub(lambda escaped: "\n" if escaped[1] in "nN" else escaped[1], value)


def _moment(value: str, zone: str) -> str:
    """`2031-04-09 09:00 UTC`, a day as `2031-04-09`; what is none as it stands."""
    for form, shown in (("%Y%m%dT%H%M%S", "%Y-%m-%d %H:%M"), ("%Y%m%d", "%Y-%m-%d")):
        try:
            moment = datetime.strptime(value.removesuffix("Z"), form).strftime(shown)
        except ValueError:
            continue
        return f"{moment} {'UTC' if value.endswith('Z') else zone}".rstrip()
    return value
