"""The reference inspector of MCP (npm) asks a service, over HTTP and through `passagework mcp --url`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ui.test_service_process import free_port, path, serving

INSPECTOR = os.environ.get("PASSAGEWORK_MCP_INSPECTOR", "build/mcp/node_modules/.bin/mcp-inspector")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("node") is None or not Path(INSPECTOR).exists(),
        reason="npm's inspector of MCP isn't installed: make conformance does it where there is npm",
    ),
]
__all__ = ["path"]


def inspected(*asked: str) -> Any:
    """What the inspector prints of an answer."""
    command = [str(Path(INSPECTOR).absolute()), "--cli", *asked]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)


def test_the_inspector_is_answered(path: Path) -> None:
    """Tools are listed alike over both ways; a search finds, a document is read, a wrong argument is told."""
    port = free_port()
    with serving("--collection", f"bees={path}", port=port):
        url = f"http://127.0.0.1:{port}/mcp"
        over_http = [url, "--transport", "http"]
        started = [sys.executable, "-m", "passagework.ui.cli", "mcp", "--url", url]
        if "PYTHONPATH" in os.environ:
            started = ["-e", f"PYTHONPATH={os.environ['PYTHONPATH']}", *started]
        tools = inspected(*over_http, "--method", "tools/list")["tools"]
        assert [tool["name"] for tool in tools] == ["search", "fetch", "context", "outline", "documents"]
        assert inspected(*started, "--method", "tools/list")["tools"] == tools
        call = ["--method", "tools/call", "--tool-name", "search", "--tool-arg"]
        (first, *_) = inspected(*over_http, *call, "query=how many bees")["structuredContent"]["results"]
        assert first["text"].endswith("forty thousand bees.")
        address = f"passagework://documents/{first['id']}"
        (read,) = inspected(*over_http, "--method", "resources/read", "--uri", address)["contents"]
        assert read["text"].startswith("# Bees")
        assert inspected(*over_http, *call, "top_k=1")["isError"] is True
