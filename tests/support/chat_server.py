"""A server of its own process that answers `/v1/chat/completions` by a script, and goes wrong where it says so.

Run as `python -m tests.support.chat_server`; it prints its port. `POST /script` gives the next answers, each with what
goes wrong; `GET /seen` tells what was asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class ChatServer(ThreadingHTTPServer):
    """Holds the answers to come, and what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Chat)
        self.script: list[dict[str, Any]] = []
        self.seen: list[dict[str, Any]] = []


class Chat(BaseHTTPRequestHandler):
    """Answers one request."""

    server: ChatServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's
        """Says nothing."""

    def do_GET(self) -> None:
        """What was asked so far."""
        self._send(200, json.dumps(self.server.seen))

    def do_POST(self) -> None:
        """A call, or the script of those to come."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/script":
            self.server.script, self.server.seen = body, []
            self._send(200, "{}")
            return
        self.server.seen.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
        told: dict[str, Any] = self.server.script.pop(0) if self.server.script else {"text": "I do not know."}
        if "status" in told:
            self._send(told["status"], json.dumps({"error": {"message": told.get("says", "no")}}))
        elif "body" in told:
            self._send(200, told["body"])
        else:
            self._stream(told)

    def _stream(self, told: dict[str, Any]) -> None:
        """The text word by word, as events, each after a `pause` in seconds; `stop_after` ends it after so many."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        words = told["text"].split(" ")
        parts = [word if place == 0 else f" {word}" for place, word in enumerate(words)]
        for part in parts[: told.get("stop_after", len(parts))]:
            time.sleep(told.get("pause", 0))
            self._event({"choices": [{"index": 0, "delta": {"content": part}, "finish_reason": None}]})
        if "stop_after" in told:
            return
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": told.get("finish", "stop")}]})
        if usage := told.get("usage"):
            self._event({"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, value: Any) -> None:
        self.wfile.write(f"data: {json.dumps(value)}\n\n".encode())
        self.wfile.flush()

    def _send(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


class ScriptedModel:
    """A server in a process of its own, as a test sees it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def llm(self, options: str = "") -> str:
        """The name of its language model."""
        return f"small@http://127.0.0.1:{self.port}/v1{options}"

    def will(self, *script: dict[str, Any]) -> None:
        """Has the next requests answered so, and forgets what was asked."""
        body = json.dumps(script).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/script", data=body).close()

    def seen(self) -> list[dict[str, Any]]:
        """What was asked since."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen") as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found


@contextmanager
def scripted_model() -> Iterator[ScriptedModel]:
    """Yields a server that answers, and ends it."""
    arguments = [sys.executable, "-m", "tests.support.chat_server"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield ScriptedModel(int(process.stdout.readline()))
        finally:
            process.kill()


if __name__ == "__main__":
    serving = ChatServer()
    print(serving.server_address[1], flush=True)
    serving.serve_forever()
