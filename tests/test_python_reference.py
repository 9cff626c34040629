"""What a program may import, and docs/python.md, which describes it with examples that are run here."""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import passagework
from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.models.weights import resolve_model

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "python.md"
CLI = ROOT / "docs" / "cli.md"
PUBLIC = {name: getattr(passagework, name) for name in dir(passagework)}
ALIASES = {"Any", "Callable", "Iterator", "NDArray", "Self", "TypeAlias", "TypeVar"}
"""Names in annotations that belong to typing and NumPy and are no classes."""


def own_members(kind: type) -> dict[str, Any]:
    """Public methods and properties of a class, its bases among this project's included; no fields of a dataclass."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("passagework."):
            found.update(vars(base))
    described = (property, classmethod, staticmethod, FunctionType)
    return {
        name: value
        for name, value in found.items()
        if not name.startswith("_") and (isinstance(value, described) or hasattr(value, "func"))
    }


def signatures() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Every public function, method, property and class with fields: its name, annotations, and module's names."""
    for name, value in PUBLIC.items():
        if inspect.isfunction(value):
            yield name, value.__annotations__, value.__globals__
        elif inspect.isclass(value) and not issubclass(value, Exception):
            module = vars(sys.modules[value.__module__])
            fields = {one: note for one, note in vars(value).get("__annotations__", {}).items() if one[0] != "_"}
            yield name, fields, module
            for member, function in own_members(value).items():
                function = getattr(function, "fget", None) or getattr(function, "__func__", None) or function
                function = inspect.unwrap(getattr(function, "func", function))  # of a cached property; as it is awaited
                yield f"{name}.{member}", function.__annotations__, function.__globals__
            made_otherwise = any(isinstance(one, classmethod) for one in own_members(value).values())
            if inspect.isfunction(value.__init__) and not fields and not made_otherwise:
                yield f"{name}()", value.__init__.__annotations__, value.__init__.__globals__


def test_what_a_public_signature_names_is_public() -> None:
    """No parameter, result or field is of a type that a program would have to look for inside."""
    missing = set()
    for where, notes, module in signatures():
        for note in notes.values():
            for node in ast.walk(ast.parse(str(note).strip('"'), mode="eval")):
                if not isinstance(node, ast.Name) or node.id in PUBLIC or node.id in ALIASES:
                    continue
                value = module.get(node.id, getattr(builtins, node.id, None))
                elsewhere = inspect.ismodule(value) or (
                    inspect.isclass(value) and not value.__module__.startswith("passagework.")
                )
                if not elsewhere:
                    missing.add(f"{where}: {node.id}")
    assert sorted(missing) == []


def signature(name: str) -> str:
    """How a function is called: its parameters with their defaults, and what it returns, 100 characters a line."""
    value: Any = PUBLIC[name.partition(".")[0]]
    value = getattr(value, name.partition(".")[2]) if "." in name else value
    parts, star = [], False
    for parameter in inspect.signature(value).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            star = True
            parts.append("*")
        default = "" if parameter.default is parameter.empty else f"={_spelled(parameter.default)}"
        parts.append(f"{parameter.name}{default}")
    lines, returns = [f"{name}("], inspect.signature(value).return_annotation
    for part in [f"{one}, " for one in parts[:-1]] + parts[-1:]:
        if len(lines[-1]) + len(part) > 100:
            lines.append("    ")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines) + f") -> {returns}"


def _spelled(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_spelled, value))}{',' if len(value) == 1 else ''})"
    return repr(value.value if isinstance(value, Enum) else value)


OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FILES = "The files of the examples"
"""The section whose examples are run first."""


class Entry:
    """A heading of the page with what stands below it; `examples` are parsed with the lines that they stand in."""

    def __init__(self, level: int, title: str, line: int, body: str) -> None:
        self.level = level
        self.title = title
        self.line = line
        self.body = body
        without_fences = re.sub(r"^```.*$", "", body, flags=re.MULTILINE)  # else they would be awaited as output
        self.examples = doctest.DocTestParser().get_examples(without_fences)

    def attributes(self) -> set[str]:
        """What the examples ask objects for."""
        trees = (ast.walk(ast.parse(example.source)) for example in self.examples)
        return {node.attr for tree in trees for node in tree if isinstance(node, ast.Attribute)}


def entries() -> list[Entry]:
    """The page in parts, from heading to heading; what names something of the package is of level 3 or 4."""
    text = PAGE.read_text(encoding="utf-8")
    places = [*re.finditer(r"^(#+) (.+)$", re.sub(r"(?ms)^```.*?^```$", _blanked, text), re.MULTILINE)]
    ends = [one.start() for one in places[1:]] + [len(text)]
    return [
        Entry(len(one[1]), one[2], text.count("\n", 0, one.start()) + 1, text[one.end() : end])
        for one, end in zip(places, ends, strict=True)
    ]


def _blanked(fence: re.Match[str]) -> str:
    """Nothing in a code block is a heading; lengths stay."""
    return re.sub(r"[^\n]", " ", fence[0])


def named_entries() -> dict[str, Entry]:
    """The entries that describe a name, beneath the titles of the sections."""
    return {one.title: one for one in entries() if one.level > 2}


