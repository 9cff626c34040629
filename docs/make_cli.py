"""Writes the command reference of docs/cli.md from the commands themselves: `python docs/make_cli.py`.

What stands outside the two marks is written by hand and kept. With `--out FILE` the page is written there instead.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from passagework.ui.cli import app

IN_PYTHON = {
    "ingest": ["ingest"],
    "search": ["Collection.search"],
    "context": ["Collection.context"],
    "verify": ["Collection.verify"],
    "ask": ["Collection.ask"],
    "watch": ["watch"],
    "status": ["Collection.status", "ParserLimits", "watch_status"],
    "documents": ["Collection.documents", "Collection.sources"],
    "sources": ["Collection.roots"],
    "delete": ["delete"],
    "duplicates": ["Collection.duplicates"],
    "similar": ["Collection.similar"],
    "paraphrases": ["paraphrases"],
    "rebuild": ["rebuild", "rebuild_index"],
    "doctor": ["examine", "repair"],
    "export": ["export_collection", "snapshot_collection"],
    "import": ["import_collection"],
    "evaluate": ["evaluate_benchmark"],
    "calibrate": ["calibrate", "forget_calibration"],
    "compare": ["compare", "render_comparison"],
    "train": ["train", "adapt", "train_classifier", "train_classifier_on_field"],
    "classify": ["TextClassifier"],
    "models": ["known_models"],
    "scan": ["scan_files", "Collection.scan"],
}
"""What a program calls in place of a command: entries of docs/python.md."""

PAGE = Path(__file__).with_name("cli.md")
BEGIN, END = "<!-- COMMANDS: BEGIN (python docs/make_cli.py) -->\n", "<!-- COMMANDS: END -->\n"


def reference() -> str:
    """Every command: what it does, how it is called, and what each argument and option means."""
    return "\n".join(line for name, command in commands(get_command(app)) for line in _section(name, command))


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command of a group by its whole name, such as `token add`, and a group that is one, such as `mcp`."""
    for name, command in group.commands.items():
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield f"{before}{name}", command
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")


def _section(name: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = [name, *map(_usage, arguments), *(_usage(one) for one in options if one.required), "[options]"]
    yield from (f"### {name}", "", _escaped(command.help), "")
    yield from ("```", f"passagework {' '.join(usage)}", "```", "")
    yield from ("| | |", "| --- | --- |")
    for one in (*arguments, *options):
        yield f"| `{_spelled(one)}` | {_meaning(one)} |"
    yield ""
    calls = [f"[`{one}`](python.md#{one.lower().replace('.', '')})" for one in IN_PYTHON.get(name, ())]
    if calls:
        yield from (f"In Python: {', '.join(calls)}.", "")


def _usage(parameter: Any) -> str:
    if parameter.param_type_name == "option":
        return _spelled(parameter).replace("\\", "")
    name = f"{parameter.metavar}{'...' if parameter.nargs == -1 else ''}"
    return name if parameter.required else f"[{name}]"


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    names = "/".join([*parameter.opts, *parameter.secondary_opts])
    return f"{names} {parameter.metavar}".replace("|", "\\|") if parameter.metavar else names


def _meaning(parameter: Any) -> str:
    if parameter.required:
        elsewhere = f", here or as `{parameter.envvar}`" if getattr(parameter, "envvar", None) else ""
        return f"{_escaped(parameter.help)} Required{elsewhere}."
    if parameter.default in (None, False, ()) or callable(parameter.default):
        return _escaped(parameter.help)
    return f"{_escaped(parameter.help)} Default: `{parameter.default}`."


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


def main() -> None:
    """Puts the reference between the marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PAGE)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    parser.parse_args().out.write_text(f"{before}{BEGIN}\n{reference()}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
