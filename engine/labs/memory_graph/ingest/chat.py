"""JSON and JSON lines: chat logs, exported memories, and documents.

One row is a turn (its speaker, words and date under their common names; LoCoMo's too), an exported
memory (mem0's ``{"memory": ...}``), a document (``{title, text}``, HippoRAG's cached OpenIE), or a
conversation that holds a list of turns (OpenAI's ``messages``, ShareGPT, LoCoMo's raw file,
ChatGPT's export).
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from engine.core.errors import BadInput
from engine.core.settings import MB
from engine.io.jsonl import BYTE_ORDER_MARK, read_rows
from engine.io.text import read_unpacked
from engine.labs.memory_graph.ingest.dates import iso_date
from engine.labs.memory_graph.ingest.document import FIELD, Document, Found, clean, one_line
from engine.labs.memory_graph.ingest.plain import stem
from engine.labs.memory_graph.ingest.split import split
from engine.labs.memory_graph.openie import Triple

LIMIT_BYTES = 64 * MB
DEEPEST = 4
LISTS = (
    "messages", "conversations", "conversation", "turns", "dialogue", "dialog", "chat", "results",
    "memories", "documents", "docs", "relations", "items", "data",
)  # fmt: skip
SPEAKERS = ("speaker", "role", "author", "sender", "from", "name", "user")
TEXTS = ("content", "text", "message", "body", "value", "utterance", "passage")
DATES = (
    "when", "date", "datetime", "date_time", "timestamp", "time", "created_at", "createdAt",
    "create_time", "sent_at", "ts",
)  # fmt: skip
SCOPES = ("conv", "conversation_id", "sample_id", "session_id", "thread_id", "chat_id")
SESSION = re.compile(r"session_(\d{1,6})")
MOST_FACTS = 1_000


def read_chat(data: bytes, name: str, found: Found) -> None:
    """The rows of JSON lines, a JSON list or a JSON object (gzip too) of at most 64 MB.

    A turn's title is its speaker. Rows without a date of their own have their conversation's; a
    date that names no day is told and left out. Raises BadInput("documents"): what ``read_rows``
    refuses (naming the line), a row that is none of the above; with ``found.keep_rest`` bad rows
    are left out and told instead.
    """
    rows = Rows(name, found)
    data = read_unpacked(data, limit=LIMIT_BYTES, field=FIELD).removeprefix(BYTE_ORDER_MARK)
    try:
        whole = orjson.loads(data)
    except orjson.JSONDecodeError:
        whole = None
    if isinstance(whole, dict):
        rows.read(whole, "")
        return
    read = read_rows(data, rows.read, field=FIELD, keep_rest=found.keep_rest, limit=LIMIT_BYTES)
    for sentence in read.sentences:
        found.skip(name, sentence)
    found.skipped_count += read.left_out - len(read.sentences)


class Rows:
    """Rows of one file into documents; ``when`` and ``scope`` are the conversation's."""

    def __init__(self, name: str, found: Found):
        self.name = name
        self.found = found

    def read(
        self, row: Any, place: str, when: str | None = None, scope: str = "", depth: int = 0
    ) -> None:
        """Add what ``row`` says; ``place`` is "line 3". Raises BadInput with the reason."""
        if not isinstance(row, dict):
            raise BadInput(FIELD, "a JSON object is required")
        when = self._date(row, place) or when
        scope = _short(row, SCOPES) or scope
        inner = [key for key in LISTS if isinstance(row.get(key), list)]
        if isinstance(row.get("mapping"), dict):
            self._many(_chatgpt(row["mapping"]), place, "message", when, _name(row, scope), depth)
        elif isinstance(row.get("conversation"), dict):
            self._locomo(row["conversation"], place, scope, depth)
        elif inner and not _words(row):
            for key in inner:
                self._many(row[key], place, key, when, _name(row, scope), depth)
        elif isinstance(row.get("query"), str) and isinstance(row.get("response"), str):
            # MemoryBank's dialogues: what a user said and what the machine answered. Each user has
            # a memory of their own.
            user = _short(row, SPEAKERS)
            self._say(user or "user", row["query"], when, place, scope or user)
            self._say("assistant", row["response"], when, place, scope or user)
        else:
            self._one(row, place, when, scope)

    def _one(self, row: dict[str, Any], place: str, when: str | None, scope: str) -> None:
        facts = _relation(row)
        text = _words(row)
        if text is None and facts and not {"triples", "extracted_triples"} & row.keys():
            text = " ".join(facts[0])
        if text is None:
            if any(key in row for key in TEXTS):
                self._skip(place, "the entry has no text")
                return
            if facts:
                raise BadInput(FIELD, "the triples come without the text they were read from")
            raise BadInput(FIELD, 'a text "content", "text" or "memory" is required')
        speaker = _short(row, SPEAKERS)
        spoken = "dia_id" in row or bool(speaker and "memory" not in row and "title" not in row)
        if spoken:
            if isinstance(row.get("dia_id"), str):
                place = f"{scope} {one_line(row['dia_id'], 80)}".strip()
            caption = row.get("image_caption", row.get("blip_caption"))
            if isinstance(caption, str) and caption:
                text = f"{text} {caption}"
            self._say(speaker, text, when, place, scope)
            return
        title = _short(row, ("title", "user_id", "agent_id", "run_id"))
        if not title and "passage" in row:
            # HippoRAG's passages start with their title on a line of its own.
            first, _, rest = text.partition("\n")
            title, text = (one_line(first), rest) if rest.strip() else ("", text)
        self._add(Document(title or stem(self.name), text, when, place, triples=facts, scope=scope))

    def _many(
        self, rows: list[Any], place: str, label: str, when: str | None, scope: str, depth: int
    ) -> None:
        if depth >= DEEPEST:
            raise BadInput(FIELD, f"lists are nested deeper than {DEEPEST}")
        for number, row in enumerate(rows, start=1):
            inside = f"{place} {label} {number}".strip()
            try:
                self.read(row, inside, when, scope, depth + 1)
            except BadInput as error:
                if not self.found.keep_rest:
                    raise BadInput(FIELD, f"{label} {number}: {error.reason}") from None
                self._skip(inside, error.reason)

    def _locomo(self, sessions: dict[str, Any], place: str, scope: str, depth: int) -> None:
        """LoCoMo's raw file: lists "session_1" and, beside them, "session_1_date_time"."""
        numbers = sorted(int(match[1]) for key in sessions if (match := SESSION.fullmatch(key)))
        for number in numbers:
            key = f"session_{number}"
            turns = sessions.get(key)
            when = self._date({"date": sessions.get(f"{key}_date_time")}, f"{place} {key}")
            if isinstance(turns, list):
                self._many(turns, place, f"{key} turn", when, scope, depth)

    def _say(self, speaker: str, text: str, when: str | None, place: str, scope: str) -> None:
        if not text.strip():
            self._skip(place, "the entry has no text")
            return
        self._add(Document(speaker, text, when, place, scope=scope, spoken=True))

    def _add(self, whole: Document) -> None:
        """Keep a document in parts of a sensible length; its facts go with the first."""
        facts = whole.triples
        source = self._at(whole.source)
        for piece in split(clean(whole.text)):
            self.found.add(
                Document(
                    whole.title, piece.text, whole.when, source,
                    triples=facts, scope=whole.scope, spoken=whole.spoken,
                )
            )  # fmt: skip
            facts = ()

    def _skip(self, place: str, reason: str) -> None:
        self.found.skip(self._at(place), reason)

    def _at(self, place: str) -> str:
        return f"{self.name}, {place}" if place else self.name

    def _date(self, row: dict[str, Any], place: str) -> str | None:
        for key in DATES:
            if row.get(key) not in (None, ""):
                when = iso_date(row[key])
                if when is None:
                    shown = repr(one_line(str(row[key])[:200], 40))
                    self.found.notice(f"{self._at(place.strip())}: {shown} in {key!r} is no date")
                return when
        return None


