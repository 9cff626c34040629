"""Mail: the body that a person would read, the headers as metadata, attachments by name."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from passagework.ingest.loaders import LoadOptions, load
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document


def mail(tmp_path: Path, source: bytes | str) -> Document:
    """The document of a mail with that source."""
    path = tmp_path / "a.eml"
    path.write_bytes(source.encode() if isinstance(source, str) else source)
    (document,) = load(path, LoadOptions())
    assert isinstance(document, Document)
    return document


def test_headers_and_plain_body(tmp_path: Path) -> None:
    """Subject to title; from, to, cc, date in ISO form and message id to metadata; the plain body preferred."""
    message = EmailMessage()
    message["From"] = "Ada Lovelace <ada@example.org>"
    message["To"] = "Bö <bo@example.org>, Cy <cy@example.org>"
    message["Cc"] = "dan@example.org"
    message["Subject"] = "Reisekosten für Zürich ✈"
    message["Date"] = "Fri, 01 Mar 2024 12:30:00 +0100"
    message["Message-ID"] = "<1@example.org>"
    message.set_content("Grüße,\n\nAda\n")
    message.add_alternative("<p>Rich</p>", subtype="html")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="Rechnung März.pdf")
    document = mail(tmp_path, message.as_bytes())
    assert document.title == "Reisekosten für Zürich ✈"
    assert document.text == "Grüße,\n\nAda"
    assert document.metadata == {
        "from": "Ada Lovelace <ada@example.org>",
        "to": "Bö <bo@example.org>, Cy <cy@example.org>",
        "cc": "dan@example.org",
        "date": "2024-03-01T12:30:00+01:00",
        "message_id": "<1@example.org>",
        "attachments": ["Rechnung März.pdf"],
    }
    assert document.notes == (
        "attachments are not searched: Rechnung März.pdf (saved as files, these can be: Rechnung März.pdf)",
    )
    assert document.media_type == "message/rfc822"


def test_html_bodies_keep_their_headings(tmp_path: Path) -> None:
    """Without a plain body, or with a blank one, the HTML one is rendered; its headings are exact."""
    message = EmailMessage()
    message["Subject"] = "News"
    message.set_content("  \n")
    message.add_alternative("<h1>Big news</h1><p>It &amp; that</p><style>p{}</style>", subtype="html")
    document = mail(tmp_path, message.as_bytes())
    assert document.text == "Big news\n\nIt & that"
    assert [(h.level, document.text[h.start : h.end]) for h in document.headings] == [(1, "Big news")]


def test_every_inline_part_is_read_in_order(tmp_path: Path) -> None:
    """Mail programs cut the text around pictures: all parts of the body are the body, and headings keep their place."""
    source = (
        "Subject: s\nContent-Type: multipart/mixed; boundary=B\n\n"
        "--B\nContent-Type: text/plain\n\nBefore\n"
        "--B\nContent-Type: image/png; name=x.png\n\nAAAA\n"
        "--B\nContent-Type: text/html\n\n<h2>After</h2>\n"
        "--B\nContent-Type: text/plain; name=log.txt\n\nnot body\n--B--\n"
    )
    document = mail(tmp_path, source)
    assert document.text == "Before\n\nAfter"
    assert [document.text[h.start : h.end] for h in document.headings] == ["After"]
    assert document.metadata["attachments"] == ["x.png", "log.txt"]


def test_forwarded_mail_is_read(tmp_path: Path) -> None:
    """A message within a message gives its subject, who sent it, and its body."""
    inner = "From: b@x\nSubject: =?utf-8?q?caf=C3=A9?=\n\nInner body\n"
    outer = "Subject: Fwd\nContent-Type: multipart/digest; boundary=B\n\n--B\nContent-Type: message/rfc822\n\n"
    source = f"{outer}{inner}\n--B--\n"
    assert mail(tmp_path, source).text == "Subject: café\nFrom: b@x\n\nInner body"


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        (b"Content-Type: text/plain; charset=koi8-r", "Привет, мир".encode("koi8_r"), "Привет, мир"),
        (b"Content-Type: text/plain; charset=iso-8859-1", "voilà – ça".encode("cp1252"), "voilà – ça"),
        (b"Content-Type: text/plain; charset=us-ascii", "voilà, café".encode(), "voilà, café"),
        (b"Content-Type: text/plain; charset=iso-8859-1", "voilà, café".encode(), "voilà, café"),
        (b"Content-Type: text/plain; charset=nonsense", b"plain", "plain"),
        (b"Content-Type: text/plain; charset=hex", b"plain", "plain"),
        (b"Content-Type: text/plain; charset=iso-2022-jp", "猫である".encode("iso2022_jp"), "猫である"),
        (b"Content-Transfer-Encoding: base64", b"aGVsbG8=", "hello"),
        (b"Content-Transfer-Encoding: base64", b"aGVsbG8", "hello"),
        (b"Content-Transfer-Encoding: quoted-printable", b"caf=C3=A9 =\nau lait", "café au lait"),
        (b"Content-Type: multipart/mixed", b"no boundary at all", "no boundary at all"),
        (b"Content-Type: garbage; ;;=", b"still text", "still text"),
    ],
)
def test_charsets_and_encodings_right_wrong_and_missing(tmp_path: Path, headers: bytes, body: bytes, text: str) -> None:
    """Parts are read by their charset where it fits, by looking where it doesn't."""
    assert mail(tmp_path, b"Subject: s\n" + headers + b"\n\n" + body).text == text


