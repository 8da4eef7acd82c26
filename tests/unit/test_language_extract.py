"""Passages through a model: counts, ceilings, stopping, and the replay of a record."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import BadInput
from engine.core.errors import LimitExceeded
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.commands_extract import extract
from engine.labs.memory_graph.corpus import Passage, as_corpus, load_corpus
from engine.labs.memory_graph.language import task as tasks
from engine.labs.memory_graph.language.budget import Budget, Metered
from engine.labs.memory_graph.language.chat import (
    ChatError,
    Message,
    Reply,
    RequestRefused,
    estimate,
)
from engine.labs.memory_graph.language.extraction import (
    extract_with,
    packed,
    prompt_tokens,
    replay,
)
from engine.labs.memory_graph.language.record import Recorder, Replay, request_key
from engine.labs.memory_graph.language.task import Task
from engine.labs.memory_graph.openie import load_triples
from tests.fake_endpoint import KEY, Exchange, FakeEndpoint, completion, rule_model
from tests.language_chats import Spoken, obey
from tests.memory_corpora import PASSAGES, evaluate, write_lines

MANY = [
    Passage(f"Town {i}", f"Ada Marsh {i} built the Heron Bridge {i} near Ghent.") for i in range(12)
]


def about(messages: Sequence[Message], *titles: str) -> bool:
    return any(messages[-1].content.startswith(f"{title}\n") for title in titles)


def test_two_calls_a_passage_the_second_knows_the_names() -> None:
    asked: list[Sequence[Message]] = []

    def speak(messages: Sequence[Message]) -> str:
        asked.append(messages)
        return obey(messages)

    found = extract_with(Spoken(speak), PASSAGES)
    assert len(asked) == 8 and found.counts["replies"] == 8 and found.counts["read"] == 4
    assert asked[0][-1].content == PASSAGES[0].content
    names = json.loads(asked[1][-1].content.rpartition("Names: ")[2])
    assert tuple(names) == found.asked[0].names and "Heron Bridge" in names
    assert found.triples[0] and all(triple.subject == "Ada Marsh" for triple in found.triples[0])
    assert found.stopped == ""


def test_a_bad_reply_costs_its_passage_and_is_counted() -> None:
    def speak(messages: Sequence[Message]) -> str:
        if about(messages, "Town 3", "Town 7"):
            return "I would rather talk about the weather."
        return obey(messages)

    found = extract_with(Spoken(speak), MANY)
    clean = extract_with(Spoken(), MANY)
    for place, (one, other) in enumerate(zip(found.triples, clean.triples, strict=True)):
        assert one is None if place in (3, 7) else one == other
    assert found.counts["unreadable_replies"] == 2 and found.counts["replies"] == 22
    assert "2 of 22 replies could not be read." in found.sentences
    assert found.sentences[0].startswith("10 of 12 passages read: ")


class Refusing(Spoken):
    """Refuses passages by their title."""

    def __init__(self, *titles: str):
        super().__init__()
        self.titles = titles

    def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
        """Refuse, or answer."""
        if about(messages, *self.titles):
            raise RequestRefused("host refuses the request (400): too long")
        return super().complete(messages, max_tokens)


def test_a_refusal_costs_its_passage_and_replays() -> None:
    recorder = Recorder(Refusing("Town 0", "Town 5"))
    found = extract_with(recorder, MANY)
    assert found.counts["refused_requests"] == 2 and found.counts["read"] == 10
    assert any("2 requests were refused; the first: host refuses" in s for s in found.sentences)
    assert replay(recorder.record, MANY) == found


def test_a_model_that_refuses_everything_is_left_alone() -> None:
    chat = Refusing(*(passage.title for passage in MANY))
    recorder = Recorder(chat)
    found = extract_with(recorder, MANY)
    assert "first 3 requests were refused" in found.stopped and len(found.asked) == 3
    assert replay(recorder.record, MANY) == found


@pytest.mark.parametrize("parallel", [1, 5])
def test_a_replay_gives_the_same_without_any_call(parallel: int) -> None:
    chat = Spoken()
    recorder = Recorder(chat)
    found = extract_with(recorder, MANY, parallel=parallel)
    assert chat.calls == 24
    again = replay(recorder.record, MANY)
    assert again == found and again.digest == found.digest and again.counts == found.counts
    corpus = as_corpus(MANY)
    assert packed(again, corpus) == packed(found, corpus)
    # Another order of lines, and gzip, are the same record.
    head, *lines = recorder.record.splitlines(keepends=True)
    assert replay(gzip.compress(head + b"".join(reversed(lines))), MANY) == found
    assert extract_with(Spoken(lambda messages: '{"names": []}'), MANY).digest != found.digest


def test_a_record_of_other_passages_says_what_it_lacks() -> None:
    recorder = Recorder(Spoken())
    extract_with(recorder, MANY[:5])
    found = replay(recorder.record, MANY)
    assert found.counts["read"] == 5 and found.counts["unread"] == 7
    assert found.stopped == "the record has no reply for 7 of 12 passages"


def test_a_stopped_run_goes_on_from_its_record() -> None:
    class Failing(Spoken):
        def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
            if self.calls == 9:
                raise ChatError("models.example answered 500")
            return super().complete(messages, max_tokens)

    recorder = Recorder(Failing())
    found = extract_with(recorder, MANY)
    assert found.stopped == "models.example answered 500" and found.counts["read"] == 4
    assert replay(recorder.record, MANY).digest == found.digest  # half a passage is none
    chat = Spoken()
    whole = extract_with(Recorder(chat, recorder.record), MANY)
    assert chat.calls == 24 - 9
    assert whole.digest == extract_with(Spoken(), MANY).digest


def test_a_record_is_of_one_model() -> None:
    recorder = Recorder(Spoken(name="one"))
    extract_with(recorder, MANY[:1])
    with pytest.raises(BadInput, match="record: it is of the model 'one', and 'two' is asked"):
        Recorder(Spoken(name="two"), recorder.record)


HEAD = '{"record": 1, "model": "m"}'
LINE = '{"request": "a", "text": "b", "prompt_tokens": 1, "completion_tokens": 1}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("hello", "line 1: this is not JSON"),
        (LINE, "line 1: a record begins with"),
        ('{"record": 2, "model": "m"}', "its version must be 1 (got 2)"),
        ('{"record": 1, "model": ""}', "a record begins with"),
        (f"{HEAD}\n[]", "line 2: a JSON object is required"),
        (f'{HEAD}\n{{"request": "a"}}', 'line 2: "request" and "text"'),
        (f'{HEAD}\n{{"request": 5, "text": "b"}}', 'line 2: "request" and "text"'),
        (f'{HEAD}\n{{"request": "a", "text": "b"}}', 'line 2: "prompt_tokens" and'),
        (f"{HEAD}\n{LINE.replace('1}', '-1}')}", 'line 2: "prompt_tokens" and'),
        (f"{HEAD}\n{LINE}\n{LINE[:40]}", "line 3: this is not JSON"),
    ],
)
def test_bad_records(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=r"^record: ") as caught:
        Replay(text.encode())
    assert words in str(caught.value)


def test_the_hash_is_of_everything_that_was_asked() -> None:
    ask = [Message("system", "a"), Message("user", "b")]
    others = [
        request_key(ask, 6),
        request_key(ask[:1], 5),
        request_key([Message("user", "a"), Message("user", "b")], 5),
        request_key([Message("system", "ab"), Message("user", "")], 5),
        request_key([Message("system", "a\ud800"), Message("user", "b")], 5),
    ]
    assert len({request_key(ask, 5), *others}) == 6


def test_the_ceiling_is_not_broken_through() -> None:
    need = extract_with(Spoken(), MANY).counts
    whole = need["prompt_tokens"] + need["completion_tokens"]
    for ceiling in (3_000, 6_000, whole, 10 * whole):
        budget = Budget(ceiling)
        chat = Spoken()
        found = extract_with(Metered(chat, budget), MANY, parallel=3)
        assert budget.spent <= ceiling and budget.calls == chat.calls
        if ceiling < whole:
            assert f"the ceiling of {ceiling:,} tokens is reached" in found.stopped
            assert 0 < found.counts["read"] < 12
        assert budget.left == max(0, ceiling - budget.spent)  # nothing is held any more
    assert found.counts["read"] == 12 and not found.stopped


def test_the_estimate_learns_from_what_was_counted() -> None:
    budget = Budget(10_000)
    ask = [Message("user", "x" * 3_000)]
    first = budget.hold(ask, 0)
    budget.settle(first, ask, Reply("", 3_008, 0))  # a script of one token a byte
    assert first < 1_100 and budget.hold(ask, 0) > 3_000


@pytest.mark.parametrize("ceiling", [0, 99, -5, 10**10, True, "many"])
def test_bad_ceilings(ceiling: Any) -> None:
    with pytest.raises(BadInput, match=r"^ceiling: must be"):
        Budget(ceiling)


def test_long_passages_are_shown_in_part() -> None:
    long = Passage("Long", "Ghent is old. " * 2_000)
    found = extract_with(Spoken(), [long])
    assert found.counts["shortened_passages"] == 1
    assert any("too long and shown in part" in sentence for sentence in found.sentences)
    assert prompt_tokens([long]) < 12_000


def test_the_prompts_are_estimated_before_anything_is_sent() -> None:
    asked: list[int] = []

    def speak(messages: Sequence[Message]) -> str:
        asked.append(estimate(messages))
        return obey(messages)

    extract_with(Spoken(speak), MANY)
    # The names of the second prompt are not known beforehand.
    assert 0.9 * sum(asked) < prompt_tokens(MANY) <= sum(asked)


def test_an_error_of_ours_is_not_swallowed_by_a_thread() -> None:
    def speak(messages: Sequence[Message]) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        extract_with(Spoken(speak), MANY, parallel=4)
    with pytest.raises(BadInput, match="parallel"):
        extract_with(Spoken(), MANY, parallel=0)


def test_a_task_is_cancelled_while_the_endpoint_asks_for_patience() -> None:
    asked = threading.Event()

    class Patient(Spoken):
        def __init__(self, pause: Any):
            super().__init__()
            self.pause = pause

        def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
            if self.calls == 6:
                asked.set()
                self.pause(60)
            return super().complete(messages, max_tokens)

    task = Task(Patient, MANY, 100_000)
    assert asked.wait(10) and not task.finished and task.result is None
    task.cancel()
    task.join(10)
    assert task.finished and task.result is not None
    assert task.result.stopped == "cancelled" and task.result.counts["read"] == 4
    assert task.done == 4 and task.total == 12
    assert replay(task.record, MANY).digest == task.result.digest


def test_a_task_that_nobody_watches_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "UNWATCHED_SECONDS", -1.0)
    task = Task(lambda pause: Spoken(), MANY, 100_000)
    task.join(10)
    assert task.result is not None and task.result.counts["read"] == 0


def test_tasks_are_bounded_and_give_their_places_back() -> None:
    gate = threading.Event()

    def speak(messages: Sequence[Message]) -> str:
        gate.wait(20)
        return obey(messages)

    def start(visitor: str) -> Task:
        return Task(lambda pause: Spoken(speak), MANY, 100_000, visitor=visitor)

    running = [start("a"), start("a")]
    with pytest.raises(LimitExceeded, match="2 extractions of yours run"):
        start("a")
    running += [start(f"b{i}") for i in range(6)]
    with pytest.raises(LimitExceeded, match="8 extractions run on this server"):
        start("c")
    gate.set()
    for task in running:
        task.join(20)
    last = Task(lambda pause: Spoken(), MANY, 100_000)
    last.join(20)
    assert last.result is not None and last.result.counts["read"] == 12


# The command.


def corpus_file(folder: Path) -> str:
    rows = [{"idx": 10 + i, "title": p.title, "text": p.text} for i, p in enumerate(PASSAGES)]
    return str(write_lines(folder / "c.jsonl", rows))


def test_the_command_writes_what_evaluate_reads(tmp_path: Path) -> None:
    corpus, out = corpus_file(tmp_path), str(tmp_path / "t.jsonl.gz")
    record, again = str(tmp_path / "r.jsonl"), str(tmp_path / "again.jsonl.gz")
    with FakeEndpoint() as server:
        argv = ["--corpus", corpus, "--endpoint", server.url, "--model", "m", "--out", out]
        answer = extract([*argv, "--record", record])
        assert len(server.paths) == 8
    assert answer["read"] == 4 and answer["stopped"] is None and answer["calls"] == 8
    assert answer["tokens_spent"] == 8 * 70 == answer["prompt_tokens"] + answer["completion_tokens"]
    repeated = extract(["--corpus", corpus, "--replay", record, "--out", again])
    assert repeated["digest"] == answer["digest"] and repeated["calls"] == 0
    assert Path(again).read_bytes() == Path(out).read_bytes()
    rows = [json.loads(line) for line in gzip.decompress(Path(out).read_bytes()).splitlines()]
    assert [row["idx"] for row in rows] == [10, 11, 12, 13]
    assert set(rows[0]) == {"idx", "entities", "triples"}
    read = load_triples(out, load_corpus(corpus))
    assert read.malformed == 0 and sum(map(len, read.triples)) == answer["triples"]
    questions = [{"question": "Where was the painter of the Heron Bridge born?", "gold": [11, 12]}]
    asked = str(write_lines(tmp_path / "q.jsonl", questions))
    found = evaluate(["--corpus", corpus, "--triples", out, "--questions", asked])
    assert found["recall@10"] == 100 and found["config"]["triples"].startswith("input:")


def test_a_dialogue_without_plain_ids_is_read_back_by_its_text(tmp_path: Path) -> None:
    turn = {"conv": "c1", "session": 1, "datetime": "2023-05-01", "speaker": "Ada"}
    rows = [{**turn, "dia_id": f"D1:{i}", "text": f"I met Otto Lind {i} in Ghent."} for i in (1, 2)]
    corpus = load_corpus(write_lines(tmp_path / "turns.jsonl", rows))
    found = extract_with(Spoken(), corpus.passages)
    read = load_triples(packed(found, corpus), corpus)
    assert read.triples == found.triples and all(read.triples)


def test_a_stopped_command_keeps_what_it_has_and_goes_on(tmp_path: Path) -> None:
    corpus, record = corpus_file(tmp_path), tmp_path / "r.jsonl"

    def respond(exchange: Exchange) -> None:
        late = len(exchange.server.paths) > 5
        exchange.give(*((401, b"") if late else (200, completion(rule_model(exchange.sent)))))

    with FakeEndpoint(respond) as server:
        asked = ["--corpus", corpus, "--endpoint", server.url, "--model", "m", "--parallel", "1"]
        asked += ["--record", str(record), "--out", str(tmp_path / "t.jsonl.gz")]
        answer = extract(asked)
        assert "refuses a call without a key (answer 401)" in answer["stopped"]
        assert answer["read"] == 2 and answer["unread"] == 2
        # A process that was killed in the middle of a line.
        record.write_bytes(record.read_bytes() + b'{"request": "abc", "te')
        server.respond = lambda exchange: exchange.give(200, completion(rule_model(exchange.sent)))
        calls = len(server.paths)
        answer = extract(asked)
        assert answer["read"] == 4 and answer["calls"] == 3 == len(server.paths) - calls
    assert extract(["--corpus", corpus, "--replay", str(record), "--out", asked[-1]])["read"] == 4


def test_a_first_few_passages_are_a_trial(tmp_path: Path) -> None:
    with FakeEndpoint() as server:
        argv = ["--corpus", corpus_file(tmp_path), "--endpoint", server.url, "--model", "m"]
        answer = extract([*argv, "--first", "2", "--out", str(tmp_path / "t.jsonl.gz")])
    assert answer["passages"] == answer["read"] == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--endpoint": None}, "one of --endpoint, --local-model and --replay"),
        ({"--replay": "r.jsonl"}, "one of --endpoint, --local-model and --replay"),
        ({"--model": None}, "--model: the endpoint's name"),
        ({"--key-variable": "NOT_SET_HERE"}, "--key-variable: NOT_SET_HERE is not set"),
        ({"--out": "t.txt"}, "--out: a file name ending in .jsonl.gz"),
        ({"--out": "/nowhere/t.jsonl.gz"}, "--out: a file name ending in .jsonl.gz"),
        ({"--record": "r.txt"}, "--record: a file name ending in .jsonl"),
        ({"--ceiling": "5"}, "ceiling: must be 100 to"),
        ({"--ceiling": "many"}, "--ceiling: invalid int value"),
        ({"--ceiling": "200"}, "extract: nothing was read; the ceiling of 200 tokens"),
        ({"--parallel": "99"}, "parallel: must be from 1 to 16"),
        ({"--first": "0"}, "--first: must be at least 1"),
        ({"--endpoint": "nowhere"}, "endpoint: only http and https"),
        ({"--endpoint": "http://127.0.0.1:1/v1"}, "extract: nothing was read; 127.0.0.1:1: cannot"),
        ({"--endpoint": None, "--local-model": "/nowhere"}, "model: '/nowhere' is neither"),
        ({"--endpoint": None, "--replay": "/nowhere"}, "record: '/nowhere' is not a file"),
        ({"--key": "sk-123"}, "--key: there is no such option"),
    ],
)
def test_bad_options(change: dict[str, str | None], words: str, tmp_path: Path) -> None:
    with FakeEndpoint() as server:
        options = {"--corpus": corpus_file(tmp_path), "--endpoint": server.url, "--model": "m"}
        options |= {"--out": str(tmp_path / "t.jsonl.gz")} | change
        argv = [part for name, value in options.items() if value for part in (name, value)]
        with pytest.raises(BadInput) as caught:
            extract(argv)
    assert words in str(caught.value)
    assert not (tmp_path / "t.jsonl.gz").exists()


def test_the_lines_of_the_readme_run(repo_root: Path, tmp_path: Path) -> None:
    readme = (repo_root / "README.md").read_text(encoding="utf-8")
    (block,) = [b for b in readme.split("```python\n")[1:] if "memory_graph.language" in b]
    vault = tmp_path / "vault"
    vault.mkdir()
    for passage in PASSAGES[:2]:
        (vault / f"{passage.title}.md").write_text(passage.text)
    with FakeEndpoint() as server:
        lines = block.partition("```")[0].replace("https://host/v1", server.url)
        lines = lines.replace('["MY_KEY"])', '["MY_KEY"], private=True)')
        done = subprocess.run(
            [sys.executable, "-c", lines],
            cwd=tmp_path,
            env={**os.environ, "MY_KEY": KEY, "PYTHONPATH": str(repo_root)},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 of 2 passages read") and len(server.paths) == 4
    with Memory.open(tmp_path / "notes.memory", create=False) as memory:
        assert memory.counts()["facts"] > 0 and len(memory) == 2


@given(st.text(max_size=40), st.integers(0, 2**31 - 1), st.booleans())
def test_any_reply_is_replayed_as_it_was_given(text: str, tokens: int, counted: bool) -> None:
    class Odd(Spoken):
        def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
            return Reply(f"{text}\ud800", tokens, 0, counted)

    ask = [Message("user", text)]
    recorder = Recorder(Odd(name=f"folder {text[:5]} \udcff"))
    given_then = recorder.complete(ask, 9)
    again = Replay(recorder.record)
    assert again.complete(ask, 9) == given_then and again.name == recorder.name