def _words(row: dict[str, Any]) -> str | None:
    """What a row says, under one of the common names; None where it says nothing."""
    if isinstance(row.get("memory"), str):
        return row["memory"].strip() or None
    if isinstance(row.get("sentences"), list):
        return _joined(row["sentences"], " ")
    for key in TEXTS:
        value = row.get(key)
        if isinstance(value, dict):
            value = value.get("parts", value.get("text"))
        text = _joined(value, "\n") if isinstance(value, list) else value
        if isinstance(text, str) and text.strip():
            return text
    return None


def _joined(parts: list[Any], mark: str) -> str | None:
    """The texts among the parts of a message; pictures and calls of tools have none."""
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return mark.join(text.strip() for text in texts if isinstance(text, str)).strip() or None


def _relation(row: dict[str, Any]) -> tuple[Triple, ...]:
    """Facts that came with a row: mem0's relations, or triples that a model once extracted."""
    ends = [row.get("source"), row.get("relationship", row.get("relation"))]
    ends.append(row.get("destination", row.get("target")))
    rows = row.get("triples", row.get("extracted_triples"))
    rows = [ends, *(rows[:MOST_FACTS] if isinstance(rows, list) else [])]
    return tuple(
        Triple(*(one_line(part) for part in parts))
        for parts in rows
        if isinstance(parts, list)
        and len(parts) == 3
        and all(isinstance(part, str) and part.strip() for part in parts)
    )


def _short(row: dict[str, Any], keys: tuple[str, ...]) -> str:
    """The first of these fields that names something, on one line."""
    for key in keys:
        value = row.get(key)
        if isinstance(value, dict):
            value = value.get("name") or value.get("role")
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return one_line(str(value), 120)
    return ""


def _name(row: dict[str, Any], scope: str) -> str:
    return scope or _short(row, ("id", "title"))


def _chatgpt(mapping: dict[str, Any]) -> list[Any]:
    """The messages of ChatGPT's tree of a conversation, in order of time."""
    nodes = [node.get("message") for node in mapping.values() if isinstance(node, dict)]
    said = [node for node in nodes if isinstance(node, dict) and _words(node)]

    def time(message: dict[str, Any]) -> float:
        value = message.get("create_time")
        return float(value) if isinstance(value, int | float) else 0.0

    return sorted(said, key=time)
