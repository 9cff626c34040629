"""PDFs as attackers make them, written object by object: loops, lies and bombs."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

TEXT = "BT /F1 12 Tf 72 700 Td (The lantern burns.) Tj ET"
FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf(objects: Mapping[int, str | bytes], *, trailer: str = "") -> bytes:
    """A file of objects by their numbers, 1 being the catalogue, with a cross-reference table that is right."""
    out, offsets = bytearray(b"%PDF-1.7\n"), dict[int, int]()
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body.encode("latin-1") if isinstance(body, str) else body)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, offset in offsets.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    size = max(objects) + 1
    out += f"trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode("latin-1")
    return bytes(out)


def stream(content: bytes | str, entries: str = "", *, length: int | str | None = None) -> bytes:
    """A stream object; `length` in place of the true one."""
    data = content.encode("latin-1") if isinstance(content, str) else content
    return b"<< /Length %b %b >>\nstream\n%b\nendstream" % (
        str(len(data) if length is None else length).encode(),
        entries.encode("latin-1"),
        data,
    )


def page(contents: str = "4 0 R", entries: str = "", resources: str = "") -> str:
    """A page beneath the tree's root, object 2."""
    return (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {contents} {entries} "
        f"/Resources << /Font << /F1 5 0 R >> {resources} >> >>"
    )


def ordinary(**changed: str | bytes) -> dict[int, str | bytes]:
    """The objects of a PDF of one page, some of them changed: `o3` is object 3."""
    objects: dict[int, str | bytes] = {
        1: "<< /Type /Catalog /Pages 2 0 R >>",
        2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: page(),
        4: stream(TEXT),
        5: FONT,
    }
    return {**objects, **{int(name[1:]): body for name, body in changed.items()}}


def catalogue(entries: str) -> str:
    """The catalogue with further entries."""
    return f"<< /Type /Catalog /Pages 2 0 R {entries} >>"


def deflated(content: bytes, *, times: int = 1) -> bytes:
    """A stream deflated so many times over."""
    for _ in range(times):
        content = zlib.compress(content, 9)
    return content


def loops() -> dict[str, bytes]:
    """What leads back to itself: pages, forms, outlines, names, labels, object streams, cross-references, lengths."""
    form = "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>"
    kids = "<< /Type /Pages /Kids [2 0 R 3 0 R 2 0 R] /Count 3 /Parent 2 0 R >>"
    prev = pdf(ordinary(), trailer="/Prev 9")
    return {
        "page-tree": pdf(ordinary(o2=kids)),
        "page-tree-wide": pdf(ordinary(o2=f"<< /Type /Pages /Kids [{'3 0 R ' * 3000}] /Count 3000 >>")),
        "parent": pdf(ordinary(o3="<< /Type /Page /Parent 3 0 R /Contents 4 0 R >>")),
        "form": pdf(
            ordinary(
                o3=page(resources="/XObject << /X 6 0 R >>"), o4=stream("/X Do " + TEXT), o6=stream("/X Do " * 20, form)
            )
        ),
        "outline": pdf(
            ordinary(
                o1=catalogue("/Outlines 6 0 R"),
                o6="<< /First 7 0 R /Last 7 0 R /Count 1 >>",
                o7="<< /Title (a) /Parent 7 0 R /Next 7 0 R /First 6 0 R /Dest [3 0 R /Fit] >>",
            )
        ),
        "names": pdf(
            ordinary(
                o1=catalogue("/Names << /Dests 6 0 R /EmbeddedFiles 6 0 R >> /Outlines 7 0 R"),
                o6="<< /Kids [6 0 R 6 0 R] /Limits [(a) (z)] >>",
                o7="<< /First 8 0 R >>",
                o8="<< /Title (a) /Dest (b) >>",
            )
        ),
        "labels": pdf(ordinary(o1=catalogue("/PageLabels 6 0 R"), o6="<< /Kids [6 0 R 6 0 R] >>")),
        "length": pdf(ordinary(o4=stream(TEXT, length="4 0 R"))),
        "object-stream": pdf(ordinary(o6=stream("7 0 << >>", "/Type /ObjStm /N 1 /First 4 /Extends 6 0 R"))),
        "reference": pdf(ordinary(o4="4 0 R", o5="5 0 R")),
        "prev": prev.replace(b"/Prev 9", b"/Prev %d" % prev.index(b"xref\n")),
        "font": pdf(
            ordinary(
                o5="<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix [1 0 0 1 0 0] "
                "/CharProcs << /a 6 0 R >> "
                "/Encoding << /Differences [84 /a] >> /FirstChar 84 /LastChar 84 /Widths [1] "
                "/Resources << /Font << /F1 5 0 R >> >> >>",
                o6=stream("BT /F1 1 Tf (T) Tj ET"),
            )
        ),
        "encrypt": pdf(
            ordinary(o6="<< /Filter /Standard /V 1 /R 2 /O 6 0 R /U 6 0 R /P 6 0 R >>"), trailer="/Encrypt 6 0 R"
        ),
    }


