"""The optional language model: its key shows nowhere, and an address leads nowhere it must not."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import socket
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.core import BadInput
from engine.core.errors import EngramError
from engine.labs.memory_graph.commands_extract import extract
from engine.labs.memory_graph.language.address import Address, check_address, is_open, resolve
from engine.labs.memory_graph.language.budget import Budget, Metered
from engine.labs.memory_graph.language.chat import ChatError, Message
from engine.labs.memory_graph.language.endpoint import Endpoint
from engine.labs.memory_graph.language.extraction import extract_with
from engine.labs.memory_graph.language.key import Key
from engine.labs.memory_graph.language.record import Recorder
from engine.labs.memory_graph.language.task import Task
from tests.fake_endpoint import KEY, Exchange, FakeEndpoint, completion
from tests.memory_corpora import PASSAGES, write_lines

ASK = [Message("user", "hello")]


def betray(exchange: Exchange) -> None:
    """An error that quotes the key."""
    header = exchange.headers["Authorization"]
    status = [302, 400, 401, 404, 429, 500][len(exchange.server.paths) % 6]
    words = f"bad key {header[7:]}, I mean {header[7:15]}"
    exchange.give(status, {"error": {"message": words}}, X_Echo=header, Location=f"/{header}")


def repeat(exchange: Exchange) -> None:
    """A reply that is the key."""
    header = exchange.headers["Authorization"]
    found = {"names": [header], "triples": [[header, "is", header]]}
    exchange.give(200, completion(json.dumps(found)), X_Echo=header)


def shown(*things: Any) -> str:
    return " ".join(f"{thing!r} {thing!s}" for thing in things)


def test_the_key_is_in_no_word_record_or_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    with FakeEndpoint(betray) as server:
        endpoint = Endpoint(server.url, "m", KEY, private=True, pause=lambda seconds: None)
        recorder = Recorder(Metered(endpoint, Budget(100_000)))
        said.append(shown(endpoint, endpoint.address, endpoint._key, recorder, recorder.inner))
        said.append(f"{endpoint.__dict__}")
        for _ in range(12):
            try:
                endpoint.complete(ASK, 10)
            except EngramError as error:
                said += [str(error), repr(error), "".join(traceback.format_exception(error))]
        server.respond = repeat
        found = extract_with(recorder, PASSAGES)
        said += [*found.sentences, repr(found), recorder.record.decode()]
    assert len(said) > 30 and any(KEY in str(head) for head in server.heads)
    assert found.counts["triples"] == 4 and "[key]" in recorder.record.decode()
    for text in [*said, caplog.text]:
        assert KEY not in text and KEY[:10] not in text and KEY[-8:] not in text


@pytest.mark.parametrize("make", [pickle.dumps, copy.copy, copy.deepcopy])
def test_what_holds_a_key_cannot_leave_its_process(make: Any) -> None:
    for one in (Key(KEY), Endpoint("https://models.example/v1", "m", KEY)):
        with pytest.raises(TypeError, match="stays in the process"):
            make(one)


@pytest.mark.parametrize("key", ["a b", "a\r\nX-Evil: 1", "kéy", "k" * 501, "a\x00b"])
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(BadInput, match="key: must have at most 500 plain") as caught:
        Endpoint("https://models.example/v1", "m", key)
    assert key not in str(caught.value)


def test_the_command_line_keeps_the_key_in_its_variable(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    own_home: Path,
) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    rows = [{"title": p.title, "text": p.text} for p in PASSAGES]
    files = ["--corpus", str(write_lines(tmp_path / "c.jsonl", rows))]
    with FakeEndpoint() as server:
        answer = extract(
            [
                *files, "--endpoint", server.url, "--model", "m", "--key-variable", "SOME_KEY",
                "--record", str(tmp_path / "r.jsonl"), "--out", str(tmp_path / "t.jsonl.gz"),
            ]
        )  # fmt: skip
    assert KEY in str(server.heads) and answer["read"] == 4
    written = [p.read_bytes() for f in (tmp_path, own_home) for p in f.rglob("*") if p.is_file()]
    assert len(written) >= 3
    assert KEY not in f"{answer} {capfd.readouterr()}"
    assert not any(KEY.encode() in data for data in written)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "an address of 1 to 500"),
        ("models.example/v1", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://models.example", "only http and https"),
        ("gopher://127.0.0.1:6379/_x", "only http and https"),
        ("https://user:sk-secret@models.example/v1", "no user name"),
        ("https://models.example/v1?api_key=sk-secret", "ends before ?"),
        ("https://models.example/v1?", "ends before ?"),
        ("https://models.example/v1#sk-secret", "ends before ?"),
        ("https://models.example:99999/v1", "no address"),
        ("https://models.example:0/v1", "names no host"),
        ("https:///v1", "names no host"),
        ("https://[fe80::1%25eth0]/v1", "names no host"),
        ("https://[::1/v1", "no address"),
        ("https://models.example\\@evil.example/v1", "no user name"),
        ("https://models.example\\.evil.example/v1", "names no host"),
        ("https://bücher.example/v1", "plain characters"),
        ("https://models.example/v1\r\nX: y", "plain characters"),
        ("https://models.example/a%0d%0ab", "its path has"),
        ("https://models.example/../admin", "its path has"),
        ("https://" + "a" * 600, "an address of 1 to 500"),
    ],
)
def test_what_is_no_address_is_refused_without_being_shown(url: str, words: str) -> None:
    with pytest.raises(BadInput, match="endpoint: ") as caught:
        check_address(url)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_address_is_taken_apart() -> None:
    call = "/chat/completions"
    assert check_address(" https://Models.Example/v1/ ") == Address(
        "https", "models.example", 443, f"/v1{call}"
    )
    six = check_address("http://[::1]:8080")
    assert (six.site, six.path, str(six)) == ("[::1]:8080", call, "http://[::1]:8080")


CLOSED = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::7f00:1", "nonsense",
]  # fmt: skip


@pytest.mark.parametrize("ip", CLOSED)
def test_a_name_that_leads_inside_is_refused(ip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_open(ip)
    answers = lookups(monkeypatch, ["8.8.8.8", ip])  # one bad address among good ones is enough
    with pytest.raises(BadInput, match=r"models\.example leads into a private network"):
        resolve(check_address("https://models.example/v1"), private=False)
    assert next(answers) == 1
    assert len(resolve(check_address("https://models.example/v1"), private=True)) == 2


@pytest.mark.parametrize("ip", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_the_open_network_is_open(ip: str) -> None:
    assert is_open(ip)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f000001", "0177.0.0.1", "0"]
)
def test_this_machine_is_not_reached_from_a_public_server(host: str) -> None:
    with FakeEndpoint() as server:
        endpoint = Endpoint(f"http://{host}:{server.server_port}/v1", "m", "")
        with pytest.raises((BadInput, ChatError), match=r"private network|cannot be resolved"):
            endpoint.complete(ASK, 5)
        assert server.paths == []


def lookups(monkeypatch: pytest.MonkeyPatch, ips: list[str], port: int = 443) -> Iterator[int]:
    """Every name has these addresses; gives how often one was looked up."""
    count = 0

    def look_up(host: str, asked: int, **options: Any) -> list[Any]:
        nonlocal count
        count += 1
        return [
            (socket.AF_INET6 if ":" in ip else socket.AF_INET, 1, 6, "", (ip, port)) for ip in ips
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    def counts() -> Iterator[int]:
        while True:
            yield count

    return counts()


def test_the_judged_address_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that changes its address between the judgement and the call gains nothing."""
    with FakeEndpoint() as server:
        server.respond = lambda exchange: exchange.give(200, completion("ok"))
        counts = lookups(monkeypatch, ["127.0.0.1"], server.server_port)
        endpoint = Endpoint(f"http://models.example:{server.server_port}/v1", "m", private=True)
        assert endpoint.complete(ASK, 5).text == "ok"
    assert next(counts) == 1
    assert server.heads[0]["Host"] == f"models.example:{server.server_port}"


def test_a_key_never_crosses_the_open_network_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups(monkeypatch, ["8.8.8.8"])
    with pytest.raises(BadInput, match="http would show the key"):
        Endpoint("http://models.example/v1", "m", KEY).complete(ASK, 5)


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with FakeEndpoint() as server:
        server.respond = lambda exchange: exchange.give(200, completion("ok"))
        assert Endpoint(server.url, "m", KEY, private=True).complete(ASK, 5).text == "ok"


def test_a_task_shows_no_key() -> None:
    with FakeEndpoint() as server:
        task = Task(
            lambda pause: Endpoint(server.url, "m", KEY, private=True, pause=pause),
            PASSAGES,
            50_000,
        )
        task.join(20)
    assert task.result is not None and task.result.counts["read"] == 4
    assert KEY not in shown(task, task.result, task.__dict__) + task.record.decode()
