"""The endpoint against a server in this process: what it sends, and what it makes of answers."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from engine.core import BadInput
from engine.labs.memory_graph.language import post as posting
from engine.labs.memory_graph.language.chat import ChatError, Message, RequestRefused
from engine.labs.memory_graph.language.endpoint import Endpoint
from tests.fake_endpoint import KEY, Exchange, FakeEndpoint, Respond, completion

ASK = [Message("system", "Be brief."), Message("user", "Who built the Heron Bridge?")]


def ask(respond: Respond, **options: Any) -> tuple[Any, FakeEndpoint, list[float]]:
    """The reply, or the error, of one call; the server; and the waits."""
    waits: list[float] = []
    with FakeEndpoint(respond) as server:
        endpoint = Endpoint(
            server.url, "m-1", KEY, private=True, pause=waits.append, **{"seconds": 5, **options}
        )
        try:
            return endpoint.complete(ASK, 40), server, waits
        except (ChatError, RequestRefused) as error:
            return error, server, waits


def always(status: int, body: bytes | dict[str, Any], **headers: str) -> Respond:
    return lambda exchange: exchange.give(status, body, **headers)


def test_a_call_is_what_the_interface_says() -> None:
    reply, server, _ = ask(always(200, completion("Ada Marsh.", 31, 5)))
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens) == ("Ada Marsh.", 31, 5)
    assert reply.counted
    assert server.paths == ["/v1/chat/completions"]
    assert server.heads[0]["Authorization"] == f"Bearer {KEY}"
    assert server.bodies[0] == {
        "model": "m-1",
        "max_tokens": 40,
        "temperature": 0,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Who built the Heron Bridge?"},
        ],
    }


def test_without_a_key_none_is_sent_and_the_full_address_serves_too() -> None:
    with FakeEndpoint(always(200, completion("ok"))) as server:
        Endpoint(f"{server.url}/chat/completions/", "m", private=True).complete(ASK, 5)
    assert server.paths == ["/v1/chat/completions"]
    assert "Authorization" not in server.heads[0]


def test_tokens_that_nobody_counted_are_an_estimate() -> None:
    body = completion("Ada Marsh.")
    del body["usage"]
    reply, _, _ = ask(always(200, body))
    assert not reply.counted and reply.prompt_tokens > 10 and reply.completion_tokens > 1


@pytest.mark.parametrize("content", [None, "", 7, ["a"]])
def test_a_reply_without_text_is_an_empty_one(content: Any) -> None:
    reply, _, _ = ask(always(200, completion(content)))
    assert reply.text == ""


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<!doctype html><h1>Welcome</h1>", "answered with no JSON"),
        (200, b"", "answered with no JSON"),
        (200, b"\xff\xfe\x00", "answered with no JSON"),
        (200, b"[" * 100_000, "answered with no JSON"),
        (200, {"choices": []}, "no chat completion"),
        (200, {"choices": [{"text": "old style"}]}, "no chat completion"),
        (200, ["x"], "no chat completion"),
        (401, {"error": {"message": "Incorrect key: sk-test-0123***ghij"}}, "refuses the key (ans"),
        (403, b"", "refuses the key"),
        (404, {"error": {"message": "The model m-1 does not exist"}}, "The model m-1 does not"),
        (418, {"error": "teapot"}, "answered 418: teapot"),
        (302, b"", "points to another address (302), which is not followed"),
        (308, b"", "points to another address"),
    ],
)
def test_answers_that_end_a_run(status: int, body: Any, words: str) -> None:
    data = json.dumps(body).encode() if isinstance(body, list) else body
    error, server, waits = ask(always(status, data, Location="http://127.0.0.1:1/elsewhere"))
    assert type(error) is ChatError and words in str(error)
    assert len(server.paths) == 1 and waits == []
    assert "sk-test" not in str(error) and "elsewhere" not in str(error)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_cannot_be_answered_is_refused_alone(status: int) -> None:
    error, server, _ = ask(always(status, {"error": {"message": "too  long\nfor me"}}))
    assert type(error) is RequestRefused and f"({status}): too long for me" in str(error)
    assert len(server.paths) == 1


def test_a_busy_endpoint_is_asked_again_when_it_says() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    script = [
        (429, {"Retry_After": "7"}),
        (503, {}),
        (429, {"Retry_After": soon}),
        (200, {}),
    ]

    def respond(exchange: Exchange) -> None:
        status, headers = script.pop(0)
        exchange.give(status, completion("at last"), **headers)

    reply, server, waits = ask(respond)
    assert reply.text == "at last" and len(server.paths) == 4
    assert waits[0] == 7 and waits[1] == 2 and 0 < waits[2] <= 30


def test_patience_ends() -> None:
    error, server, waits = ask(always(429, {"error": {"message": "slow down"}}))
    assert "429 (too many requests) 4 times: slow down" in str(error)
    assert len(server.paths) == 4 and waits == [1, 2, 4]
    error, server, waits = ask(always(429, b"", Retry_After="86400"))
    assert "asks to wait 86,400 s" in str(error) and len(server.paths) == 1 and waits == []


def test_parameters_that_newer_models_do_not_take_are_left_out() -> None:
    def respond(exchange: Exchange) -> None:
        if "max_tokens" in exchange.sent:
            said = "Unsupported parameter: use 'max_completion_tokens' instead."
        elif "temperature" in exchange.sent:
            said = "'temperature' does not support 0 with this model."
        else:
            return exchange.give(200, completion("fine"))
        return exchange.give(400, {"error": {"message": said}})

    with FakeEndpoint(respond) as server:
        endpoint = Endpoint(server.url, "m", private=True)
        assert endpoint.complete(ASK, 9).text == "fine"
        assert endpoint.complete(ASK, 9).text == "fine"
    assert len(server.bodies) == 4  # what was learnt is kept
    assert server.bodies[-1]["max_completion_tokens"] == 9


def drip(exchange: Exchange) -> None:
    """One byte now and then: no read alone takes long."""
    exchange.send_response(200)
    exchange.send_header("Content-Length", "1000")
    exchange.end_headers()
    for _ in range(100):
        exchange.wfile.write(b" ")
        exchange.wfile.flush()
        time.sleep(0.1)
    exchange.server.paths.append("the end")


def drip_headers(exchange: Exchange) -> None:
    """The same before the body."""
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for i in range(90):
        exchange.wfile.write(b"X-%d: y\r\n" % i)
        exchange.wfile.flush()
        time.sleep(0.1)
    exchange.server.paths.append("the end")


def silent(exchange: Exchange) -> None:
    """Nothing at all."""
    time.sleep(9)
    exchange.server.paths.append("the end")


@pytest.mark.parametrize("respond", [drip, drip_headers, silent])
def test_a_slow_server_is_left_at_the_limit(respond: Respond) -> None:
    error, server, _ = ask(respond, seconds=0.6)
    assert "no answer within 0.6 s" in str(error)
    # One try, and nobody waited for the end that was nine seconds away.
    assert server.paths == ["/v1/chat/completions"]


def test_a_huge_answer_is_not_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "LIMIT_BYTES", 100_000)
    written = []

    def endless(exchange: Exchange) -> None:
        exchange.send_response(200)
        exchange.end_headers()  # no length: until the connection ends
        for _ in range(5_000):
            exchange.wfile.write(b"a" * 10_000)
            written.append(10_000)

    error, _, _ = ask(endless)
    assert "larger than 0.1 MB" in str(error)
    assert sum(written) < 50_000_000


def test_a_broken_connection_is_tried_again() -> None:
    calls = []

    def respond(exchange: Exchange) -> None:
        calls.append(1)
        if len(calls) == 1:
            exchange.connection.shutdown(socket.SHUT_RDWR)
        elif len(calls) == 2:  # fewer bytes than announced
            exchange.send_response(200)
            exchange.send_header("Content-Length", "500")
            exchange.end_headers()
            exchange.wfile.write(b'{"choices"')
        else:
            exchange.give(200, completion("third time"))

    reply, _, waits = ask(respond)
    assert reply.text == "third time" and waits == [1, 2]


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ChatError, match=r"127\.0\.0\.1:\d+: cannot be reached \(Connection ref"):
        Endpoint(f"http://127.0.0.1:{port}", "m", private=True).complete(ASK, 5)


def test_a_server_without_tls_is_no_safe_connection() -> None:
    with FakeEndpoint() as server, pytest.raises(ChatError, match=r"no safe connection|broke off"):
        url = server.url.replace("http:", "https:")
        Endpoint(url, "m", private=True, pause=lambda seconds: None).complete(ASK, 5)


@pytest.mark.parametrize("model", ["", "m" * 300, "a\nb"])
def test_a_model_needs_a_name(model: str) -> None:
    with pytest.raises(BadInput, match="model name"):
        Endpoint("https://models.example/v1", model)


# TLS.


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of ``name`` that it signed itself, and its key."""
    made = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
            *("-out", str(made[0]), "-keyout", str(made[1])),
        ],
        check=True,
        capture_output=True,
    )
    return made


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_the_certificate_is_that_of_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem, key = certificate(tmp_path, "models.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    with FakeEndpoint(always(200, completion("safely"))) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        place = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.server_port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **options: [place])

        def call(name: str, seconds: float = 5) -> str:
            url = f"https://{name}:{server.server_port}/v1"
            return Endpoint(url, "m", KEY, private=True, seconds=seconds).complete(ASK, 5).text

        with pytest.raises(ChatError, match=r"no safe connection \(self-signed certificate"):
            call("models.example")
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        with pytest.raises(ChatError, match=r"no safe connection \(Hostname mismatch"):
            call("other.example")
        assert server.paths == []  # and so no key was shown
        assert call("models.example") == "safely"
        server.respond = drip
        with pytest.raises(ChatError, match=r"no answer within 1 s"):
            call("models.example", 1)
