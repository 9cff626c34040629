"""What a caller is told that gets no answer: one clear line, as problem details (RFC 9457)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from passagework.retrieval.errors import (
    ConfigError,
    EncodingError,
    IndexMismatchError,
    ModelUnavailableError,
    PassageworkError,
)
from passagework.retrieval.text import one_line

LONGEST_DETAIL = 500
"""Characters of the line that says what was wrong."""

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
ERROR_SCHEMAS: dict[str, Any] = {
    "/v1": {"type": "object", "required": ["error"], "properties": {"error": {"type": "object"}}},
    "/dify": {"type": "object", "required": ["error_code", "error_msg"]},
}
"""The shapes of `refusal_answer` for paths that begin so; else it is that of problem details."""


def described_refusals(prefix: str) -> dict[int | str, dict[str, Any]]:
    """Returns what the description of routes with a prefix says of requests that get no answer."""
    kind, schema = "application/problem+json", PROBLEM_SCHEMA
    if prefix in ERROR_SCHEMAS:
        kind, schema = "application/json", ERROR_SCHEMAS[prefix]
    refused = {"description": "Why there is no answer, in one line.", "content": {kind: {"schema": schema}}}
    return {"4XX": refused, "5XX": refused}


UNEXPECTED = "unexpected error: the service's log says what happened"

_log = logging.getLogger(__name__)


class RefusedError(PassageworkError):
    """A request gets no answer; `status` is HTTP's, the message says why, and `headers` go along.

    `param` is the parameter that was wrong, where it was one.
    """

    def __init__(
        self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, *, param: str | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.param = param
        self.headers = dict(headers or {})


def json_answer(value: object, status: int = HTTPStatus.OK, **options: Any) -> Response:
    """Returns a response of JSON; half a character, which a file's name may hold, is escaped."""
    try:
        content = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        content = json.dumps(value, allow_nan=False).encode()
    return Response(content, status, **{"media_type": "application/json", **options})


def refusal_answer(path: str, refusal: RefusedError) -> Response:
    """Returns the response to a request that is refused, in the shape that callers of the path read."""
    detail = one_line(str(refusal), limit=LONGEST_DETAIL)
    if path.startswith(("/v1/", "/v2/")):
        return _openai_answer(refusal, detail)
    if path.startswith("/dify/"):
        return _dify_answer(refusal, detail)
    status = refusal.status
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return json_answer(body, status, media_type="application/problem+json", headers=refusal.headers)


def _openai_answer(refusal: RefusedError, detail: str) -> Response:
    """Returns OpenAI's shape, in which a wrong parameter is 400; Cohere's clients read `message`."""
    status = HTTPStatus.BAD_REQUEST if refusal.status == HTTPStatus.UNPROCESSABLE_ENTITY else refusal.status
    kind = _OPENAI_TYPES.get(
        status, "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "api_error"
    )
    error = {"message": detail, "type": kind, "param": refusal.param, "code": None}
    return json_answer({"error": error, "message": detail}, status, headers=refusal.headers)


def _dify_answer(refusal: RefusedError, detail: str) -> Response:
    """Returns Dify's shape: it takes a knowledge base whose key is wrong for a good one unless that is 403."""
    denied = refusal.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    code = 1002 if denied else 2001 if refusal.status == HTTPStatus.NOT_FOUND else refusal.status.value
    status = HTTPStatus.FORBIDDEN if denied else refusal.status
    return json_answer({"error_code": code, "error_msg": detail}, status, headers=refusal.headers)


_OPENAI_TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


def refusal_of(error: Exception) -> RefusedError:
    """Returns what a caller is told of an error; what concerns this machine alone goes to the log."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, ConfigError):
        return RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
    if isinstance(error, EncodingError):
        return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": "1"})
    _log.error("%s: %s", type(error).__name__, error, exc_info=not isinstance(error, PassageworkError))
    if isinstance(error, ModelUnavailableError | IndexMismatchError):
        return RefusedError(
            HTTPStatus.SERVICE_UNAVAILABLE, "the collection's model can't be used: the service's log says why"
        )
    if isinstance(error, PassageworkError):
        return RefusedError(
            HTTPStatus.INTERNAL_SERVER_ERROR, "the collection can't be read: the service's log says why"
        )
    return RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected error: the service's log says what happened")


def add_handlers(app: FastAPI) -> None:
    """Has every error of an application answered as a refusal."""

    async def refuse(request: Request, error: Exception) -> Response:
        return refusal_answer(request.url.path, refusal_of(error))

    async def refuse_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(methods_of(request))
        refusal = RefusedError(HTTPStatus(error.status_code), str(error.detail), headers)
        return refusal_answer(request.url.path, refusal)

    async def refuse_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return refusal_answer(request.url.path, _invalid(error))

    app.add_exception_handler(PassageworkError, refuse)
    app.add_exception_handler(Exception, refuse)
    app.add_exception_handler(HTTPException, refuse_http)
    app.add_exception_handler(RequestValidationError, refuse_invalid)


def methods_of(request: Request) -> list[str]:
    """Returns the methods that a path has a route for: the one that matched first may have others beside it.

    A name of a document may have slashes; where a part of a document is meant, it is no document.
    """
    matching = {
        path: methods
        for path, methods in request.app.openapi()["paths"].items()
        if compile_path(path.replace("{document}", "{document:path}"))[0].match(request.url.path)
    }
    parts = {path: methods for path, methods in matching.items() if not path.endswith("{document}")} or matching
    return sorted(method.upper() for methods in parts.values() for method in methods)


def _invalid(error: RequestValidationError) -> RefusedError:
    """Returns what is wrong with the first field that is; a body that is no JSON is another mistake."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])  # behind whether it is of the body, the query or the path
    if first["type"] == "json_invalid":
        return RefusedError(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {first.get('ctx', {}).get('error', '')}")
    if first["type"] == "extra_forbidden":
        return RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"there is no parameter {place!r}", param=place)
    if first["type"] == "missing":
        return RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place or 'the body'} is missing", param=place)
    return RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place or 'the body'}: {first['msg']}", param=place)
