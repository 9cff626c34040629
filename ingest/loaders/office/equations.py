"""Equations of office files as one readable line: `r=s/t`, `√(x+1)`, `∑_(i=1)^n i^2` (ECMA-376-1, 22.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.office_values import local

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_DEEPEST = 60
"""Parts within parts; no equation that people write comes near it."""
_ACCENT = "\u0302"
_PROPERTIES = frozenset({"rPr", "ctrlPr", "fPr", "dPr", "naryPr", "radPr", "mPr", "mcs", "accPr", "barPr", "sSubPr",
                         "sSupPr", "sSubSupPr", "sPrePr", "funcPr", "limLowPr", "limUppPr", "eqArrPr", "groupChrPr",
                         "boxPr", "borderBoxPr", "phantPr", "oMathParaPr", "argPr", "del", "moveFrom"})  # fmt: skip


class EquationError(ValueError):
    """An equation can't be written as a line."""


def linear(equation: _Element) -> str:
    """The equation on one line. Raises EquationError where it is nested too deeply, or says nothing."""
    written = " ".join(_all(equation, 0).split())
    if not written:
        raise EquationError("it has no text")
    return written


def _all(element: _Element, depth: int) -> str:
    """What an element's children say, one after the other."""
    if depth > _DEEPEST:
        raise EquationError("it is nested too deeply")
    return "".join(_part(child, depth + 1) for child in element.iterchildren("{*}*"))


def _part(element: _Element, depth: int) -> str:
    name = local(element)
    if name in _PROPERTIES:
        return ""
    if name == "t":
        return "".join(str(text) for text in element.itertext())
    write = _WRITERS.get(name)
    return write(element, depth) if write is not None else _all(element, depth)


def _of(element: _Element, name: str, depth: int) -> str:
    """What a named argument says."""
    return "".join(_all(child, depth) for child in element.iterchildren(f"{{*}}{name}")).strip()


def _said(element: _Element, name: str, usual: str) -> str:
    """A value of the element's properties; "" of one that is said to be none."""
    for properties in element.iterchildren(f"{{*}}{local(element)}Pr"):
        for said in properties.iterchildren(f"{{*}}{name}"):
            return next((str(value) for key, value in said.attrib.items() if str(key).endswith("val")), "")
    return usual


def _held(text: str) -> str:
    """The text in parentheses, but for one number or word."""
    return text if text.isalnum() or len(text) < 2 else f"({text})"


def _script(mark: str, text: str) -> str:
    return f"{mark}{_held(text)}" if text else ""


def _fraction(element: _Element, depth: int) -> str:
    above, below = _of(element, "num", depth), _of(element, "den", depth)
    if _said(element, "type", "bar") == "noBar":
        return f"({above} over {below})"
    return f"{_held(above)}/{_held(below)}"


def _scripts(element: _Element, depth: int) -> str:
    lower, upper = _of(element, "sub", depth), _of(element, "sup", depth)
    return _of(element, "e", depth) + _script("_", lower) + _script("^", upper)


def _scripts_before(element: _Element, depth: int) -> str:
    lower, upper = _of(element, "sub", depth), _of(element, "sup", depth)
    return _script("_", lower) + _script("^", upper) + _of(element, "e", depth)


def _root(element: _Element, depth: int) -> str:
    degree, inner = _of(element, "deg", depth), _of(element, "e", depth)
    return {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree, f"root {_held(degree)} of ") + _held(inner)


def _sum(element: _Element, depth: int) -> str:
    lower, upper = _of(element, "sub", depth), _of(element, "sup", depth)
    sign = _said(element, "chr", "∫") or "∫"
    return f"{sign}{_script('_', lower)}{_script('^', upper)} {_of(element, 'e', depth)}"


def _fenced(element: _Element, depth: int) -> str:
    inner = [_all(child, depth).strip() for child in element.iterchildren("{*}e")]
    between = _said(element, "sepChr", "|") or " "
    return _said(element, "begChr", "(") + between.join(inner) + _said(element, "endChr", ")")


def _matrix(element: _Element, depth: int) -> str:
    rows = [
        ", ".join(_all(cell, depth).strip() for cell in row.iterchildren("{*}e"))
        for row in element.iterchildren("{*}mr")
    ]
    return f"[{'; '.join(rows)}]"


def _lines(element: _Element, depth: int) -> str:
    return "; ".join(_all(line, depth).strip() for line in element.iterchildren("{*}e"))


def _function(element: _Element, depth: int) -> str:
    inner = _of(element, "e", depth)
    return f"{_of(element, 'fName', depth)}{'' if inner.startswith('(') else ' '}{inner}"


def _limit(mark: str) -> Callable[[_Element, int], str]:
    return lambda element, depth: _of(element, "e", depth) + _script(mark, _of(element, "lim", depth))


def _accented(element: _Element, depth: int) -> str:
    inner = _of(element, "e", depth)
    return (_held(inner) if len(inner) > 1 else inner) + (_said(element, "chr", _ACCENT) or _ACCENT)


def _barred(element: _Element, depth: int) -> str:
    return _held(_of(element, "e", depth)) + "\u0305"


_WRITERS: dict[str, Callable[[_Element, int], str]] = {
    "f": _fraction,
    "sSub": _scripts,
    "sSup": _scripts,
    "sSubSup": _scripts,
    "sPre": _scripts_before,
    "rad": _root,
    "nary": _sum,
    "d": _fenced,
    "m": _matrix,
    "eqArr": _lines,
    "func": _function,
    "limLow": _limit("_"),
    "limUpp": _limit("^"),
    "acc": _accented,
    "bar": _barred,
}
