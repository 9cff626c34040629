"""The entries by which programs of language models know a server of MCP: each has a file and a form of its own."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from passagework.retrieval.types import Json

PLACES = {
    "claude-desktop": (
        "claude_desktop_config.json (macOS: ~/Library/Application Support/Claude/, Windows: %APPDATA%\\Claude\\)"
    ),
    "claude-code": "a shell",
    "cursor": "~/.cursor/mcp.json, or .cursor/mcp.json in a project",
    "vscode": ".vscode/mcp.json in a project, or what `MCP: Open User Configuration` opens",
    "codex": "~/.codex/config.toml",
}
"""Where the entry of each program goes, by its own documentation."""


@dataclass(frozen=True, slots=True)
class McpEntry:
    """Is the text of an entry, and the place that it goes to."""

    program: str
    place: str
    entry: str

    def text(self) -> str:
        """Returns both for a person."""
        return f"For {self.place}:\n\n{self.entry}"

    def to_json(self) -> dict[str, Json]:
        """Returns the same as JSON."""
        return {"program": self.program, "place": self.place, "entry": self.entry}


def mcp_entry(program: str, name: str, command: str, arguments: Sequence[str], *, token: str | None) -> McpEntry:
    """Returns the entry of a server `name` that is started by a command; `token` is a variable that it is given."""
    environment = {} if token is None else {token: "pw_..."}
    server: dict[str, Any] = {"command": command, "args": list(arguments)}
    if environment:
        server["env"] = environment
    if program == "claude-code":
        given = [part for key, value in environment.items() for part in ("--env", f"{key}={value}")]
        entry = shlex.join(["claude", "mcp", "add", name, *given, "--", command, *arguments])
    elif program == "codex":
        lines = [f"[mcp_servers.{json.dumps(name)}]", f"command = {_toml(command)}", f"args = {_toml(list(arguments))}"]
        lines += [f"env = {{ {key} = {_toml(value)} }}" for key, value in environment.items()]
        entry = "\n".join(lines)
    elif program == "vscode":
        entry = json.dumps({"servers": {name: {"type": "stdio", **server}}}, indent=2, ensure_ascii=False)
    else:
        entry = json.dumps({"mcpServers": {name: server}}, indent=2, ensure_ascii=False)
    return McpEntry(program, PLACES[program], entry)


def _toml(value: str | list[str]) -> str:
    """Returns a text or a list of texts in TOML: its basic strings escape as JSON's do."""
    return json.dumps(value, ensure_ascii=False)
