"""Shows more of a document: a page's picture with the marks of a passage; and what was judged of documents."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.errors import PassageworkError
from passagework.retrieval.folder import JUDGMENTS
from passagework.retrieval.roots import file_path
from passagework.ui.service.access_tokens import Right
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.native_routes import row_named
from passagework.ui.service.problems import RefusedError, json_answer
from passagework.ui.service.request_bodies import JudgmentsBody
from passagework.ui.service.serving_state import Asking
from passagework.ui.sources.page_drawing import PDF, PagePicture, draw_page

router = APIRouter(route_class=JsonRoute)

MARK = (255, 214, 10, 96)
"""The colour of a mark: what lies under it can be read."""


@router.get(
    "/collections/{name}/documents/{document:path}/pages/{number}/picture",
    response_class=Response,
    responses={HTTPStatus.OK.value: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def page_picture(
    name: str,
    document: str,
    number: int,
    caller: Asking,
    start: Annotated[int, Query(ge=0)] = 0,
    end: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Gives the picture of a page, from 1, as PNG; `[start, end)` of the document's text is marked on it."""
    collection = caller.collection(name, Right.READ)
    png = await caller.draw(lambda: _picture(collection, document, number, start, end))
    return Response(png, media_type="image/png")


@router.get("/collections/{name}/judgments")
async def judgments(name: str, caller: Asking) -> Response:
    """Lists what was judged, as the pages and `passagework evaluate` read it."""
    from passagework.retrieval.evaluation.judgments import read_judgments  # with it comes what evaluates, and SciPy

    collection = caller.whole(name, Right.READ)
    path = collection.path / JUDGMENTS
    found = await caller.run(lambda: read_judgments(path) if path.exists() else [])
    return json_answer({"judgments": [judgment.to_json() for judgment in found]})


@router.post("/collections/{name}/judgments", status_code=HTTPStatus.CREATED)
async def judge(name: str, body: JudgmentsBody, caller: Asking) -> Response:
    """Writes judgments down, behind those that are there; a grade of null takes one back."""
    from passagework.retrieval.evaluation.judgments import Judgment, add_judgments

    collection = caller.writable(name)
    given = [Judgment(**one.model_dump()) for one in body.judgments]

    def write() -> None:
        known = collection.documents_named({judgment.document for judgment in given})
        unknown = next((one.document for one in given if one.document not in known), None)
        if unknown is not None:
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"no document is named {unknown!r}")
        add_judgments(collection.path, given)

    await caller.run(write)
    return json_answer({"added": len(given)}, HTTPStatus.CREATED)


def _picture(collection: Collection, name: str, number: int, start: int, end: int) -> bytes:
    """Returns a page's picture; raises RefusedError (404) where there is no such page, or no picture of it."""
    row = row_named(collection, name)
    document = collection.document(row.id)
    page = next((page for page in document.pages if page.number == number), None)
    if page is None or not (row.media_type == PDF or row.media_type.startswith("image/")):
        raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no picture of a page {number} of that document")
    source = next(source for source in collection.sources() if source.id == row.source_id)
    path = file_path(source.uri)
    if path is None or not path.is_file():
        raise RefusedError(HTTPStatus.NOT_FOUND, "the file is gone since it was ingested: there is no picture of it")
    text = document.text[page.start : page.end]
    first, last = max(0, start - page.start), max(0, min(end, page.end) - page.start)
    try:
        drawn = draw_page(
            path, source.sha256, media_type=row.media_type, number=number, text=text, start=first, end=last
        )
    except PassageworkError as error:
        raise RefusedError(HTTPStatus.NOT_FOUND, "the page can't be drawn: the file is damaged, or changed") from error
    return _marked(drawn)


def _marked(drawn: PagePicture) -> bytes:
    """Returns the picture with its boxes drawn over it."""
    if not drawn.boxes:
        return drawn.png
    from PIL import Image, ImageDraw

    with Image.open(io.BytesIO(drawn.png)) as opened:
        picture = opened.convert("RGBA")
    marks = Image.new("RGBA", picture.size)
    pen = ImageDraw.Draw(marks)
    for left, top, width, height in drawn.boxes:
        corners = (left, top, left + width, top + height)
        pen.rectangle([at * picture.size[number % 2] for number, at in enumerate(corners)], fill=MARK)
    out = io.BytesIO()
    Image.alpha_composite(picture, marks).convert("RGB").save(out, "PNG")
    return out.getvalue()
