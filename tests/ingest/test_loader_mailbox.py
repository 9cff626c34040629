"""Mailboxes, Maildir, Outlook messages and saved pages: each mail a document with its headers as metadata."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from passagework.ingest.loaders import LoadOptions, RecordFailure, load, supported
from passagework.ingest.loaders.mail.compressed_rtf import inflated_rtf
from passagework.retrieval.errors import IngestError, NoTextError
from tests.support.loaded_files import documents, only, outcomes, written
from tests.support.ole_files import message_file, ole_file

FROM = "From ada@example.org Mon Jan  1 10:00:00 2024\n"


def test_each_mail_of_a_mailbox_is_a_document(tmp_path: Path) -> None:
    """By its number; quoted `From ` lines are unquoted, those in the midst of a text begin no mail."""
    source = (
        f"{FROM}Subject: One\nFrom: Ada <ada@example.org>\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\n"
        f">From here on.\nFrom what I know\n\n{FROM}Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\nZwei.\n"
    )
    first, second = documents(tmp_path, "a.mbox", source)
    assert (first.title, first.text, first.uri) == ("One", "From here on.\nFrom what I know", "#message=1")
    assert first.metadata == {"from": "Ada <ada@example.org>", "date": "2024-01-01T10:00:00+00:00"}
    assert (second.title, second.text, second.uri) == ("Grüße", "Zwei.", "#message=2")
    assert {first.media_type, second.media_type} == {"application/mbox"}


def test_mails_marked_as_deleted_are_left_out(tmp_path: Path) -> None:
    """Until a folder is compacted they lie in it; a note counts them."""
    source = (
        f"{FROM}X-Mozilla-Status: 0009\nSubject: Gone\n\nsecret\n\n{FROM}X-Status: D\nSubject: Gone too\n\nsecret\n\n"
        f"{FROM}X-Mozilla-Status: 0001\nSubject: Kept\n\nHere.\n"
    )
    (kept,) = documents(tmp_path, "Inbox", source)
    assert (kept.title, kept.uri) == ("Kept", "#message=3")
    assert kept.notes == ("2 mails marked as deleted: not read",)
    with pytest.raises(NoTextError, match="no mail that isn't deleted"):
        documents(tmp_path, "b.mbox", f"{FROM}X-Status: D\nSubject: Gone\n\nsecret\n")


def test_a_mail_that_cannot_be_read_costs_itself(tmp_path: Path) -> None:
    """The others are there; a file that is no mailbox says so."""
    found = outcomes(tmp_path, "a.mbox", f"{FROM}X: y\n\n\n{FROM}Subject: Two\n\nText.\n")
    assert found[0] == RecordFailure("message 1: no text")
    assert not isinstance(found[1], RecordFailure)
    with pytest.raises(IngestError, match="isn't one: it doesn't begin with a line `From `"):
        outcomes(tmp_path, "b.mbox", "Dear all,\n")
    with pytest.raises(IngestError, match="empty file"):
        outcomes(tmp_path, "c.mbox", "")


def test_maildir(tmp_path: Path) -> None:
    """A file a mail, without a suffix that says so; what is trashed is skipped."""
    (tmp_path / "cur").mkdir()
    name = tmp_path / "cur" / "1700000000.M1P2.host.example.org:2,S"
    name.write_text("Subject: Kept\n\nHere.\n")
    assert supported(name)
    assert (only(name).title, only(name).text) == ("Kept", "Here.")
    trashed = name.with_name("1700000001.M1P2.host:2,ST")
    trashed.write_text("Subject: Gone\n\nsecret\n")
    with pytest.raises(NoTextError, match="deleted: its Maildir flags say so"):
        only(trashed)


TICKS = 133485408000000000  # 2024-01-01T00:00:00Z


def test_outlook_messages(tmp_path: Path) -> None:
    """Headers, body, names of attachments, and a message within."""
    inner = "__attach_version1.0_#00000001/__substg1.0_3701000D"
    properties: dict[str, str | bytes] = {
        "0037": "Trip to Zürich", "1000": "We leave at nine.\r\nAda", "0C1A": "Ada Lovelace",
        "5D01": "ada@example.org", "0E04": "Bo; Cy", "1035": "<1@example.org>",
        "__attach_version1.0_#00000000/3707": "plan.pdf",
        f"{inner}/0037": "Re: trip", f"{inner}/1000": "Forwarded text.",
    }  # fmt: skip
    document = written(tmp_path, "a.msg", message_file(properties, sent=TICKS))
    assert document.text == "We leave at nine.\nAda\n\nSubject: Re: trip\n\nForwarded text."
    assert document.title == "Trip to Zürich"
    assert document.metadata == {
        "from": "Ada Lovelace <ada@example.org>", "to": "Bo; Cy", "message_id": "<1@example.org>",
        "date": "2024-01-01T00:00:00+00:00", "attachments": ["plan.pdf"],
    }  # fmt: skip
    assert document.notes[0].startswith("attachments are not searched: plan.pdf")


def test_richer_bodies_of_outlook(tmp_path: Path) -> None:
    """HTML where it says more, with what it hides marked; rich text where there is nothing else."""
    page = b'<html><body><p>Rich <span style="color:#fff">unseen</span></p></body></html>'
    document = written(tmp_path, "a.msg", message_file({"0037": "S", "1013": page}))
    assert document.text == "Rich unseen"
    assert [span.reason.value for span in document.hidden] == ["background colour"]
    packed = struct.pack("<III", 40, 30, 0x414C454D) + bytes(4) + b"{\\rtf1 Only rich text.\\par}".ljust(30)
    assert written(tmp_path, "b.msg", message_file({"0037": "S", "1009": packed})).text == "Only rich text."


def test_packed_rich_text() -> None:
    """The examples of the specification (MS-OXRTFCP, 3.1): with references, and one that goes on into itself."""
    first = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert inflated_rtf(first) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    second = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert inflated_rtf(second) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    assert inflated_rtf(first[:40]).startswith(b"{\\rtf1")
    with pytest.raises(IngestError, match="packed in an unknown way"):
        inflated_rtf(bytes(20))


def test_containers_of_other_kinds(tmp_path: Path) -> None:
    """What Word 97 wrote is named with the way to convert it; a damaged container is refused in a line."""
    for name, stream, way in (
        ("a.msg", "WordDocument", "--convert-to` docx"),
        ("a.xls", "PowerPoint Document", "pptx"),
    ):
        path = tmp_path / name
        path.write_bytes(ole_file({stream: b"x" * 50}))
        with pytest.raises(IngestError, match=way):
            list(load(path, LoadOptions()))
    path = tmp_path / "b.msg"
    path.write_bytes(message_file({"0037": "S", "1000": "text"})[:600])
    with pytest.raises(IngestError, match="damaged"):
        list(load(path, LoadOptions()))


def test_saved_pages(tmp_path: Path) -> None:
    """The page alone, in its charset, with its address; its pictures are not searched."""
    source = (
        b"From: <Saved by Blink>\nSnapshot-Content-Location: https://example.org/a\n"
        b"Date: Mon, 1 Jan 2024 10:00:00 +0000\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/related; boundary="B"\n\n--B\nContent-Type: text/html; charset=utf-8\n'
        b"Content-Transfer-Encoding: quoted-printable\n\n<title>Caf=C3=A9</title><h1>Men=C3=BC</h1><p>Soup =3D 3</p>\n"
        b"--B\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--B--\n"
    )
    document = written(tmp_path, "a.mhtml", source)
    assert (document.title, document.text) == ("Café", "Menü\n\nSoup = 3")
    assert document.metadata == {"address": "https://example.org/a", "date": "2024-01-01T10:00:00+00:00"}
    with pytest.raises(IngestError, match="it holds no page"):
        written(tmp_path, "b.mht", "MIME-Version: 1.0\nContent-Type: text/plain\n\nx\n")


def test_calendars(tmp_path: Path) -> None:
    """Each entry a document with its times; alarms are none of it; a single entry is the file."""
    event = (
        "BEGIN:VEVENT\r\nSUMMARY:Team meet\r\n ing\r\nDTSTART;TZID=Europe/Zurich:20240301T090000\r\n"
        "DTEND:20240301T100000Z\r\nLOCATION:Room 5\r\nDESCRIPTION:Agenda\\: all\\nBring notes\r\n"
        "BEGIN:VALARM\r\nDESCRIPTION:Reminder\r\nEND:VALARM\r\nEND:VEVENT\r\n"
    )
    task = "BEGIN:VTODO\r\nSUMMARY:Pay\r\nDUE:20240401\r\nEND:VTODO\r\n"
    first, second = documents(tmp_path, "a.ics", f"BEGIN:VCALENDAR\r\n{event}{task}END:VCALENDAR\r\n")
    assert first.text == (
        "Team meeting\nBegins: 2024-03-01 09:00 Europe/Zurich\nEnds: 2024-03-01 10:00 UTC\nPlace: Room 5\n\n"
        "Agenda: all\nBring notes"
    )
    assert first.metadata == {"start": "2024-03-01T09:00", "end": "2024-03-01T10:00Z", "place": "Room 5"}
    assert (second.title, second.uri, second.metadata) == ("Pay", "#entry=2", {"due": "2024-04-01"})
    assert written(tmp_path, "b.ics", f"BEGIN:VCALENDAR\n{task}").uri == ""
    with pytest.raises(NoTextError, match="no entry"):
        documents(tmp_path, "c.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n")


def test_contacts(tmp_path: Path) -> None:
    """Names, addresses and kinds as people read them; quoted-printable of version 2.1; no pictures."""
    source = (
        "BEGIN:VCARD\nVERSION:3.0\nN:Lovelace;Ada;;Dr.;\nFN:Ada Lovelace\nORG:Engines;Research\n"
        "item1.TEL;TYPE=WORK,VOICE:+41 44 1\nADR;TYPE=home:;;Lane 5;Zürich;;8001;CH\nPHOTO;ENCODING=b:AAAA\n"
        "NOTE:Likes\\, above all\\, numbers\nEND:VCARD\n"
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=\nan\nTEL;CELL:079\nEND:VCARD\n"
    )
    first, second = documents(tmp_path, "a.vcf", source)
    assert first.text == (
        "Ada Lovelace\nName: Dr. Ada Lovelace\nOrganisation: Engines, Research\nPhone (work): +41 44 1\n"
        "Address (home): Lane 5, Zürich, 8001, CH\nNote: Likes, above all, numbers"
    )
    assert (first.title, first.metadata) == ("Ada Lovelace", {"organisation": "Engines, Research"})
    assert (second.title, second.uri) == ("Jan Müller", "#card=2")
    assert second.text == "Jan Müller\nPhone (cell): 079"
    with pytest.raises(NoTextError, match="no card"):
        documents(tmp_path, "b.vcf", "nothing")
