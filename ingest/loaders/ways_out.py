"""What a person can do about a file of a type that no loader reads."""

from __future__ import annotations

from pathlib import Path

from passagework.ingest.loaders.formats import PICTURES, RECORDINGS, named_format
from passagework.ingest.loaders.ocr.installed import WAY_OUT, can_recognise
from passagework.ingest.loaders.speech.speech_extra import speech_way_out

_CONVERT = "convert them with LibreOffice: soffice --headless --convert-to {} FILE"
_BOOK = "convert them with Calibre: ebook-convert FILE FILE.epub"
_PICTURE = "save them as PNG or JPEG: magick FILE FILE.png"
_SOUND = "save them as FLAC or MP4: ffmpeg -i FILE FILE.flac"
_UNPACK = "unpack them, and ingest what was in them"
_TABLE = "write their tables as .csv or .jsonl files"
_PROGRAM = "built by programs, and nothing to be read"

_BY_WAY = {
    _CONVERT.format("docx"): ".doc .dot .wpd .wps .wri .sxw .abw .pages .hwp .lwp",
    _CONVERT.format("pptx"): ".ppt .pps .pot .sxi .key",
    _CONVERT.format("xlsx"): ".xlsb .sxc .numbers .wk1 .wk4 .123 .wb2 .qpw .dif",
    _CONVERT.format("pdf"): ".odg .vsd .vsdx .pub .cdr .wmf .emf .xps .oxps",
    "print them as PDFs, or export them as HTML": ".one .onetoc2 .mpp .dwg .dxf .indd .ai .psd .sketch .fig .drawio",
    _BOOK: ".mobi .azw .azw3 .kfx .fb2 .lit .pdb .chm .cbz .cbr .djvu",
    "convert them to PDFs: ps2pdf FILE": ".ps .eps",
    _PICTURE: ".gif .heic .heif .avif .jp2 .ico",
    _SOUND: ".aiff .amr .wmv",
    _UNPACK: ".zip .tar .tgz .tbz .tbz2 .txz .7z .rar .gz .bz2 .xz .zst .lz4 .cab .iso .dmg .deb .rpm .jar .war .cpio",
    _TABLE: ".parquet .feather .arrow .orc .avro .sqlite .sqlite3 .db .db3 .mdb .accdb .dbf .sav .dta .h5",
    "export them as .mbox files": ".pst .ost .dbx .olm .emlx",
    _PROGRAM: ".exe .dll .so .dylib .a .o .obj .lib .class .pyc .pyo .pyd .wasm .bin .dat .whl .egg .apk .map",
    "fonts, and nothing to be read": ".ttf .otf .woff .woff2 .eot",
}
_WAYS = {suffix: way for way, suffixes in _BY_WAY.items() for suffix in suffixes.split()}
_OTHER = "save them as text, HTML, PDF or an office file"
_NO_SUFFIX = "not text: give them the ending of their type if they are meant to be read"


def unread_type(path: Path) -> str:
    """The type of a file as people name it: its suffix in lower case, or `no suffix`."""
    return path.suffix.lower() or "no suffix"


def way_out(kind: str) -> str:
    """How files of such a type can be had in the collection all the same, or why they need not."""
    named = named_format(Path(f"a{kind}"))
    if named in PICTURES:
        return picture_way_out()
    if named in RECORDINGS:
        return speech_way_out()
    return _NO_SUFFIX if kind == "no suffix" else _WAYS.get(kind, _OTHER)


def picture_way_out() -> str:
    """How the text of pictures can be had that are not read: by the extra, or by the option that is left out."""
    if can_recognise():
        return "left out by --ocr never"
    return WAY_OUT
