"""Finds the functions and classes of source code by tree-sitter: where each begins, and what it is called in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING

from passagework.ingest.loaders.code.grammars import Grammar

if TYPE_CHECKING:
    from tree_sitter import Node

_BODIES = ("body", "block", "declaration_list")
_NAMES = ("identifier", "type_identifier", "simple_identifier", "object_reference", "qualified_identifier", "name")
_DECLARED = frozenset({"variable_declarator", "assignment_expression"})
_FUNCTION_VALUES = frozenset({"arrow_function", "function_expression", "function", "generator_function", "class"})
_LONGEST_NAME = 200
_DEEPEST = 20
"""Declarators within declarators of C: `int (*(*f)(void))[3]`."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class: its qualified name, `[start, end)` with the comments above it, and its signature's end.

    `within` is the qualified name of what holds it, "" for the file. Offsets are code points.
    """

    name: str
    within: str
    start: int
    signature_end: int
    end: int


@dataclass(slots=True)
class _Level:
    """One node whose children are being walked: what they are named under, and the comments just above the next."""

    children: Iterator[Node]
    within: str
    start: int | None = None
    """Where a definition among them begins, because what wraps it does."""
    lead: int | None = None
    row: int = -2
    """The last row of the child before."""


def definitions(text: str, grammar: Grammar) -> list[Definition]:
    """The definitions of a source text in order; none of those within functions. Raises ImportError without grammar."""
    from tree_sitter import Language, Parser

    language = Language(getattr(import_module(grammar.module), grammar.language)())
    source = text.encode("utf-8", "surrogatepass")
    tree = Parser(language).parse(source)
    found = sorted(_walk(tree.root_node, grammar), key=lambda definition: definition.start)
    return found if len(source) == len(text) else _in_characters(found, source)


def _walk(root: Node, grammar: Grammar) -> Iterator[Definition]:
    levels = [_Level(iter(root.children), "")]
    while levels:
        level = levels[-1]
        node = next(level.children, None)
        if node is None:
            levels.pop()
        elif "comment" in node.type or node.type == "attribute_item":
            if node.start_point.row > level.row + (level.lead is not None):
                level.lead = node.start_byte
            if level.lead is not None:
                level.row = node.end_point.row - (node.end_point.column == 0)
        elif node.is_named:
            definition = _defined(node, level, grammar)
            name = level.within
            if definition is not None:
                yield definition
                name = definition.name
            if definition is None or node.type in grammar.containers:
                start = _begin(node, level) if node.type in grammar.wrappers else None
                levels.append(_Level(iter(node.children), name, start))
            level.lead, level.row = None, node.end_point.row


def _begin(node: Node, level: _Level) -> int:
    """Where a node begins with what belongs to it: what wraps it, or the comments just above."""
    if level.start is not None:
        return level.start
    near = level.lead is not None and node.start_point.row <= level.row + 1
    return level.lead if near and level.lead is not None else node.start_byte


def _defined(node: Node, level: _Level, grammar: Grammar) -> Definition | None:
    if node.type not in grammar.functions and node.type not in grammar.containers:
        return None
    name = _name(node)
    if not name:
        return None
    separator = grammar.separator if level.within else ""
    start = min(_begin(node, level), node.start_byte)
    return Definition(
        f"{level.within}{separator}{name}", level.within, start, _signature_end(node), max(node.end_byte, start)
    )


def _name(node: Node) -> str:
    """What a definition is called; "" where it has no name, or defines nothing: an assignment of a number."""
    if node.type in _DECLARED:
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if value is None or value.type not in _FUNCTION_VALUES:
            return ""
        return _text(node.child_by_field_name("name") or node.child_by_field_name("left"))
    if node.type.endswith("_specifier") and node.child_by_field_name("body") is None:
        return ""  # a type that is used, and defined elsewhere
    if node.type == "type_definition":
        held = node.child_by_field_name("type")
        if held is None or held.child_by_field_name("body") is None:
            return ""
    named = node.child_by_field_name("name") or (
        node.child_by_field_name("type") if node.type == "impl_item" else _declared(node)
    )
    if named is None:
        named = next((child for child in node.children if child.type in _NAMES), None)
    receiver = node.child_by_field_name("receiver")
    name = _text(named)
    return f"{_receiver(receiver)}{name.partition('<')[0] if node.type == 'impl_item' else name}"


def _declared(node: Node) -> Node | None:
    """The name within a declarator of C."""
    declarator = node.child_by_field_name("declarator")
    for _ in range(_DEEPEST):
        inner = declarator.child_by_field_name("declarator") if declarator is not None else None
        if inner is None:
            return declarator
        declarator = inner
    return declarator


def _receiver(node: Node | None) -> str:
    """The type that a method of Go belongs to, with a full stop: `(r *Reader[T])` gives `Reader.`"""
    words = _text(node).strip("()").partition("[")[0].replace("*", " ").split()
    return f"{words[-1]}." if words else ""


def _text(node: Node | None) -> str:
    words = (node.text or b"").decode("utf-8", "replace") if node is not None else ""
    return " ".join(words.split())[:_LONGEST_NAME]


def _signature_end(node: Node) -> int:
    """Where the body begins, or else the end of the first line."""
    value = node.child_by_field_name("value") or node.child_by_field_name("right") or node
    body = (value if node.type in _DECLARED else node).child_by_field_name("body")
    if body is None:
        body = next((child for child in reversed(node.children) if child.type.endswith(_BODIES)), None)
    text = node.text or b""
    if body is not None and body.start_byte > node.start_byte:
        return node.start_byte + len(text[: body.start_byte - node.start_byte].rstrip())
    return node.start_byte + len(text.partition(b"\n")[0].rstrip())


def _in_characters(found: list[Definition], source: bytes) -> list[Definition]:
    """The definitions with their bytes' offsets as those of characters."""
    places = sorted({0, *(at for item in found for at in (item.start, item.signature_end, item.end))})
    characters = {0: 0}
    for before, at in pairwise(places):
        characters[at] = characters[before] + len(source[before:at].decode("utf-8", "surrogatepass"))
    return [
        Definition(item.name, item.within, characters[item.start], characters[item.signature_end], characters[item.end])
        for item in found
    ]
