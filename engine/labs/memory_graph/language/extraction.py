"""Many passages through one model: in parallel, stoppable, every trouble counted.

>>> found = extract_with(Recorder(Metered(endpoint, Budget(200_000))), passages)  # doctest: +SKIP
>>> found.triples, found.sentences                                                # doctest: +SKIP
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.core.errors import BadInput, LimitExceeded
from engine.labs.memory_graph.corpus import Corpus, Passage
from engine.labs.memory_graph.language.chat import BYTES_PER_TOKEN, Chat, ChatError, estimate
from engine.labs.memory_graph.language.openie import PassageReading, read_passage
from engine.labs.memory_graph.language.prompts import LONGEST_PASSAGE, ask_names, ask_triples
from engine.labs.memory_graph.language.record import NotRecordedError, Replay
from engine.labs.memory_graph.openie import Triple

MOST_PARALLEL = 16
# A model that refuses the first few requests refuses them all.
MOST_REFUSED = 3
CANCELLED = "cancelled"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Extraction:
    """What a model read out of passages; None stands for a passage that was not asked about.

    ``stopped`` is the sentence that ended the run early, empty where it went to the end.
    """

    model: str
    readings: tuple[PassageReading | None, ...]
    stopped: str = ""

    @property
    def triples(self) -> tuple[tuple[Triple, ...] | None, ...]:
        """By passage; None where nothing could be read: a memory then takes the text's names."""
        return tuple(one.triples if one and one.read else None for one in self.readings)

    @property
    def asked(self) -> list[PassageReading]:
        """The passages that got as far as a reply or a refusal."""
        return [one for one in self.readings if one is not None]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Passages, replies, triples and tokens, as numbers."""
        asked = self.asked
        replies = [reply for one in asked for reply in one.replies]
        return {
            "passages": len(self.readings),
            "read": sum(one.read for one in asked),
            "unread": len(self.readings) - len(asked),
            "replies": len(replies),
            "unreadable_replies": sum(one.unreadable for one in asked),
            "refused_requests": sum(bool(one.trouble) and not one.unreadable for one in asked),
            "malformed_triples": sum(one.malformed for one in asked),
            "shortened_passages": sum(one.shortened for one in asked),
            "names": sum(len(one.names) for one in asked),
            "triples": sum(len(one.triples) for one in asked),
            "prompt_tokens": sum(reply.prompt_tokens for reply in replies),
            "completion_tokens": sum(reply.completion_tokens for reply in replies),
        }

    @property
    def sentences(self) -> list[str]:
        """What a visitor should know, the most important first."""
        n = self.counts
        about = "" if all(r.counted for one in self.asked for r in one.replies) else "about "
        said = [f"Stopped early: {self.stopped.rstrip('.')}."] if self.stopped else []
        said.append(
            f"{n['read']:,} of {n['passages']:,} passages read: {n['triples']:,} triples, "
            f"{about}{n['prompt_tokens']:,} tokens sent and {n['completion_tokens']:,} received."
        )
        if n["unreadable_replies"]:
            said.append(
                f"{n['unreadable_replies']:,} of {n['replies']:,} replies could not be read."
            )
        if n["refused_requests"]:
            why = next(one.trouble for one in self.asked if one.trouble and not one.unreadable)
            why = why.rstrip(".")
            said.append(f"{n['refused_requests']:,} requests were refused; the first: {why}.")
        if n["malformed_triples"]:
            said.append(f"{n['malformed_triples']:,} triples had not three texts; left out.")
        if n["shortened_passages"]:
            said.append(f"{n['shortened_passages']:,} passages were too long and shown in part.")
        return said

    def lines(self, corpus: Corpus) -> list[str]:
        """A JSON line of idx, entities and triples for each passage asked about.

        ``load_triples`` reads them back with the same corpus.
        """
        keys = {place: key for key, place in corpus.places.items()}
        lines = []
        for place, one in enumerate(self.readings):
            if one is None:
                continue
            key = keys.get(place, place)
            row: dict[str, Any] = (
                {"idx": key}
                if isinstance(key, int | str)
                else {"passage": corpus.passages[place].content}
            )
            row |= {"entities": list(one.names), "triples": [list(t) for t in one.triples]}
            lines.append(json.dumps(row, ensure_ascii=False))
        return lines

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of what was read: a replay of the record gives the same."""
        read = [[one.names, one.triples] if one and one.read else None for one in self.readings]
        text = json.dumps(read, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def extract_with(
    chat: Chat,
    passages: Sequence[Passage],
    *,
    parallel: int = 1,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Extraction:
    """Read every passage, ``parallel`` at a time; equal replies give equal results in any order.

    A reply that cannot be read, or a request that is refused, costs its passage. A ceiling that is
    reached, an endpoint that fails, ``stop()`` and three refusals at the start end the run; what
    was read so far is returned, with the sentence. ``progress(done, total)`` and ``stop`` may be
    called from any of the threads. Raises BadInput("parallel") and what an address deserves.
    """
    if not 1 <= parallel <= MOST_PARALLEL:
        raise BadInput("parallel", f"must be from 1 to {MOST_PARALLEL} (got {parallel})")
    work = _Work(chat, passages, progress or (lambda done, total: None), stop or (lambda: False))
    threads = [threading.Thread(target=work.go, daemon=True) for _ in range(parallel - 1)]
    for thread in threads:
        thread.start()
    try:
        work.go()
    except BaseException:  # an interrupt from the keyboard
        work.halt(CANCELLED)
        raise
    for thread in threads:
        thread.join()
    if work.error is not None:
        raise work.error
    unrecorded = work.unrecorded
    if unrecorded and not work.stopped:
        work.halt(f"the record has no reply for {unrecorded:,} of {len(passages):,} passages")
    return Extraction(chat.name, tuple(work.readings), work.stopped)


def replay(record: bytes, passages: Sequence[Passage]) -> Extraction:
    """The extraction that a record is of, without any model; raises BadInput("record")."""
    return extract_with(Replay(record), passages)


def packed(extraction: Extraction, corpus: Corpus) -> bytes:
    """The lines as gzip, the same bytes for the same extraction."""
    text = "".join(f"{line}\n" for line in extraction.lines(corpus))
    return gzip.compress(text.encode("utf-8", "replace"), mtime=0)


def prompt_tokens(passages: Sequence[Passage]) -> int:
    """About how many tokens the two prompts of each passage have; replies come on top."""
    around = estimate(ask_names("")) + estimate(ask_triples("", ()))
    shown = (passage.content[:LONGEST_PASSAGE] for passage in passages)
    size = sum(len(text.encode("utf-8", "replace")) for text in shown)
    return len(passages) * around + int(2 * size / BYTES_PER_TOKEN)


@dataclass
class _Work:
    """What the threads share."""

    chat: Chat
    passages: Sequence[Passage]
    progress: Progress
    stop: Callable[[], bool]
    readings: list[PassageReading | None] = field(default_factory=list)
    stopped: str = ""
    error: Exception | None = None
    unrecorded: int = 0
    done: int = 0
    place: int = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.readings = [None] * len(self.passages)

    def halt(self, why: str) -> None:
        """Let nobody begin another passage; the first reason is kept."""
        self.stopped = self.stopped or why

    def go(self) -> None:
        """Take passages until there is none."""
        while (place := self._next()) is not None:
            try:
                reading = read_passage(self.chat, self.passages[place].content)
            except (ChatError, LimitExceeded) as error:
                self.halt(str(error))
                return
            except NotRecordedError:
                with self.lock:
                    self.unrecorded += 1
                continue
            except Exception as error:
                # Of a thread nobody else would hear.
                self.error = self.error or error
                self.halt(CANCELLED)
                return
            self._keep(place, reading)

    def _next(self) -> int | None:
        if not self.stopped and self.stop():
            self.halt(CANCELLED)
        with self.lock:
            if self.stopped or self.place == len(self.passages):
                return None
            self.place += 1
            return self.place - 1

    def _keep(self, place: int, reading: PassageReading) -> None:
        with self.lock:
            self.readings[place] = reading
            self.done += 1
            refusal = bool(reading.trouble) and not reading.unreadable
            self.refused = self.refused + 1 if refusal and self.refused == self.done - 1 else 0
            if self.refused == MOST_REFUSED:
                self.halt(f"the first {MOST_REFUSED} requests were refused; {reading.trouble}")
            done = self.done
        self.progress(done, len(self.passages))
