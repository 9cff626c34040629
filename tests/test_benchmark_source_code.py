"""The questions on this project's own source: each names a function that is there."""

from __future__ import annotations

import ast

from benchmarks.source_code import ROOT, questions


def test_every_answer_is_there() -> None:
    """20 different ones; a function that moves takes its question along."""
    asked = questions()
    assert len({(one["path"], one["function"]) for one in asked}) == len(asked) == 20
    for one in asked:
        tree = ast.parse((ROOT / one["path"]).read_text(encoding="utf-8"))
        assert one["function"] in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, one
