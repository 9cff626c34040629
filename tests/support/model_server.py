"""A server of its own process that answers `/v1/embeddings` and `/v1/rerank` with the default encoder's vectors.

Run as `python -m tests.support.model_server`; it prints its port. Faults are asked for by `POST /faults`, each for one
request to come, and `GET /seen` tells what was asked so far.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from passagework.retrieval import BiEncoder

KEY = "sk-of-the-tests"
ROOT = Path(__file__).resolve().parents[2]


class ModelServer(ThreadingHTTPServer):
    """Holds the encoder, the faults to come, and what was asked."""

    daemon_threads = True

    def __init__(self, dimensions: int | None) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.encoder = BiEncoder.load(dimensions=dimensions)
        self.lock = threading.Lock()
        self.faults: list[dict[str, Any]] = []
        self.always: dict[str, Any] = {}
        self.seen: dict[str, Any] = {"requests": 0, "texts": [], "keys": [], "bodies": [], "most_at_once": 0}
        self.at_once = 0


class Answers(BaseHTTPRequestHandler):
    """Answers one request."""

    server: ModelServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's
        """Says nothing."""

    def do_GET(self) -> None:
        """What was asked so far."""
        self._send(200, self.server.seen)

    def do_POST(self) -> None:
        """A call of a model, or what is to go wrong from now on."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/faults":
            self.server.faults, self.server.always = body["once"], body["always"]
            self._send(200, {})
            return
        with self.server.lock:
            fault = {**self.server.always, **(self.server.faults.pop(0) if self.server.faults else {})}
            seen = self.server.seen
            seen["requests"] += 1
            seen["keys"].append(self.headers.get("Authorization"))
            seen["bodies"].append({name: value for name, value in body.items() if name not in ("input", "documents")})
            self.server.at_once += 1
            seen["most_at_once"] = max(seen["most_at_once"], self.server.at_once)
        try:
            self._answer(body, fault)
        finally:
            with self.server.lock:
                self.server.at_once -= 1

    def _answer(self, body: dict[str, Any], fault: dict[str, Any]) -> None:
        time.sleep(fault.get("slow", 0))
        if fault.get("drop"):
            self.close_connection = True
            self.connection.close()
            return
        if "status" in fault:
            self._send(fault["status"], {"error": {"message": fault.get("says", "no")}}, fault.get("headers", {}))
            return
        texts: list[str] = body["input"] if "input" in body else body["documents"]
        lengths = [len(tokens) + 2 for tokens in self.server.encoder.tokenize(texts)]
        if len(texts) > fault.get("most_texts", len(texts)):
            self._send(422, {"error": "batch size too big"})
        elif max(lengths) > fault.get("window", 10_000):
            self._send(400, {"error": {"message": f"maximum context length is {fault['window']} tokens"}})
        elif self.path == "/v1/rerank":
            self._send(200, self._scores(body, fault))
        else:
            with self.server.lock:
                self.server.seen["texts"] += texts
            self._send(200, self._vectors(texts, body, fault, lengths))

    def _vectors(self, texts: list[str], body: dict[str, Any], fault: dict[str, Any], lengths: list[int]) -> Any:
        vectors = self.server.encoder.encode_passages(texts) * np.float32(3)  # servers need not normalise
        if "nan" in fault:
            vectors[0, 0] = np.nan
        if "reverse_dimensions" in fault:
            vectors = vectors[:, ::-1]
        vectors = vectors[:, : fault.get("dimensions", vectors.shape[1])]
        rows = [
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode()
                if body.get("encoding_format") == "base64"
                else vector.tolist(),
            }
            for index, vector in enumerate(vectors)
        ]
        if "reverse" in fault:
            rows.reverse()
        if "same_index" in fault:
            rows = [{**row, "index": 0} for row in rows]
        if "fewer" in fault:
            rows.pop()
        read = sum(min(length, fault.get("reads", length)) for length in lengths)
        return {"object": "list", "data": rows, "usage": {"prompt_tokens": read, "total_tokens": read}}

    def _scores(self, body: dict[str, Any], fault: dict[str, Any]) -> Any:
        encoder = self.server.encoder
        cosines = encoder.encode_passages(body["documents"]) @ encoder.encode_queries([body["query"]])[0]
        scores = 10 * cosines - 5
        if "logits" not in fault:
            scores = 1 / (1 + np.exp(-scores))
        rows = [{"index": index, "relevance_score": float(score)} for index, score in enumerate(scores)]
        return {"results": sorted(rows, key=lambda row: -row["relevance_score"])}

    def _send(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {
            "Content-Length": str(len(body)),
            "Content-Type": "application/json",
            **(headers or {}),
        }.items():
            self.send_header(name, text)
        with suppress(OSError):  # who asked may be gone by now
            self.end_headers()
            self.wfile.write(body)


class RunningServer:
    """A server in a process of its own, as a test sees it."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.process = process

    def encoder(self, options: str = "", model: str = "all-MiniLM-L6-v2") -> str:
        """The name of its encoder."""
        return f"openai:{model}@http://127.0.0.1:{self.port}/v1{options}"

    def reranker(self, options: str = "") -> str:
        """The name of its reranker."""
        return f"jina:a-reranker@http://127.0.0.1:{self.port}/v1{options}"

    def go_wrong(self, *once: dict[str, Any], **always: Any) -> None:
        """Has each of the next requests go wrong in its way, and all of them in the others."""
        body = json.dumps({"once": once, "always": always}).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/faults", data=body).close()

    def seen(self) -> dict[str, Any]:
        """What was asked so far."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen") as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def running_server(*, dimensions: int | None = None) -> Iterator[RunningServer]:
    """Yields a server that answers, and ends it."""
    arguments = [sys.executable, "-m", "tests.support.model_server", *([str(dimensions)] if dimensions else [])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PASSAGEWORK_PRECISION": "fp32"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        try:
            assert process.stdout is not None
            yield RunningServer(int(process.stdout.readline()), process)
        finally:
            process.kill()


if __name__ == "__main__":
    serving = ModelServer(int(sys.argv[1]) if len(sys.argv) > 1 else None)
    print(serving.server_address[1], flush=True)
    serving.serve_forever()
