"""A run's replies by what was asked: recorded once, the run can be repeated without any model.

JSON lines: first ``{"record": 1, "model": name}``, then a line per request, ``{"request": hash,
"text": ..., "prompt_tokens": ..., "completion_tokens": ..., "counted": ...}``, or ``{"request":
hash, "refused": sentence}``. Neither a key nor an address nor what was asked is in it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.core.errors import BadInput, NotFound
from engine.io.jsonl import read_rows
from engine.labs.memory_graph.language.chat import Chat, Message, Reply, RequestRefused, is_count

FIELD = "record"
VERSION = 1
LONGEST_REPLY = 1_000_000  # characters
LONGEST_REFUSAL = 500
LONGEST_NAME = 200

Answer = Reply | RequestRefused
Lines = Path | str | bytes


class NotRecordedError(NotFound):
    """A request that a record has no reply to."""


def request_key(messages: Sequence[Message], max_tokens: int) -> str:
    """sha256 of the request, 32 hexadecimal digits; the model's name stands above all requests."""
    asked = [[max_tokens], *([message.role, message.content] for message in messages)]
    text = json.dumps(asked, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Recorder:
    """Asks each request once and keeps the reply.

    ``known`` is an earlier record of the same model, whose replies are not asked for again: a run
    that was stopped goes on where it was. ``sink`` gets every new line at once, so that a killed
    process loses nothing. Threads may share one. Raises BadInput("record").
    """

    def __init__(
        self,
        inner: Chat,
        known: Lines | None = None,
        sink: Callable[[str], None] | None = None,
    ):
        self.inner = inner
        self.name = _plain(inner.name)[:LONGEST_NAME]
        self.sink = sink
        self._lock = threading.Lock()
        self._answers: dict[str, Answer] = {}
        if known is not None:
            # The last line of a killed run may be cut off.
            name, self._answers = _read(known, keep_rest=True)
            if name != self.name:
                raise BadInput(
                    FIELD, f"it is of the model {name[:60]!r}, and {self.name[:60]!r} is asked now"
                )

    def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
        """The known reply, or a new one."""
        key = request_key(messages, max_tokens)
        with self._lock:
            known = self._answers.get(key)
        if known is not None:
            return _given(known)
        answer: Answer
        try:
            reply = self.inner.complete(messages, max_tokens)
            answer = replace(reply, text=_plain(reply.text)[:LONGEST_REPLY])
        except RequestRefused as refusal:
            answer = RequestRefused(_plain(str(refusal))[:LONGEST_REFUSAL])
        with self._lock:
            # Two threads may have asked the same; what was kept first is what the record says.
            kept = self._answers.setdefault(key, answer)
            if kept is answer and self.sink is not None:
                self.sink(_line(key, kept))
        return _given(kept)

    def lines(self) -> Iterator[str]:
        """The record, line by line, without line ends."""
        with self._lock:
            answers = sorted(self._answers.items())
        yield head(self.name)
        for key, answer in answers:
            yield _line(key, answer)

    @property
    def record(self) -> bytes:
        """The record as a file holds it, its requests in the order of their hashes."""
        return "".join(f"{line}\n" for line in self.lines()).encode()


class Replay:
    """Gives the replies of a record and never asks anybody; raises NotRecordedError."""

    def __init__(self, source: Lines):
        self.name, self._answers = _read(source)

    def __len__(self) -> int:
        return len(self._answers)

    def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
        """The recorded reply to just this request."""
        found = self._answers.get(request_key(messages, max_tokens))
        if found is None:
            raise NotRecordedError("the record has no reply to this request")
        return _given(found)


def head(name: str) -> str:
    """The first line of a record."""
    return json.dumps({"record": VERSION, "model": name}, ensure_ascii=True)


def _given(answer: Answer) -> Reply:
    if isinstance(answer, RequestRefused):
        raise RequestRefused(str(answer))
    return answer


def _line(key: str, answer: Answer) -> str:
    row: dict[str, Any] = {"request": key}
    if isinstance(answer, RequestRefused):
        row |= {"refused": str(answer)}
    else:
        row |= {
            "text": answer.text,
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "counted": answer.counted,
        }
    return json.dumps(row, ensure_ascii=False)


def _plain(text: str) -> str:
    """``text`` as a file can hold it: without half characters."""
    return text.encode("utf-8", "replace").decode()


def _read(source: Lines, *, keep_rest: bool = False) -> tuple[str, dict[str, Answer]]:
    name = ""
    found: dict[str, Answer] = {}

    def convert(row: dict[str, Any], place: str) -> None:
        nonlocal name
        if place in ("line 1", "entry 1"):
            name = _name(row)
            return
        key, answer = _entry(row)
        found.setdefault(key, answer)

    read_rows(source, convert, field=FIELD, keep_rest=keep_rest)
    if not name:
        raise BadInput(FIELD, "its first line does not say which model it is of")
    return name, found


def _name(row: dict[str, Any]) -> str:
    name, version = row.get("model"), row.get("record")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise BadInput(FIELD, 'a record begins with {"record": 1, "model": name}')
    if version != VERSION or isinstance(version, bool):
        raise BadInput(FIELD, f"its version must be {VERSION} (got {str(version)[:20]})")
    return name


def _entry(row: dict[str, Any]) -> tuple[str, Answer]:
    key, text = row.get("request"), row.get("text", row.get("refused"))
    if not isinstance(key, str) or not isinstance(text, str) or len(text) > LONGEST_REPLY:
        raise BadInput(
            FIELD, f'"request" and "text" of at most {LONGEST_REPLY:,} characters are required'
        )
    if "text" not in row:
        return key, RequestRefused(text[:LONGEST_REFUSAL])
    sent, received = row.get("prompt_tokens"), row.get("completion_tokens")
    if not (is_count(sent) and is_count(received)):
        raise BadInput(FIELD, '"prompt_tokens" and "completion_tokens" must be whole numbers')
    return key, Reply(text, sent, received, counted=row.get("counted") is not False)
