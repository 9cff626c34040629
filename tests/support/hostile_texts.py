"""Texts, records, pages and mail as attackers make them: deep, long, many, and full of what drives a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

DEEP = 100_000
ODD = "\x1b[2J\x1b]0;owned\x07 \u202egnp.exe\u202c \u2028 \u200b \x9b31m \x00 \x7f"
"""Clears a screen, names a window, turns words round, starts lines: what no terminal may get."""

NAME = "\x1b[31mred\u202e\nnew line"
"""The same for names of files, which hold no NUL."""

MAIL = "From: a@example.org\nSubject: Keys\nMIME-Version: 1.0\n"


def deep() -> Iterator[tuple[str, bytes]]:
    """What is nested a hundred thousand deep, or never closed."""
    yield "div.html", b"<div>" * DEEP + b"lantern" + b"</div>" * DEEP
    yield "open.html", b"<b><i>lantern " * 5_000
    yield "tables.html", b"<table><tr><td>" * 5_000 + b"lantern" + b"</td></tr></table>" * 5_000
    yield "lists.html", b"<ul><li>" * 20_000 + b"lantern"
    yield "svg.html", b"<svg><title>" * 20_000 + b"lantern</title></svg><p>lantern"
    yield "quotes.md", b"> " * 20_000 + b"lantern\n"
    yield "lists.md", b"\n".join(b" " * n + b"- lantern" for n in range(500))
    yield "brackets.md", b"[" * 20_000 + b"lantern" + b"](" * 20_000
    yield "emphasis.md", b"# " + b"*" * 20_000 + b"lantern" + b"_" * 20_000 + b"\n"
    yield "fences.md", b"".join(b"`" * (3 + n % 50) + b"\nlantern\n" for n in range(2_000))
    yield "comments.md", b"<!-- lantern\n" * 5_000
    yield "rules.md", b"lantern\n---\n" * 5_000
    aliases = b"".join(b"%c: &%c [*%c, *%c]\n" % (98 + n, 98 + n, 97 + n, 97 + n) for n in range(24))
    yield "front.md", b"---\na: &a [x, x]\n" + aliases + b"---\nlantern\n"
    yield "front-deep.md", b"---\na: " + b"[" * 40_000 + b"\n---\nlantern\n"
    yield "lists.json", b"[" * DEEP + b"]" * DEEP
    yield "objects.json", b'{"text": "lantern", "a": ' + b'{"a": ' * DEEP + b"1" + b"}" * (DEEP + 1)
    yield "within.json", b'{"text": "lantern", "a": ' + b'{"a": ' * 500 + b"1" + b"}" * 501
    yield "lines.jsonl", b'{"text": "lantern"}\n' + b'{"text": "lantern", "a": ' + b"[" * DEEP + b"\n"
    yield "sections.rst", b"".join(b"lantern\n" + bytes([33 + n % 14]) * 7 + b"\n\n" for n in range(2_000))


def long() -> Iterator[tuple[str, bytes]]:
    """What is long, wide, or repeated."""
    yield "attribute.html", b'<p title="' + b"x" * 5_000_000 + b'">lantern</p>'
    yield "attributes.html", b"<p " + b" ".join(b"a%d=1" % n for n in range(200_000)) + b">lantern</p>"
    yield "entities.html", b"<p>lantern" + b"&amp;&#x41;&nosuch;" * 5_000
    yield "titles.html", b"<title>lantern</title><h1>x</h1>" * 2_000
    yield "declared.html", b"<?xml version='1.0'?>" + b"<p " * 100_000 + b"/>lantern"
    yield "tail.html", b"<p>lantern</p><" + b"a" * 2_000_000
    yield "wide.csv", b",".join(b"c%d" % n for n in range(3_000)) + b"\n" + b",".join([b"lantern"] * 3_000) + b"\n"
    yield "quoted.csv", b'name,text\na,"lantern ' + b"never closed\n" * 10_000
    yield "nulls.csv", b"name,text\n" + b"a,\x00lantern\n" * 100
    yield "ragged.csv", b"name,text\n" + b"".join(b"lantern" + b"," * (n % 300) + b"\n" for n in range(200))
    yield "numbers.json", b'{"text": "lantern", "n": ' + b"9" * 1_000_000 + b"}"
    yield "floats.json", b'{"text": "lantern", "n": [1e999, -1e999, NaN, Infinity, 1e-999]}'
    yield "keys.json", b'{"text": "lantern"' + b"".join(b', "k%d": 1' % n for n in range(20_000)) + b"}"
    yield "surrogates.json", b'{"text": "lantern \\ud800 \\udfff\\ud800 \\u0000", "\\ud800": "\\udc00"}'
    yield "bad.jsonl", b'{"text": "lantern"}\n' + b"1\n" * 200_000
    yield "same.jsonl", b'{"_id": "a", "text": "lantern"}\n' * 5_000
    yield "long-line.txt", b"lantern" * 30_000
    yield "marks.txt", b"lantern" + "\u0301".encode() * 20_000
    yield "spaces.txt", b"lantern" + b" \n" * 500_000 + b"end"


def mail() -> Iterator[tuple[str, bytes]]:
    """Parts within parts, headers without end, names that lead elsewhere."""
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(2_000))
    yield "nested.eml", (MAIL + nested + "Content-Type: text/plain\n\nlantern\n").encode()
    within = "Content-Type: message/rfc822\n\n" * 500
    yield "within.eml", (MAIL + within + "Subject: x\n\nlantern\n").encode()
    yield "header.eml", (MAIL + f"X-Long: {'x' * 5_000_000}\nTo: {'a@example.org, ' * 50_000}\n\nlantern\n").encode()
    yield "headers.eml", (MAIL + "X-Many: y\n" * 100_000 + "\nlantern\n").encode()
    yield "words.eml", f"From: a\nSubject: {'=?utf-8?b?bGFudGVybg==?= ' * 5_000}\n\nlantern\n".encode()
    yield "date.eml", (MAIL + f"Date: {'9' * 50_000}\n\nlantern\n").encode()
    mixed = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nlantern\n"
    parts = "".join(f'--b\nContent-Type: image/png; name="{n}.png"\n\nx\n' for n in range(5_000))
    yield "parts.eml", (MAIL + mixed + f"{parts}--b--\n").encode()
    boundary = "--b\n" * 50_000
    yield "boundaries.eml", (MAIL + f"Content-Type: multipart/mixed; boundary=b\n\n{boundary}\nlantern\n").encode()
    continued = "".join(f" filename*{n}*=%41;" for n in range(5_000))
    disposition = f"Content-Disposition: attachment;{continued} x=y\n"
    yield "continued.eml", (MAIL + mixed + f"--b\n{disposition}\nx\n--b--\n").encode()
    yield "base64.eml", (MAIL + "Content-Transfer-Encoding: base64\n\n" + "bGFudGVybiA=\n" * 100_000).encode()
    yield "charset.eml", (MAIL + 'Content-Type: text/plain; charset="../../x\u202e"\n\nlantern\n').encode()
    yield "traversal.eml", attached("../../../../tmp/escaped.txt")


def attached(name: str) -> bytes:
    """A mail with a file of this name."""
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.org", "Keys"
    message.set_content("lantern\n")
    message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=name)
    return bytes(message)
