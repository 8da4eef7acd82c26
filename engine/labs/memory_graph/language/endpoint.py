"""An OpenAI-compatible endpoint: POST {base}/chat/completions, and what its answers mean."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from engine.core.errors import BadInput
from engine.labs.memory_graph.language.address import FIELD, check_address, is_open, resolve
from engine.labs.memory_graph.language.chat import (
    ChatError,
    Message,
    Reply,
    RequestRefused,
    estimate,
    is_count,
)
from engine.labs.memory_graph.language.key import Key
from engine.labs.memory_graph.language.post import Answer, UnreachableError, post

SECONDS = 120.0  # a call may take so long
TRIES = 4
LONGEST_WAIT = 60.0
LONGEST_NAME = 200
LONGEST_QUOTE = 160
BUSY = (429, 500, 502, 503, 504)
UNANSWERABLE = (400, 413, 422)


class Endpoint:
    """A model behind an address; made anew for each session, never stored.

    ``private``: whether private networks may be reached: yes for a person at their own machine, no
    for visitors of a server. ``pause`` waits when the endpoint asks for patience. Replies are asked
    for at temperature 0; they may differ from day to day all the same, which is what a record is
    for. Raises BadInput("endpoint"), BadInput("model name"), BadInput("key").
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str = "",
        *,
        private: bool = False,
        seconds: float = SECONDS,
        pause: Callable[[float], object] = time.sleep,
    ):
        self.address = check_address(url)
        if not 0 < len(model) <= LONGEST_NAME or not model.isprintable():
            raise BadInput("model name", f"must have 1 to {LONGEST_NAME} printable characters")
        self.name = model
        self.private = private
        self.seconds = seconds
        self.pause = pause
        self._key = Key(key)
        # What this server's models take; newer ones refuse what older ones require.
        self._limit_name = "max_tokens"
        self._temperature = True

    def __repr__(self) -> str:
        return f"Endpoint({str(self.address)!r}, {self.name!r}, {self._key!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an endpoint holds a key and stays in the process that made it")

    def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
        """One reply; waits and tries again where the endpoint is busy.

        Raises RequestRefused where only this request is at fault, else ChatError.
        """
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._ask(messages, max_tokens)
            except UnreachableError as error:
                if not error.passing or attempt == TRIES:
                    raise ChatError(f"{self.address.site}: {error}") from None
                self.pause(2.0 ** (attempt - 1))
                continue
            if answer.status not in BUSY:
                return self._reply(answer, messages)
            if attempt < TRIES:
                self.pause(self._wait(answer, attempt))
        what = "too many requests" if answer.status == 429 else "an error of its own"
        raise ChatError(
            f"{self.address.site} answered {answer.status} ({what}) {TRIES} times"
            f"{self._quote(answer)}"
        )

    def _ask(self, messages: Sequence[Message], max_tokens: int) -> Answer:
        """One try; a second one where the server names a parameter that its models do not take."""
        answer = self._post(messages, max_tokens)
        for _ in range(2):
            if answer.status != 400 or not self._adapt(_error_of(answer.body)):
                break
            answer = self._post(messages, max_tokens)
        return answer

    def _post(self, messages: Sequence[Message], max_tokens: int) -> Answer:
        places = resolve(self.address, private=self.private)
        clear = self.address.scheme == "http"
        if self._key and clear and any(is_open(str(place[0])) for _, place in places):
            raise BadInput(FIELD, "http would show the key to everybody on the way; use https")
        asked: dict[str, Any] = {
            "model": self.name,
            "messages": [message._asdict() for message in messages],
            self._limit_name: max_tokens,
        }
        if self._temperature:
            asked["temperature"] = 0
        body = json.dumps(asked).encode()
        return post(self.address, places, body, self._key.header, self.seconds)

    def _adapt(self, complaint: str) -> bool:
        if self._limit_name == "max_tokens" and "max_completion_tokens" in complaint:
            self._limit_name = "max_completion_tokens"
            return True
        if self._temperature and "temperature" in complaint:
            self._temperature = False
            return True
        return False

    def _wait(self, answer: Answer, attempt: int) -> float:
        wait = _retry_after(answer.headers)
        if wait is None:
            return 2.0 ** (attempt - 1)
        if wait > LONGEST_WAIT:
            raise ChatError(
                f"{self.address.site} asks to wait {wait:,.0f} s (answer {answer.status}); "
                f"at most {LONGEST_WAIT:g} s are waited"
            )
        return wait

    def _reply(self, answer: Answer, messages: Sequence[Message]) -> Reply:
        site, status = self.address.site, answer.status
        if status in (401, 403):
            # The server's words are left out: some quote a part of the key.
            sent = "the key" if self._key else "a call without a key"
            raise ChatError(f"{site} refuses {sent} (answer {status})")
        if 300 <= status < 400:
            raise ChatError(f"{site} points to another address ({status}), which is not followed")
        if status in UNANSWERABLE:
            raise RequestRefused(f"{site} refuses the request ({status}){self._quote(answer)}")
        if status == 404:
            raise ChatError(
                f"{site} has no such address or no such model (404){self._quote(answer)}"
            )
        if status != 200:
            raise ChatError(f"{site} answered {status}{self._quote(answer)}")
        return self._read(answer, messages)

    def _read(self, answer: Answer, messages: Sequence[Message]) -> Reply:
        body = _json(answer.body)
        try:
            text = body["choices"][0]["message"]["content"]
        except (KeyError, IndexError, TypeError):
            kind = "no JSON" if body is None else "no chat completion"
            raise ChatError(
                f"{self.address.site} answered with {kind}; is the address that of an API "
                "(often ending in /v1)?"
            ) from None
        # A model may also say nothing, or think until its tokens are used up.
        text = self._key.hide(text) if isinstance(text, str) else ""
        usage = body.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        sent, received = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if is_count(sent) and is_count(received):
            return Reply(text, sent, received)
        spoken = estimate([Message("assistant", text)])
        return Reply(text, estimate(messages), spoken, counted=False)

    def _quote(self, answer: Answer) -> str:
        """What the server says about it, if that can be shown."""
        said = " ".join(_error_of(answer.body).split())[:LONGEST_QUOTE]
        return f": {said}" if said.isprintable() and said and not self._key.told_by(said) else ""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _error_of(body: bytes) -> str:
    """The message of an error answer, empty where it has none."""
    found = _json(body)
    error = found.get("error") if isinstance(found, dict) else None
    said = error.get("message") if isinstance(error, dict) else error
    return said if isinstance(said, str) else ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: a number or a date."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
