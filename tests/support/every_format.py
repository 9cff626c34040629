"""A file of each type that is read, each with what a person would search for in it; and files that can't be."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import zipfile
import zlib
from pathlib import Path

import docx
import openpyxl  # type: ignore[import-untyped]  # openpyxl ships no types
import pptx

from tests.support.ole_files import message_file, ole_file
from tests.support.open_document_files import flat_document, open_document
from tests.support.pdf_files import typed

OLD_WORKBOOK = zlib.decompress(
    base64.b85decode(
        "c-rk)O-NKx6#njeZ=4w&b^Hr77zRNr(=gn$vB|6?sIXiV5!C3s8ZpOsGa?3+Wdm)3s8v53!-6(e1pQD%L5miFQHvl5v}h5of`S(6"
        "bnbcYO*&2BfC<+7hI{V4=bn4+dFP&Y?w$8~ykuhJZq+0*un{U|Q(olF;Rz~UyW<Cqr&6+M*B&Y<2g?dx4{c<g3y%w5x#b?p{how^"
        "JKA%iz(*<va11SxaBwNHnQaIQX+yKnDE1Uwqf&%QwyTtB7t=DPw^{ZH(@o4d&$O9jC&Ye?hj!I%u;O^1Qq5yUL<Ju3ocGLGj|#k$"
        "aeV56FlAk6F}lM?|C<3XG6n*g52K*yXwzf5A^Tq3fCe<KYpe-q#kh%lV35$z+uIO{OrV^?XcXU5LExL6FP;S*{?hUVi2q|g-~9)^"
        "2U=FX-05umeA@JE{DLg{FDVo&Lr5JG@?}fXOQ*WbRMT#Bcj@sYe7NeC0jFU{Upz65s0=7BG;@1G@1?4hMrc|`G;HY9-4agdl&d=Q"
        "E<;by!P6Q({3RIcPY^HOBzXnEK(srd2M79$NSxTcx^YC0_<;UcT-Rg4cvRODat$*D`sby<LQV`mq7f8xyM)t&pFA~v>+74Ho$aB6"
        "%o*ZiPg*ZfBcBv0oR%|uCuqJ#zl#OMd~`x7Vo6t;*0F}QOwaHtE4f|8w47w9u5GWd8rz0h<}8oa(z;EIx1m*Y+N-IZoZ9^`ko*){"
        "L+!D)$>Zf???NM}rrnINodUzC7xm)GWr;^2yB1bj{lK*Hw-oD9{Fd!0>qbzF8Qv$5e<aMF^p;5X6w7yJPo<uk?rGH1EX^W|X2F`J"
        "uTCoYY<VfB&bgtIFXfR?W<B@4kU6fB*RH=%thrKqo~2!3OXh2ryb77wSi8B)0ZU%ZBCoPF9!p+jd0W4hA^()$Dbp`fT4QPX%%5Re"
        "s+kupr4;w2A#`Z{!eYiHGUC#XLy@M-H4a7AIP}_HMK-TGaNxj!0|yTH_*eK^#+PlrYRQX++xo6ELuJ<aO!CiS5BlhrpucQe5u@6`"
        "U{3L~0xn_e5(}JTe=n5SORF2`K_}bMlXLviMN!Oso&`_zFWxJZ>-w{~*!h>&{|V>dKi2"
    )
)
"""What Excel 97 writes: the sheet Prices with hidden column E, white words in A3, A4 merged with A5; a hidden sheet."""

PLAIN = {
    "notes.md": "# Notes\n\nThe heron nests here.\n",
    "page.mdx": "# Page\n\nThe ibis wades here.\n",
    "study.qmd": "---\ntitle: Study\n---\n\n# Study\n\nThe egret is white.\n",
    "paper.Rmd": "# Paper\n\nThe stork is tall.\n",
    "old.mkd": "# Old\n\nThe crane dances.\n",
    "plain.txt": "The bittern booms at dusk.\n",
    "README": "The grebe dives for fish.\n",
    "settings.yaml": "bird: cormorant\n",
    "settings.toml": 'bird = "pelican"\n',
    "page.html": "<h1>Page</h1><p>The gannet plunges.</p>",
    "manual.rst": "Manual\n======\n\nThe puffin burrows.\n",
    "table.csv": "bird,count\nauk,3\ntern,4\n",
    "table.tsv": "bird\tcount\nskua\t3\nruff\t4\n",
    "table.tab": "bird\tcount\nknot\t3\nrail\t4\n",
    "table.psv": "bird|count|place\nsora|3|a\ncoot|4|b\n",
    "record.json": '{"title": "Bird", "text": "The avocet sweeps its bill."}',
    "records.jsonl": '{"_id": "1", "text": "The dunlin probes the mud."}\n',
    "mail.eml": "Subject: Birds\nFrom: ada@example.org\n\nThe curlew calls.\n",
    "box.mbox": "From a@b Mon Jan  1 10:00:00 2024\nSubject: One\n\nThe whimbrel passes.\n",
    "day.ics": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:The godwit count\nDTSTART:20240301\nEND:VEVENT\nEND:VCALENDAR\n",
    "person.vcf": "BEGIN:VCARD\nVERSION:3.0\nFN:Jan Sanderling\nEND:VCARD\n",
    "page.mhtml": "MIME-Version: 1.0\nContent-Type: text/html\n\n<h1>Saved</h1><p>The phalarope spins.</p>",
    "film.srt": "1\n00:00:01,000 --> 00:00:02,000\nThe lapwing tumbles.\n",
    "film.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nThe plover runs.\n",
    "paper.tex": "\\documentclass{article}\\begin{document}\\section{A}The dotterel is tame.\\end{document}",
    "notes.org": "* Notes\nThe pratincole hawks insects.\n",
    "manual.adoc": "= Manual\n\nThe courser hides.\n",
    "data.xml": "<book><title>Birds</title><para>The jacana walks on leaves.</para></book>",
    "letter.rtf": "{\\rtf1\\ansi The snipe drums.\\par}",
    "Makefile": "all:\n\techo woodcock\n",
    "script": "#!/usr/bin/env python3\ndef sandpiper():\n    return 1\n",
    "turnstone.py": 'def turnstone():\n    """Turns stones."""\n    return 1\n',
    "noddy.js": "function noddy() { return 1; }\n",
    "booby.ts": "export function booby(a: number): string { return ''; }\n",
    "petrel.java": "class Petrel { int glide() { return 1; } }\n",
    "fulmar.c": "int fulmar(void) { return 1; }\n",
    "shear.cpp": "namespace sea { int shearwater() { return 1; } }\n",
    "alba.cs": "class Albatross { void Soar() { } }\n",
    "prion.go": "package sea\n\nfunc Prion() int { return 1 }\n",
    "murre.rs": "pub fn murre() -> i32 { 1 }\n",
    "loon.rb": "def loon\n  1\nend\n",
    "kitti.php": "<?php\nfunction kittiwake() { return 1; }\n",
    "jaeger.sh": "#!/bin/sh\njaeger() {\n  echo 1\n}\n",
    "smew.sql": "CREATE TABLE smew (id int);\n",
    "goosander.kt": "fun goosander(): Int {\n    return 1\n}\n",
    "merganser.swift": "func merganser() -> Int { return 1 }\n",
    "style.css": ".scoter { color: black; }\n",
}  # fmt: skip
PHRASES = {
    "notes.md": "heron", "page.mdx": "ibis", "study.qmd": "egret", "paper.Rmd": "stork", "old.mkd": "crane",
    "plain.txt": "bittern", "README": "grebe", "settings.yaml": "cormorant", "settings.toml": "pelican",
    "page.html": "gannet", "manual.rst": "puffin", "table.csv": "auk", "table.tsv": "skua", "table.tab": "knot",
    "table.psv": "sora", "record.json": "avocet", "records.jsonl": "dunlin", "mail.eml": "curlew",
    "box.mbox": "whimbrel", "day.ics": "godwit", "person.vcf": "Sanderling", "page.mhtml": "phalarope",
    "film.srt": "lapwing", "film.vtt": "plover", "paper.tex": "dotterel", "notes.org": "pratincole",
    "manual.adoc": "courser", "data.xml": "jacana", "letter.rtf": "snipe", "Makefile": "woodcock",
    "script": "sandpiper", "turnstone.py": "turnstone", "noddy.js": "noddy", "booby.ts": "booby",
    "petrel.java": "glide", "fulmar.c": "fulmar", "shear.cpp": "shearwater", "alba.cs": "Albatross",
    "prion.go": "Prion", "murre.rs": "murre", "loon.rb": "loon", "kitti.php": "kittiwake", "jaeger.sh": "jaeger",
    "smew.sql": "smew", "goosander.kt": "goosander", "merganser.swift": "merganser", "style.css": "scoter",
    "note.txt.gz": "garganey", "log.txt.bz2": "gadwall", "list.csv.xz": "wigeon", "book.ipynb": "shoveler",
    "text.odt": "teal", "sheet.ods": "pintail", "slides.odp": "pochard", "flat.fodt": "scaup",
    "message.msg": "eider", "old.xls": "Café nut", "word.docx": "smew of Word", "macro.docm": "smew of Word",
    "show.pptx": "goldeneye", "show.ppsx": "goldeneye", "book.xlsx": "bufflehead", "book.xlsm": "bufflehead",
    "paper.pdf": "harlequin", "book.epub": "steamer duck",
}  # fmt: skip
"""By the names of the files, words that a person would search for."""

UNREAD = {
    "old.doc": (b"\xd0\xcf\x11\xe0", "soffice --headless --convert-to docx"),
    "old.ppt": (b"\xd0\xcf\x11\xe0", "soffice --headless --convert-to pptx"),
    "photo.heic": (b"\0\0\0\x18ftypheic", "PNG or JPEG"),
    "talk.aiff": (b"FORM", "ffmpeg -i FILE FILE.flac"),
    "all.zip": (b"PK\x05\x06" + bytes(18), "unpack them"),
    "table.parquet": (b"PAR1", ".csv or .jsonl"),
    "novel.mobi": (b"BOOK", "ebook-convert"),
    "library.so": (b"\x7fELF", "built by programs"),
    "blob": (b"\x00\x01\x02\x03", "not text"),
    "thing.xyz": (b"what", "save them as text"),
}
"""Files that no loader reads, and what the way to have them read says."""


def write_every_format(folder: Path) -> None:
    """Writes all of these files."""
    folder.mkdir(exist_ok=True)
    for name, text in PLAIN.items():
        (folder / name).write_text(text, encoding="utf-8")
    cells = [
        {"cell_type": "markdown", "source": ["# Book\n", "The shoveler sifts.\n"]},
        {"cell_type": "code", "source": "1 + 1", "outputs": [{"data": {"text/plain": ["2"]}}]},
    ]
    p = "<text:p>{}</text:p>"
    cell = "<table:table-cell>{}</table:table-cell>"
    row = f"<table:table-row>{cell.format(p.format('Bird'))}{cell.format(p.format('pintail'))}</table:table-row>"
    frame = f"<draw:frame><draw:text-box>{p.format('The pochard sleeps.')}</draw:text-box></draw:frame>"
    binary = {
        "note.txt.gz": gzip.compress(b"The garganey clicks.\n"),
        "log.txt.bz2": bz2.compress(b"The gadwall dabbles.\n"),
        "list.csv.xz": lzma.compress(b"bird,count\nwigeon,3\nbrant,4\n"),
        "book.ipynb": json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode(),
        "text.odt": open_document("text", p.format("The teal whistles.")),
        "sheet.ods": open_document("spreadsheet", f'<table:table table:name="S">{row}</table:table>'),
        "slides.odp": open_document("presentation", f"<draw:page>{frame}</draw:page>"),
        "flat.fodt": flat_document("text", p.format("The scaup rafts.")),
        "message.msg": message_file({"0037": "Ducks", "1000": "The eider coos."}),
        "old.xls": OLD_WORKBOOK,
        "paper.pdf": typed([["The harlequin rides white water."]]),
        "book.epub": _epub("The steamer duck paddles."),
    }
    binary |= _office()
    for name, data in binary.items():
        (folder / name).write_bytes(data)


def write_unread(folder: Path) -> None:
    """Writes the files that no loader reads."""
    folder.mkdir(exist_ok=True)
    for name, (data, _) in UNREAD.items():
        (folder / name).write_bytes(data)


def old_document() -> bytes:
    """What Word 97 writes, as far as its kind can be told."""
    return ole_file({"WordDocument": b"\xec\xa5" + bytes(100)})


def _office() -> dict[str, bytes]:
    written: dict[str, bytes] = {}
    letter = docx.Document()
    letter.add_paragraph("The smew of Word is white.")
    written["word.docx"] = _saved(letter)
    written["macro.docm"] = _saved(letter)
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "The goldeneye whistles"
    written["show.pptx"] = written["show.ppsx"] = _saved(deck)
    book = openpyxl.Workbook()
    book.active.append(["Bird", "bufflehead"])
    written["book.xlsx"] = written["book.xlsm"] = _saved(book)
    return written


def _saved(document: object) -> bytes:
    data = io.BytesIO()
    document.save(data)  # type: ignore[attr-defined]  # each of the three libraries' documents has it
    return data.getvalue()


def _epub(text: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "b.opf",
            '<package><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="a"/></spine></package>',
        )
        archive.writestr("a.xhtml", f"<html><body><h1>One</h1><p>{text}</p></body></html>")
    return data.getvalue()
