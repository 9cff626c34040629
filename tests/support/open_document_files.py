"""OpenDocument files, written part by part."""

from __future__ import annotations

import io
import zipfile

_OASIS = {
    "office": "office", "style": "style", "text": "text", "table": "table", "draw": "drawing", "chart": "chart",
    "fo": "xsl-fo-compatible", "svg": "svg-compatible", "presentation": "presentation", "meta": "meta",
}  # fmt: skip
NAMESPACES = " ".join(
    [
        *(f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for short, name in _OASIS.items()),
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"',
    ]
)


def open_document(
    kind: str, body: str, *, automatic: str = "", styles: str = "", meta: str = "", parts: dict[str, str] | None = None
) -> bytes:
    """A text, spreadsheet or presentation: its body, automatic styles, `styles.xml`, properties and further parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED)
        content = (
            f"<office:automatic-styles>{automatic}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        )
        archive.writestr("content.xml", _part("content", content))
        archive.writestr("styles.xml", _part("styles", styles))
        archive.writestr("meta.xml", _part("meta", f"<office:meta>{meta}</office:meta>"))
        for name, part in (parts or {}).items():
            archive.writestr(name, part)
    return packed.getvalue()


def flat_document(kind: str, body: str) -> bytes:
    """The same as one XML file."""
    inner = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    return f'<?xml version="1.0"?><office:document {NAMESPACES}>{inner}</office:document>'.encode()


def text_style(name: str, properties: str) -> str:
    """A style of text."""
    return f'<style:style style:name="{name}" style:family="text"><style:text-properties {properties}/></style:style>'


def _part(name: str, inner: str) -> str:
    return f'<?xml version="1.0"?><office:document-{name} {NAMESPACES}>{inner}</office:document-{name}>'
