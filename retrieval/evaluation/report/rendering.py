"""The templates' environment: everything is escaped, nothing may be missing, no control code gets through."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from passagework.retrieval.evaluation.report.words import (
    NAME,
    PASSAGE,
    QUERY,
    TITLE,
    chance,
    figure,
    milliseconds,
    shortened,
    signed,
)
from passagework.retrieval.text import counted, page_list, visible


def render(template: str, values: Mapping[str, object]) -> str:
    """Renders the template named, which lies beside this module."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    for function in (chance, counted, figure, milliseconds, page_list, shortened, signed):
        environment.filters[function.__name__] = function
    environment.globals.update(NAME=NAME, TITLE=TITLE, QUERY=QUERY, PASSAGE=PASSAGE)
    return environment


def _finalize(value: object) -> object:
    """Makes text visible that no filter of ours saw, once more and for certain."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