def test_a_mail_saved_as_utf16_is_read(tmp_path: Path) -> None:
    """An editor that saves mail as UTF-16 leaves it readable, with or without a mark; the encoding is kept."""
    source = "Subject: Grüße\nContent-Type: text/plain; charset=utf-16\n\nschöne Grüße\n"
    for codec in ("utf-16", "utf-16-be"):
        document = mail(tmp_path, source.encode(codec))
        assert (document.title, document.text) == ("Grüße", "schöne Grüße")
        assert str(document.metadata["encoding"]).startswith("utf-16")


@pytest.mark.parametrize(
    "header",
    [
        b"Date: not a date",
        b"Date: Mon, 99 Foo 2024 99:99:99 +9999",
        b'From: <<>>@@,,;;"',
        b"To: =?utf-8?b?!!!?= =?bad?x?y?=",
        b"Subject: \xff\xfe raw bytes",
        b"Message-ID: [[[",
        b"Content-Disposition: inline; filename*=utf-8''%ff%zz",
        b"Content-Transfer-Encoding: martian",
        b": no name",
        b"Subject: =?hex?q?61?=",
    ],
)
def test_malformed_headers_never_crash(tmp_path: Path, header: bytes) -> None:
    """Headers that break the standard parser leave the body readable."""
    document = mail(tmp_path, header + b"\nMIME-Version: 1.0\n\nthe body\n")
    assert "the body" in document.text
    document.title.encode("utf-8")
    assert document.metadata.get("date") is None


def test_dates_in_iso_form_are_understood(tmp_path: Path) -> None:
    """Some senders write ISO 8601 dates; they are kept in the same form as the others."""
    assert mail(tmp_path, "Date: 2025-07-29T12:42:06Z\n\nx").metadata == {"date": "2025-07-29T12:42:06+00:00"}


def test_raw_utf8_headers_are_read(tmp_path: Path) -> None:
    """Internationalised mail (RFC 6532) carries UTF-8 in its headers as it is."""
    assert mail(tmp_path, "Subject: Grüße\n\nx").title == "Grüße"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Content-Type: multipart/encrypted; boundary=B\n\n--B\n\nx\n--B--", "encrypted mail"),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nAAAA", "encrypted mail"),
        ("From: a@x\n\n  \n", "no text"),
        ("  \n\n ", "no text"),
    ],
)
def test_mail_that_cannot_be_read_says_why(tmp_path: Path, source: str, expected: str) -> None:
    """Encrypted mail, and mail with neither body nor subject."""
    with pytest.raises(IngestError, match=f"^{expected}$"):
        mail(tmp_path, source)


def test_a_subject_alone_is_the_text(tmp_path: Path) -> None:
    """ "Lunch at 12?" with nothing below it is a whole mail."""
    document = mail(tmp_path, "Subject: Lunch at 12?\n\n")
    assert (document.title, document.text) == ("Lunch at 12?", "Lunch at 12?")


def test_mail_within_mail_without_end_is_a_reason(tmp_path: Path) -> None:
    """A thousand messages within messages are refused, not recursed into."""
    deep = "Content-Type: message/rfc822\n\n" * 2000 + "Subject: x\n\ny"
    with pytest.raises(IngestError, match="deep"):
        mail(tmp_path, deep)
    parts = "".join(f"Content-Type: multipart/mixed; boundary=B{n}\n\n--B{n}\n" for n in range(300)) + "\nhi"
    with pytest.raises(IngestError, match="deep"):
        mail(tmp_path, parts)