def lies() -> dict[str, bytes]:
    """Numbers that aren't so."""
    labels = "/PageLabels << /Nums [0 << /S /r /St 2147483647 >> 1 << /S /A /St 2147483647 >>] >>"
    return {
        "length-long": pdf(ordinary(o4=stream(TEXT, length=2**31 - 1))),
        "length-negative": pdf(ordinary(o4=stream(TEXT, length=-5))),
        "count-huge": pdf(ordinary(o2="<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>")),
        "count-negative": pdf(ordinary(o2="<< /Type /Pages /Kids [3 0 R] /Count -7 >>")),
        "labels-huge": pdf(ordinary(o1=catalogue(labels))),
        "objects-huge": pdf(ordinary(o6=stream("7 0 << >>", "/Type /ObjStm /N 2147483647 /First 2147483647"))),
        "size-huge": pdf(ordinary()).replace(b"/Size 6", b"/Size 2147483647"),
        "table-huge": pdf(ordinary()).replace(b"xref\n0 1\n", b"xref\n0 2147483647\n"),
        "box-huge": pdf(ordinary(o3=page(entries="/Rotate 7 /UserUnit 1e30").replace("612 792", "1e38 -1e38"))),
        "columns-huge": pdf(
            ordinary(
                o4=stream(
                    deflated(b"\0" * 99), "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 2147483647 >>"
                )
            )
        ),
        "cut": pdf(ordinary())[:-300],
        "nothing": b"%PDF-1.7\n%%EOF",
    }


def bombs() -> dict[str, bytes]:
    """Small files that become large."""
    flate = "/Filter /FlateDecode"
    array = "[" * 100_000
    image = (
        "/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /ColorSpace /DeviceRGB /BitsPerComponent 8 " + flate
    )
    spaces = deflated(b" " * (300 << 20))
    meaning = b"begincmap 1 beginbfrange <0000> <FFFFFFFF> <0041> endbfrange endcmap"
    many = f"<< /Type /Pages /Kids [{' '.join(f'{n} 0 R' for n in range(10, 3_010))}] /Count 3000 >>"
    return {
        "flate": pdf(ordinary(o4=stream(spaces, flate))),
        "flate-twice": pdf(ordinary(o4=stream(deflated(spaces), "/Filter [/FlateDecode /FlateDecode]"))),
        "flate-objects": pdf(ordinary(o6=stream(spaces, "/Type /ObjStm /N 1 /First 4 " + flate))),
        "flate-references": pdf(ordinary(o6=stream(spaces, "/Type /XRef /Size 9 /W [1 2 1] " + flate))),
        "filters": pdf(ordinary(o4=stream(b"x" * 1000, f"/Filter [{'/ASCIIHexDecode ' * 5_000}]"))),
        "image": pdf(
            ordinary(
                o3=page(resources="/XObject << /X 6 0 R >>"),
                o4=stream("/X Do " + TEXT),
                o6=stream(deflated(bytes(50 << 20)), image),
            )
        ),
        "contents": pdf(ordinary(o3=page(contents=f"[{'4 0 R ' * 20_000}]"), o4=stream("q " * 5_000 + TEXT))),
        "text": pdf(
            ordinary(o4=stream(deflated(b"BT /F1 1 Tf " + b"(" + b"lantern " * 2_000 + b") Tj " * 300 + b"ET"), flate))
        ),
        "meaning": pdf(ordinary(o5=FONT.replace(">>", "/ToUnicode 6 0 R >>"), o6=stream(meaning))),
        "array": pdf(ordinary(o6=array + "]" * 100_000), trailer="/Info 6 0 R"),
        "dictionary": pdf(ordinary(o6="<< /A " * 50_000 + "1" + " >>" * 50_000), trailer="/Info 6 0 R"),
        "operands": pdf(ordinary(o4=stream("[" * 100_000 + TEXT))),
        "pages": pdf({**ordinary(o2=many), **dict.fromkeys(range(10, 3_010), page())}),
        "titles": pdf(
            ordinary(o6=f"<< /Title ({'a' * 5_000_000}) /Author <{'FEFF' + '202E' * 9000}> >>"), trailer="/Info 6 0 R"
        ),
    }
