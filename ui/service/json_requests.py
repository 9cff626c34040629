"""Reads the JSON of requests: a key that comes twice, or nesting without end, is a mistake and no crash."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from passagework.retrieval.json_text import parse_json
from passagework.retrieval.text import one_line
from passagework.ui.service.problems import RefusedError, methods_of


class JsonRequest(Request):
    """Is a request whose JSON is read as that of the command line."""

    async def json(self) -> Any:
        """Returns the body's value; raises JSONDecodeError where it is no JSON, or a key comes twice in an object."""
        content = await self.body()
        try:
            return parse_json(content)
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


class JsonRoute(APIRoute):
    """Is a route whose requests are JsonRequests, and have no parameter in their address that it doesn't know."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Returns what answers a request."""
        handler = super().get_route_handler()
        known = {parameter.alias for parameter in self.dependant.query_params}

        async def answer(request: Request) -> Response:
            for name in request.query_params:
                if name not in known:
                    if request.method not in methods_of(request):  # of a part of a document, which is no document
                        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
                    detail = f"there is no parameter {one_line(name, limit=80)!r}"
                    raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, detail, param=one_line(name, limit=80))
            return await handler(JsonRequest(request.scope, request.receive))

        return answer