def test_an_attachment_goes_by_its_composed_name(tmp_path: Path) -> None:
    """Mail from a Mac brings it decomposed; a filter on `attachments` finds it as it is typed."""
    part = "Content-Disposition: attachment; filename*=utf-8''Geha%CC%88lter.pdf\nContent-Type: application/pdf\n\nx\n"
    source = f"From: a@x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nTea.\n--b\n{part}--b--\n"
    assert mail(tmp_path, source).metadata["attachments"] == ["Gehälter.pdf"]


STUB = "Your mail program shows no HTML. Open this message in a browser: https://example.org/m/1"
PLAIN = "The water plant stops on 9 April. Store water before."


@pytest.mark.parametrize(
    ("plain", "html", "text"),
    [
        (STUB, "<p>The water plant stops on 9 April.</p>", "The water plant stops on 9 April."),
        ("[image]", f"<p>{PLAIN}</p>", PLAIN),
        (PLAIN, "<p>The water plant stops on <b>9 April</b>. Store water before.</p>", PLAIN),
        (PLAIN, "<p>See the text.</p>", PLAIN),
        (
            "Part\nOn hand\nRotor\n5",
            "<table><tr><th>Part<th>On hand<th>Price<tr><td>Rotor<td><td>5</table>",
            "| Part | On hand | Price |\n| Rotor |  | 5 |",
        ),
    ],
)
def test_the_alternative_that_a_reader_is_shown(tmp_path: Path, plain: str, html: str, text: str) -> None:
    """The plain text, unless it only stands in for the other, or has lost the columns of a table."""
    message = EmailMessage()
    message["Subject"] = "s"
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    document = mail(tmp_path, message.as_bytes())
    assert document.text == text
    assert [table.columns for table in document.tables] == ["Part | On hand | Price"] * text.startswith("|")


CALENDAR = """\
BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VTIMEZONE
TZID:Europe/Oslo
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Pump review\\, part 2
DTSTART;TZID="Europe/Oslo":20310409T090000
DTEND:20310409T083000Z
LOCATION:Room
  Fjord 3
ORGANIZER;CN=Ines Okafor:mailto:ines@example.org
DESCRIPTION:Bring the records.\\nAll of them.
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
END:VCALENDAR
"""
EVENT = (
    "Begins: 2031-04-09 09:00 Europe/Oslo\nEnds: 2031-04-09 08:30 UTC\nPlace: Room Fjord 3\n"
    "Organiser: Ines Okafor <ines@example.org>\n\nBring the records.\nAll of them."
)


def test_an_invitation_is_read(tmp_path: Path) -> None:
    """What, when, where and by whom, in a mail that is nothing else, and once where it comes twice beside a text."""
    alone = f"Subject: s\nContent-Type: text/calendar\n\n{CALENDAR.format(method='REQUEST')}"
    assert mail(tmp_path, alone).text == f"Invitation: Pump review, part 2\n{EVENT}"
    message = EmailMessage()
    message.set_content("Please come.")
    message.add_alternative(CALENDAR.format(method="CANCEL"), subtype="calendar")
    message.add_attachment(CALENDAR.format(method="CANCEL").encode(), "text", "calendar", filename="invite.ics")
    document = mail(tmp_path, message.as_bytes())
    assert document.text == f"Please come.\n\nInvitation: Pump review, part 2\nCancelled\n{EVENT}"
    assert document.notes == ()


@pytest.mark.parametrize(
    ("parameters", "body", "text"),
    [
        ("format=flowed", "one \ntwo\n\nthree \n-- \nAda", "one two\n\nthree\n--\nAda"),
        ("format=flowed", "> a \n> b\n>> c \nd", "> a b\n>> c\nd"),
        ("format=flowed; delsp=yes", "wo \nrd", "word"),
        ("charset=utf-8", "one \ntwo", "one \ntwo"),
    ],
)
def test_flowed_text_is_put_together(tmp_path: Path, parameters: str, body: str, text: str) -> None:
    """RFC 3676: a line that ends in a space goes on, but not into another depth of quotes, nor the signature."""
    assert mail(tmp_path, f"Subject: s\nContent-Type: text/plain; {parameters}\n\n{body}\n").text == text


def test_a_forwarded_mail_that_is_attached_is_read(tmp_path: Path) -> None:
    """A mail is read wherever it hangs; a part that nothing can read is named."""
    inner = EmailMessage()
    inner["Subject"], inner["From"] = "Inner", "b@example.org"
    inner.set_content("Inner body")
    message = EmailMessage()
    message.set_content("See below")
    message.add_attachment(inner)
    message.add_attachment(b"x", "application", "x-odd")
    document = mail(tmp_path, message.as_bytes())
    assert document.text == "See below\n\nSubject: Inner\nFrom: b@example.org\n\nInner body"
    assert document.notes == ("attachments are not searched: application/x-odd",)
