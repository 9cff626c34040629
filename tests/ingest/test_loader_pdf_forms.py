"""Values in the forms of PDFs, text boxes and comments upon their pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)

from tests.support.pdf_files import copied, drawn, load, placed, saved, written

LABELS = placed(60, 700, "Name of applicant:") + placed(60, 670, "Agrees to terms:") + placed(60, 640, "The end.")
LEFT, WIDTH = 180, 150


def value(given: object) -> PdfObject:
    """A value as PDF has it; words with a slash are names."""
    if isinstance(given, str):
        return NameObject(given) if given.startswith("/") else TextStringObject(given)
    if isinstance(given, list):
        return ArrayObject([value(one) for one in given])
    return NumberObject(given) if isinstance(given, int) else FloatObject(given)


def annotated(*annotations: Mapping[str, object], content: str = LABELS) -> PdfWriter:
    """A page with annotations, those of which that are widgets being the fields of its form."""
    writer = copied(drawn(content))
    made = []
    for entries in annotations:
        one = DictionaryObject({NameObject(f"/{key}"): value(given) for key, given in entries.items()})
        one[NameObject("/Type")] = NameObject("/Annot")
        made.append(writer._add_object(one))
    fields = [one for one, entries in zip(made, annotations, strict=True) if entries["Subtype"] == "/Widget"]
    writer.pages[0][NameObject("/Annots")] = ArrayObject(made)
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/Fields"): ArrayObject(fields), NameObject("/NeedAppearances"): BooleanObject(True)}
    )
    return writer


def field(kind: str, y: int, **entries: object) -> dict[str, object]:
    """A field of a form beside the label at `y`."""
    box = [LEFT, y - 5, LEFT + WIDTH, y + 13]
    return {"Subtype": "/Widget", "FT": kind, "T": f"field{y}", "Rect": box, "F": 4, **entries}


def read(folder: Path, *annotations: Mapping[str, object]) -> str:
    """The text of such a page."""
    return load(written(folder / "a.pdf", saved(annotated(*annotations)))).text


@pytest.mark.parametrize(
    ("filled", "shown"),
    [
        (field("/Tx", 700, V="Ines Okafor"), "Name of applicant: Ines Okafor\nAgrees to terms:\nThe end."),
        (field("/Ch", 700, V="Lund", Opt=["Lund", "Malmö"], Ff=1 << 17), "Name of applicant: Lund\nAgrees to terms:"),
        (field("/Ch", 700, V=["Lund", "Ystad"], Opt=["Lund", "Oslo", "Ystad"], Ff=1 << 21), "applicant: Lund, Ystad\n"),
        (field("/Tx", 700, V="secret", Ff=1 << 13), "Name of applicant:\nAgrees to terms:\nThe end."),
        (field("/Tx", 700, V="unseen", F=2), "Name of applicant:\nAgrees to terms:\nThe end."),
        (field("/Tx", 700, V="Ines", Rect=[LEFT, 695, LEFT, 695]), "Name of applicant:\nAgrees to terms:\nThe end."),
    ],
)
def test_fields_are_read_beside_their_labels(tmp_path: Path, filled: Mapping[str, object], shown: str) -> None:
    """Text, and what was chosen; passwords and what is hidden or has no size are not shown, and not read."""
    assert shown in read(tmp_path, filled)


@pytest.mark.parametrize(("state", "shown"), [("/Yes", "☒"), ("/Off", "☐")])
def test_a_box_is_ticked_or_not(tmp_path: Path, state: str, shown: str) -> None:
    """As in forms of Word."""
    box = field("/Btn", 670, V=state, AS=state, Rect=[LEFT, 665, LEFT + 14, 679])
    assert f"Agrees to terms: {shown}\nThe end." in read(tmp_path, box)


def test_a_field_of_several_lines_keeps_them(tmp_path: Path) -> None:
    """Each line of its text is one."""
    large = field("/Tx", 600, V="First\nSecond\rThird", Ff=1 << 12, Rect=[60, 500, 400, 600])
    assert read(tmp_path, large).endswith("The end.\n\nFirst\nSecond\nThird")


def test_text_upon_the_page_is_read_where_it_stands(tmp_path: Path) -> None:
    """A free text between two lines is read between them; comments come last, with their author."""
    free = {"Subtype": "/FreeText", "Contents": "Valve 9 is sealed", "Rect": [60, 650, 300, 664], "DA": "/Helv 10 Tf"}
    note = {"Subtype": "/Text", "Contents": "Ask the\nboard", "T": "Ada", "Rect": [500, 700, 520, 720]}
    hidden = {"Subtype": "/FreeText", "Contents": "Nobody sees this", "Rect": [60, 600, 300, 640], "F": 2}
    off = {"Subtype": "/FreeText", "Contents": "Off the page", "Rect": [-400, 600, -300, 640]}
    copy = {"Subtype": "/Highlight", "Contents": "the END.", "Rect": [60, 640, 90, 650]}
    lines = read(tmp_path, free, note, hidden, off, copy).split("\n")
    assert [line for line in lines if line] == [
        "Name of applicant:",
        "Agrees to terms:",
        "Valve 9 is sealed",
        "The end.",
        "[Comment, Ada] Ask the board",
    ]


def test_fields_of_one_line_stand_where_they_are(tmp_path: Path) -> None:
    """However many there are: the file has all of them behind its text."""
    content = placed(80, 700, "Yes") + placed(140, 700, "No") + placed(200, 700, "Unknown")
    boxes = [
        {"Subtype": "/Widget", "FT": "/Btn", "T": f"b{x}", "Rect": [x, 697, x + 14, 711], "F": 4}
        for x in (60, 120, 180)
    ]
    text = load(written(tmp_path / "a.pdf", saved(annotated(*boxes, content=content)))).text
    assert text == "☐ Yes ☐ No ☐ Unknown"
