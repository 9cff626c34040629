"""MathML (presentation markup) in one line, as people type it: `E = 1/2 mv^2`, `√(b^2 - 4ac)`, `x_1`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import Tag

_DEEPEST = 60
"""Elements within elements; what is deeper comes as its bare text."""
_SPACED = frozenset("=+-−±∓×÷<>≤≥≠≈≡∼≃≅∝∈∉⊂⊆⊃⊇∪∩∧∨→←↔⇒⇐⇔↦∣:") | {"mod", "and", "or", "if", "for", "otherwise"}
_ENDS_APART = re.compile(r"[/^_][^\s/^_]*$")
"""A fraction's denominator, an exponent or an index: a letter that came next would seem to be of it."""
_UNSEEN = str.maketrans({"\u2061": "", "\u2062": " ", "\u2063": "", "\u2064": " "})
"""Function application, and invisible times, separator and plus."""
_SIMPLE = re.compile(r"[+-−]?(?:\d+(?:[.,]\d+)*|[^\W\d]+|\W)|\([^()]*\)|\[[^\[\]]*\]")
_SKIPPED = frozenset({"annotation", "annotation-xml", "mphantom", "maligngroup", "malignmark", "none", "mprescripts"})


def math_text(math: Tag) -> str:
    """A formula in one line; its alternative text where it has no content."""
    return " ".join(_text(math, 0).split()) or " ".join(str(math.get("alttext") or "").split())


def _text(node: Tag, depth: int) -> str:
    name = node.name.rpartition(":")[2]
    if name in _SKIPPED:
        return ""
    if name in ("mi", "mn", "mo", "mtext", "ms") or depth > _DEEPEST:
        return " ".join(node.get_text(" ").translate(_UNSEEN).split()) or ("" if name != "mo" else " ")
    parts = [_text(child, depth + 1) for child in _elements(node)]
    if name in ("semantics", "maction"):
        return parts[0] if parts else ""
    if name == "mspace":
        return " "
    return _arranged(name, node, parts) if parts else " ".join(node.get_text(" ").split())


def _arranged(name: str, node: Tag, parts: list[str]) -> str:
    first, second, third = (*parts, "", "", "")[:3]
    match name:
        case "mfrac":
            return f"{_enclosed(first)}/{_enclosed(second)}"
        case "msqrt":
            return f"√{_enclosed(_row(node, parts))}"
        case "mroot":
            return f"{_enclosed(first)}^(1/{second})"
        case "msup" | "mover":
            return _marked(first, "^", second)
        case "msub" | "munder":
            return _marked(first, "_", second)
        case "msubsup" | "munderover":
            return _marked(_marked(first, "_", second), "^", third)
        case "mtable":
            return f"[{'; '.join(parts)}]"
        case "mtr" | "mlabeledtr":
            return ", ".join(parts)
        case "mfenced":
            return f"{node.get('open', '(')}{', '.join(parts)}{node.get('close', ')')}"
        case _:
            return _row(node, parts)


def _marked(base: str, sign: str, mark: str) -> str:
    """A base with what stands above or below it; an accent or a prime stands behind it without a sign."""
    if not mark.strip():
        return base
    if sign == "^" and not any(map(str.isalnum, mark)):
        return base + mark
    return f"{base}{sign}{_enclosed(mark)}"


def _enclosed(text: str) -> str:
    text = text.strip()
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def _row(node: Tag, parts: Sequence[str]) -> str:
    """Parts side by side: operators that stand between two have spaces, and numbers and words do not run together."""
    line = ""
    for child, part in zip(_elements(node), parts, strict=True):
        if child.name.endswith("mo") and part in _SPACED and line.strip() and line.rstrip()[-1] not in "([{,=<>+-−×":
            line = f"{line.rstrip()} {part} "
        elif line[-1:].isalnum() and part[:1].isalnum() and not _one_word(line, part, child):
            line = f"{line} {part}"
        else:
            line += part
    return line


def _one_word(line: str, part: str, child: Tag) -> bool:
    """Whether a letter goes on a product of letters, or of a number and letters: `2ab`, `mv^2`."""
    letter = child.name.rpartition(":")[2] in ("mi", "msup", "msub", "msubsup", "mover") and not part[1:2].isalpha()
    return letter and part[0].isalpha() and not _ENDS_APART.search(line) and not line[-2:].isalpha()


def _elements(node: Tag) -> list[Tag]:
    from bs4 import Tag

    return [child for child in node.contents if isinstance(child, Tag)]
