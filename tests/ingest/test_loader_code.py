"""Source code: cut at functions and classes, which are headings by their qualified names; lines are places."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings, strategies as st

from passagework.ingest.chunker import Chunker, ChunkSettings
from passagework.ingest.loaders import LoadOptions, load
from passagework.ingest.loaders.code.definitions import definitions
from passagework.ingest.loaders.code.grammars import GRAMMARS
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import PlaceUnit, SourcePlace
from tests.support.fakes import FakeEncoder
from tests.support.loaded_files import written

PYTHON = '''"""Module doc."""
import os

# About A.
@dec
class A(B):
    """A doc."""

    x = 1

    def m(self, a: int) -> int:
        """M doc."""
        def inner():
            pass
        return a

    y = 2


LIMIT = 3
'''


def test_definitions_are_headings_with_what_stands_above_them(tmp_path: Path) -> None:
    """Decorators and comments belong to a definition; what follows one belongs to what holds it; no inner functions."""
    document = written(tmp_path, "café.py", PYTHON)
    assert [(h.title, document.text[h.start : h.end]) for h in document.headings] == [
        ("A", "# About A.\n@dec\nclass A(B):"),
        ("A.m", "def m(self, a: int) -> int:"),
        ("A", ""),
        ("", ""),
    ]
    assert document.title == "café.py"
    assert document.metadata == {"language": "python"}
    assert document.media_type == "text/x-source-code"
    assert document.places == [SourcePlace(PlaceUnit.LINE, 1, PYTHON.count("\n") + 1, 0, len(PYTHON))]
    assert document.notes == ()


def test_passages_are_functions(tmp_path: Path) -> None:
    """Each function is a passage under its name, with its signature and docstring, however small it is."""
    document = written(tmp_path, "a.py", PYTHON)
    chunker = Chunker(FakeEncoder(), ChunkSettings(passage_tokens=60, overlap_tokens=8))
    passages = [passage for passage, _ in chunker.chunk(document)]
    assert [passage.headings for passage in passages] == [(), ("A",), ("A.m",), ("A",), ()]
    assert passages[2].text.startswith('def m(self, a: int) -> int:\n        """M doc."""')
    assert passages[-1].text == "LIMIT = 3"


NAMES: Mapping[str, tuple[str, Sequence[str]]] = {
    "a.js": ("class K { m() {} }\nconst g = async (x) => 1;\nexports.z = function () {};\nlet n = 3;\n",
             ["K", "K.m", "g", "exports.z"]),
    "a.tsx": ("export const F = (p: P) => <b>{p}</b>;\ninterface I { a: string }\n", ["F", "I"]),
    "a.ts": ("namespace N { export class C<T> { m(): void {} } }\ntype T2 = string;\n", ["N", "N.C", "N.C.m", "T2"]),
    "A.java": ("class A { A() {} int m(int a) { return 1; } enum E { Q } }\n", ["A", "A.A", "A.m", "A.E"]),
    "a.c": ("/* doc */\nstatic int *f(int a) { return 0; }\nstruct S { int a; };\nstruct S s;\n", ["f", "S"]),
    "a.h": ("namespace n { class A { int m() { return 1; } }; }\nint n::A::k(int z) { return z; }\n",
            ["n", "n::A", "n::A::m", "n::A::k"]),
    "a.cs": ("namespace N.M { public class A { public int P { get; } void M() {} } }\n", ["N.M", "N.M.A", "N.M.A.M"]),
    "a.go": ("package p\nfunc F() {}\nfunc (r *R[T]) M() {}\ntype R struct{}\n", ["F", "R.M", "R"]),
    "a.rs": ("impl<T> Tr for S<T> { fn m(&self) {} }\nmod mm { fn z() {} }\n", ["S", "S::m", "mm", "mm::z"]),
    "a.rb": ("module M\n  class A\n    def m; end\n    def self.n; end\n  end\nend\n",
             ["M", "M::A", "M::A::m", "M::A::n"]),
    "a.php": ("<?php\nclass A { public function m() {} }\nfunction f() {}\n", ["A", "A::m", "f"]),
    "a.sh": ("foo() {\n  echo 1\n}\nfunction bar { echo 2; }\n", ["foo", "bar"]),
    "a.sql": ("CREATE TABLE s.t (id int);\nCREATE VIEW v AS SELECT 1;\nSELECT 1;\n", ["s.t", "v"]),
    "a.kt": ("class A {\n    fun m(): Int {\n        return 1\n    }\n}\nobject O {\n}\n", ["A", "A.m", "O"]),
    "a.swift": ("class A { func m() {}\n init() {} }\nprotocol P { func q() }\n", ["A", "A.m", "A.init", "P", "P.q"]),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_in_each_language(tmp_path: Path, name: str) -> None:
    """Qualified as the language writes them; uses, prototypes and numbers are no definitions."""
    source, names = NAMES[name]
    found = dict.fromkeys(heading.title for heading in written(tmp_path, name, source).headings if heading.title)
    assert list(found) == names


def test_languages_are_told_by_name_suffix_and_first_line(tmp_path: Path) -> None:
    """Also of files without a suffix; what no grammar is for keeps its lines."""
    for name, source, language in (
        ("Makefile", "all:\n\techo x\n", "make"),
        ("run", "#!/usr/bin/env python3\ndef f(): pass\n", "python"),
        ("run2", "#!/bin/sh\nf() { :; }\n", "bash"),
        ("a.lua", "function f() end\n", "lua"),
        ("a.jsx", "function F() { return <b/>; }\n", "javascript"),
    ):
        document = written(tmp_path, name, source)
        assert document.metadata == {"language": language}, name
        assert document.places[0].last == source.count("\n") + 1


def test_without_the_grammars_code_is_read_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note names the extra."""
    real = builtins.__import__

    def without(name: str, *arguments: object, **named: object) -> ModuleType:
        if name == "tree_sitter":
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    document = written(tmp_path, "a.py", PYTHON)
    assert document.headings == []
    assert document.text == PYTHON
    assert document.notes == ('read without its functions and classes: pip install "passagework[code]" finds them',)