def test_what_a_public_alias_stands_for_is_public() -> None:
    """The classes in a type such as `Watch`, a call with a TrainingProgress, can be imported too."""
    missing = []
    for name, value in PUBLIC.items():
        if not inspect.isclass(value) and not inspect.isfunction(value):
            named = {one.rpartition(".")[2] for one in re.findall(r"passagework[\w.]+", str(value))}
            missing += [f"{name}: {one}" for one in named - PUBLIC.keys()]
    assert missing == []


def test_every_public_name_has_an_entry_with_an_example() -> None:
    """A name that a program can import is described, and used before the reader's eyes."""
    found = named_entries()
    assert sorted(set(PUBLIC) - found.keys()) == []
    assert [name for name, entry in found.items() if not entry.examples] == []


def test_every_entry_names_something_public() -> None:
    """Nothing is described that isn't there, and nothing twice."""
    strange = [
        name
        for name in named_entries()
        if name.partition(".")[0] not in PUBLIC
        or ("." in name and name.partition(".")[2] not in own_members(PUBLIC[name.partition(".")[0]]))
    ]
    assert strange == []
    titles = [entry.title for entry in entries()]
    assert sorted({title for title in titles if titles.count(title) > 1}) == []


def test_every_public_method_is_used_in_an_example_of_its_class() -> None:
    """Methods and properties too: an entry shows what can be done with what it describes."""
    unused = []
    for name, value in PUBLIC.items():
        if inspect.isclass(value):
            own = [one for title, one in named_entries().items() if title == name or title.startswith(f"{name}.")]
            used = {attribute for entry in own for attribute in entry.attributes()}
            unused += [f"{name}.{member}" for member in own_members(value) if member not in used]
    assert unused == []


def test_signatures_are_those_of_the_functions() -> None:
    """An entry of a function shows its parameters, defaults and result as they are."""
    wrong = []
    for name, entry in named_entries().items():
        value: Any = PUBLIC.get(name.partition(".")[0])
        value = getattr(value, name.partition(".")[2], None) if "." in name else value
        shown = f"```\n{signature(name)}\n```" if inspect.isroutine(value) and _asks(value) else ""
        if shown not in entry.body:
            wrong.append(f"{name}, line {entry.line}, should show:\n{shown}")
    assert wrong == []


def _asks(function: Any) -> bool:
    return any(name != "self" for name in inspect.signature(function).parameters)


def test_every_public_name_has_a_docstring() -> None:
    """So `help` says what the page says; an alias of a type has none of its own."""
    kinds = [name for name, value in PUBLIC.items() if inspect.isclass(value) or inspect.isfunction(value)]
    assert [name for name in kinds if not (vars(PUBLIC[name]).get("__doc__") or PUBLIC[name].__doc__)] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_examples_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them give what the page says, from its top to its bottom, on the files that it writes, offline."""
    for module in ("faiss", "pyarrow", "accelerate", "datasets"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"the examples need {module}")
    monkeypatch.setenv("PASSAGEWORK_OFFLINE", "1")
    for name in (
        "ENCODER",
        "RERANKER",
        "DEVICE",
        "PRECISION",
        "BACKEND",
        "WORKERS",
        "PARSE_TIMEOUT",
        "PARSE_MEMORY_MB",
    ):
        monkeypatch.delenv(f"PASSAGEWORK_{name}", raising=False)
    try:
        resolve_model(DEFAULT_ENCODER, Settings.from_environment())
    except ModelUnavailableError as error:
        pytest.skip(str(error))
    monkeypatch.chdir(tmp_path)
    told: list[str] = []
    names: dict[str, Any] = {}
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    for entry in sorted(entries(), key=lambda one: one.title != FILES):
        test = doctest.DocTest(entry.examples, names, entry.title, str(PAGE), entry.line - 1, None)
        runner.run(test, out=told.append, clear_globs=False)
        names = test.globs
    names["collection"].close()
    assert not told, "".join(told)


def anchors(page: Path) -> list[str]:
    """The fragments that lead to the headings of a page, as GitHub makes them."""
    found: list[str] = []
    text = re.sub(r"(?ms)^```.*?^```$", _blanked, page.read_text(encoding="utf-8"))
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return found


@pytest.mark.parametrize("page", [PAGE, CLI])
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a page of this folder, or within one, names a file and a heading that are there."""
    broken = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        file, _, fragment = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_commands_and_functions_link_to_each_other() -> None:
    """Whoever reads about a command finds what a program calls, and the other way round.

    `ui` is for people alone, and what serves for programs that call nothing.
    """
    cli, page = CLI.read_text(encoding="utf-8"), PAGE.read_text(encoding="utf-8")
    commands = cli[cli.index("<!-- COMMANDS: BEGIN") : cli.index("<!-- COMMANDS: END")]
    sections = dict(re.findall(r"(?ms)^### ([\w-]+)\n(.*?)(?=^### |\Z)", commands))
    for served in ("ui", "serve", "mcp"):
        del sections[served]
    assert {name for name, body in sections.items() if "In Python: [" not in body} == set()
    assert {name for name in sections if f"](cli.md#{name})" not in page} == set()


def test_public_names_are_listed_in_order_and_once() -> None:
    """Both packages list theirs sorted, and the top level has them all."""
    packages = [importlib.import_module(f"passagework.{name}") for name in ("ingest", "retrieval")]
    for package in packages:
        assert package.__all__ == sorted(set(package.__all__))
        assert dir(package) == package.__all__
    assert dir(passagework) == sorted({name for package in packages for name in package.__all__})
