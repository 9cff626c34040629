"""Puts a service together: its routes behind the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.routing import Route

from passagework.ui.service import (
    description_page,
    dify_routes,
    document_routes,
    ingest_routes,
    merged_search,
    model_routes,
    native_routes,
    openai_batches,
    openai_files,
    openai_routes,
)
from passagework.ui.service.guarding import Guard
from passagework.ui.service.mcp_endpoint import McpEndpoint
from passagework.ui.service.problems import add_handlers, described_refusals
from passagework.ui.service.serving_state import Service, caller_of

NATIVE, OPENAI, DIFY = "", "/v1", "/dify"
"""Whose shapes routes have, by how their paths begin."""

ROUTES = (
    *((routes, NATIVE) for routes in (native_routes, merged_search, document_routes, ingest_routes)),
    *((routes, OPENAI) for routes in (openai_routes, openai_files, openai_batches, model_routes)),
    (dify_routes, DIFY),
)


def application(service: Service, *, hosts: Iterable[str] = ()) -> FastAPI:
    """Returns the application that answers for a service, by the names of this machine and `hosts`.

    The service is closed when the application ends. /openapi.json describes it, and for people /docs, which loads
    nothing from elsewhere.
    """

    tools = McpEndpoint(caller_of)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with tools.running():
                yield
        finally:
            service.close()

    app = FastAPI(
        title="passagework",
        version=version("passagework"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,  # a tool's name for models: 64 characters at most
        lifespan=lifespan,
    )
    app.state.service = service
    for routes, shapes in ROUTES:
        app.include_router(routes.router, responses=described_refusals(shapes))
    app.include_router(description_page.router)
    app.router.routes.append(Route("/mcp", tools))
    add_handlers(app)
    app.add_middleware(Guard, hosts=tuple(hosts), access=service.access, metrics=service.metrics, rates=service.rates)
    return app
