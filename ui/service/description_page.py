"""The page /docs: what /openapi.json says, for people; plain HTML, which loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter()

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>passagework</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }}
h2 {{ font: 600 1rem/1.5 ui-monospace, monospace; margin: 2rem 0 0; overflow-wrap: anywhere }}
td {{ padding: 0 1rem 0 0; vertical-align: top }}
code {{ font-family: ui-monospace, monospace }}
</style></head><body><h1>passagework</h1>
<p>What this service answers. <a href="openapi.json">openapi.json</a> says the same to programs.</p>
{operations}</body></html>
"""


@router.get("/docs", response_class=HTMLResponse, include_in_schema=False)
async def page(request: Request) -> HTMLResponse:
    """Shows every route with its parameters."""
    described = request.app.openapi()
    operations = "\n".join(_operations(described))
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HTMLResponse(PAGE.format(operations=operations), headers=headers)


def _operations(described: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield f"<h2>{method.upper()} {escape(path)}</h2>\n<p>{escape(operation.get('description', ''))}</p>"
            rows = "".join(
                f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td></tr>"
                for name, kind in (*_parameters(operation), *_fields(operation, described))
            )
            if rows:
                yield f"<table>{rows}</table>"


def _parameters(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields what stands in the address: its name, and what it is."""
    for parameter in operation.get("parameters", ()):
        told = parameter.get("description", "")
        yield parameter["name"], " ".join(part for part in (_kind(parameter["schema"]), told) if part)


def _fields(operation: Mapping[str, Any], described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields the fields of a JSON body, and what each is."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = str(body.get("$ref", "")).rpartition("/")[2]
    schema = described["components"]["schemas"].get(name, {})
    required = schema.get("required", ())
    for field, kind in schema.get("properties", {}).items():
        default = "required" if field in required else f"default {kind.get('default')!r}"
        yield field, f"{_kind(kind)}, {default}"


def _kind(schema: Mapping[str, Any]) -> str:
    """Returns in a few words what a schema lets through."""
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    return str(schema.get("type") or str(schema.get("$ref", "any")).rpartition("/")[2])
