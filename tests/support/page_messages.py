"""The messages of the pages, as they stand in the code, and what of it is shown without being one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.formats import Format, format_name
from passagework.ingest.watching.watch_status import WatchState
from passagework.retrieval.duplicates.differences import DuplicateKind
from passagework.retrieval.duplicates.duplicate_search import DuplicatesOf
from passagework.retrieval.store import SourceState
from passagework.retrieval.verification.compared_facts import FactKind
from passagework.ui.present import wording
from tests.support.browser_sessions import ROOT

FOLDERS = ("ui/app.py", "ui/pages", "ui/web", "ui/present")
SHOWN = frozenset(
    ("button", "caption", "checkbox", "dialog", "download_button", "error", "expander", "form_submit_button", "info",
     "multiselect", "note_html", "number_input", "page_link", "popover", "radio", "segmented_control", "selectbox",
     "slider", "spinner", "success", "text_area", "text_input", "title", "warning", "date_input")
)  # fmt: skip
"""Calls whose first text, or label, help or placeholder, a reader sees."""

Message = tuple[str, str]
"""A message and its plural, or ""."""


def modules() -> Iterator[Path]:
    """Every module that says something on a page."""
    for name in FOLDERS:
        path = ROOT / name
        yield from [path] if path.is_file() else sorted(path.glob("*.py"))


def messages() -> set[Message]:
    """Every message of the pages: those that the code calls by name, and those that values of the library are."""
    found = {message for path in modules() for message in _of(ast.parse(path.read_text(encoding="utf-8")))}
    found |= set(wording.NOUNS.values()) | {(month, "") for month in wording.MONTHS}
    values = [one.value for kind in (DuplicateKind, DuplicatesOf, FactKind, SourceState, WatchState) for one in kind]
    return found | {(value, "") for value in [*values, *(format_name(one.value) for one in Format)]}


def unsaid(path: Path) -> list[str]:
    """What a module shows that is no message: words in a widget's own text, its help or its placeholder."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node) in SHOWN:
            shown = [
                *node.args[:1],
                *(key.value for key in node.keywords if key.arg in {"label", "help", "placeholder"}),
            ]
            found += [f"{path.name}:{one.lineno}" for one in shown if _has_words(one)]
    return found


def _of(tree: ast.Module) -> Iterator[Message]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) in {"gettext", "ngettext", "message"}:
            texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if texts and texts[0]:
                yield texts[0], texts[1] if _name(node) == "ngettext" else ""


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _has_words(node: ast.expr) -> bool:
    """Whether it is a text of letters, or one with values in it that has words beside them."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(one, ast.Constant) and _has_words(one) for one in node.values)
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    no_words = node.value.startswith(("<", "{", "~", "policies/"))  # markup, and examples of what is typed
    return not no_words and sum(letter.isalpha() for letter in node.value) > 1
