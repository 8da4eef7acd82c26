"""An OpenAI-compatible server inside the test's process, whose "model" follows simple rules."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from engine.labs.memory_graph.extract import spans

KEY = "sk-test-0123456789abcdefghij"


def completion(text: str | None, sent: int = 50, received: int = 20) -> dict[str, Any]:
    """The body of a chat completion."""
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": sent, "completion_tokens": received},
    }


def rule_model(body: dict[str, Any]) -> str:
    """Names are capitalised spans; the first of them is tied to each other one."""
    task, text = body["messages"][0]["content"], body["messages"][-1]["content"]
    names = list(dict.fromkeys(name for sentence in spans(text) for name in sentence))
    if task.startswith("List the names"):
        return json.dumps({"names": names})
    if task == "Answer with the word yes.":
        return "yes"
    assert task.startswith("Turn a text into facts"), task
    given = json.loads(text.rpartition("Names: ")[2])
    triples = [[given[0], "goes with", name] for name in given[1:]]
    return f"Here you are:\n```json\n{json.dumps({'triples': triples})}\n```\nThat is all."


Respond = Callable[["Exchange"], None]


class Exchange(BaseHTTPRequestHandler):
    """One request; ``sent`` is its JSON."""

    server: FakeEndpoint
    sent: dict[str, Any]

    def do_POST(self) -> None:
        """Keep the request, then let the test's function answer."""
        self.sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.paths.append(self.path)
            self.server.heads.append(dict(self.headers))
            self.server.bodies.append(self.sent)
        self.server.respond(self)

    def give(self, status: int, body: bytes | dict[str, Any], **headers: str) -> None:
        """Send an answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def obey(exchange: Exchange) -> None:
    """Answer as ``rule_model``."""
    exchange.give(200, completion(rule_model(exchange.sent)))


class FakeEndpoint(ThreadingHTTPServer):
    """``with FakeEndpoint(respond) as server: server.url``; keeps what it was asked."""

    daemon_threads = True

    def __init__(self, respond: Respond = obey):
        super().__init__(("127.0.0.1", 0), Exchange)
        self.respond = respond
        self.lock = threading.Lock()
        self.paths: list[str] = []
        self.heads: list[dict[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        super().__exit__(*error)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what some tests are about."""