def test_odd_files(tmp_path: Path) -> None:
    """Line ends of Windows, other encodings, syntax errors and truncated ends; a film named .ts is none."""
    document = written(tmp_path, "a.py", "# é\r\ndef f():\r\n    return 'ü'\r\n".encode("cp1252"))
    assert document.text == "# é\ndef f():\n    return 'ü'\n"
    assert [document.text[h.start : h.end] for h in document.headings] == ["# é\ndef f():"]
    assert document.places[0].last == 4
    broken = written(tmp_path, "b.py", "def ok():\n    pass\n\ndef cut(a, b:\n    x = (1,\n")
    assert broken.headings[0].title == "ok"
    with pytest.raises(IngestError, match="binary: not text"):
        list(load(_file(tmp_path, "film.ts", b"\x47\x40\x00\x10\x00\x00\xb0\x0d" * 500), LoadOptions()))
    with pytest.raises(IngestError, match="empty file"):
        list(load(_file(tmp_path, "e.go", b""), LoadOptions()))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(GRAMMARS)), st.text("def class fn{}()[]:;=<>\"'/*#\n é漢", max_size=200))
def test_any_text_has_definitions_within_it(language: str, text: str) -> None:
    """Whatever a file holds, definitions lie in it, in order, each signature within its definition."""
    found = definitions(text, GRAMMARS[language])
    assert [item.start for item in found] == sorted(item.start for item in found)
    for item in found:
        assert 0 <= item.start <= item.signature_end <= len(text)
        assert item.start <= item.end <= len(text)
        assert item.name.strip() == item.name != ""


def _file(tmp_path: Path, name: str, data: bytes) -> Path:
    (tmp_path / name).write_bytes(data)
    return tmp_path / name
