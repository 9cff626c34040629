"""The programming languages of source files, by the suffixes and names that people give them."""

from __future__ import annotations

import re
from pathlib import Path

_BY_LANGUAGE = {
    "python": ".py .pyi .pyw",
    "javascript": ".js .jsx .mjs .cjs",
    "typescript": ".ts .mts .cts",
    "tsx": ".tsx",
    "java": ".java",
    "c": ".c .h",
    "cpp": ".cc .cpp .cxx .hh .hpp .hxx",
    "csharp": ".cs",
    "go": ".go",
    "rust": ".rs",
    "ruby": ".rb .rake .gemspec",
    "php": ".php",
    "bash": ".sh .bash .zsh",
    "sql": ".sql",
    "kotlin": ".kt .kts",
    "swift": ".swift",
    "css": ".css .scss .less",
    "scala": ".scala",
    "lua": ".lua",
    "perl": ".pl .pm",
    "r": ".r",
    "julia": ".jl",
    "dart": ".dart",
    "haskell": ".hs",
    "elixir": ".ex .exs",
    "clojure": ".clj",
    "powershell": ".ps1 .psm1",
    "batch": ".bat .cmd",
    "protobuf": ".proto",
    "graphql": ".graphql",
    "terraform": ".tf",
    "make": ".mk",
    "cmake": ".cmake",
}
CODE_SUFFIXES = {suffix: language for language, suffixes in _BY_LANGUAGE.items() for suffix in suffixes.split()}
"""The language that a suffix in lower case promises."""

CODE_NAMES = {
    "Makefile": "make",
    "makefile": "make",
    "GNUmakefile": "make",
    "CMakeLists.txt": "cmake",
    "Dockerfile": "dockerfile",
    "Containerfile": "dockerfile",
    "Jenkinsfile": "groovy",
    "Rakefile": "ruby",
    "Gemfile": "ruby",
    "Vagrantfile": "ruby",
}
"""The language of files that go by a name of their own."""

_SHEBANG = re.compile(r"#![^\n]{0,200}?\b(python|node|bash|zsh|sh|ruby|perl|php|Rscript|lua)[\d.]*(?:\s|\Z)")
_INTERPRETED = {"node": "javascript", "sh": "bash", "zsh": "bash", "Rscript": "r"}


def code_language(path: Path) -> str:
    """The language that a file's name promises; "" where it promises none."""
    return CODE_NAMES.get(path.name) or CODE_SUFFIXES.get(path.suffix.lower(), "")


def script_language(text: str) -> str:
    """The language of the interpreter that a script names in its first line; "" where it names none that is known."""
    named = _SHEBANG.match(text)
    return _INTERPRETED.get(named[1], named[1]) if named else ""
