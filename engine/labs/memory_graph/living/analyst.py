"""Who reads a note for A-MEM: rules, or recorded answers of a language model.

arXiv 2502.12110 asks a language model twice for each note: to describe it, and to decide what its
arrival means for its nearest notes. The answers keep the field names of the authors' prompts, so
that an endpoint's JSON can be used as it comes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.core import BadInput, NotFound
from engine.core.errors import from_validation
from engine.labs.memory_graph.living.notes import Note
from engine.labs.memory_graph.living.words import TfIdf, capitalised_spans

MAX_TAGS = 12
MAX_CONTEXT = 400  # characters


class Analysis(BaseModel):
    """Answer to the first question: what a text is about."""

    model_config = ConfigDict(frozen=True)

    keywords: list[str] = []
    context: str = "General"
    tags: list[str] = []


class Evolution(BaseModel):
    """Answer to the second question; the lists run parallel to the neighbours shown."""

    model_config = ConfigDict(frozen=True)

    should_evolve: bool = False
    actions: list[str] = []
    suggested_connections: list[str] = []
    tags_to_update: list[str] = []
    new_context_neighborhood: list[str] = []
    new_tags_neighborhood: list[list[str]] = []


@dataclass(frozen=True)
class Neighbour:
    """A note near the new one, and the cosine of their vectors."""

    note: Note
    cosine: float


class Analyst(Protocol):
    """Anything that can answer the two questions."""

    @property
    def name(self) -> str:
        """Who this is, as a page shows it."""

    def analyse(self, content: str) -> Analysis:
        """Describe a text."""

    def evolve(self, note: Note, neighbours: Sequence[Neighbour]) -> Evolution:
        """Decide what the arrival of ``note`` changes."""


@dataclass(frozen=True)
class RuleAnalyst:
    """Rule-based, no language model: what A-MEM can do offline. Not the paper's method.

    Keywords: the heaviest TF-IDF words, speakers left out. Tags: capitalised spans and the first
    keywords. Links: to neighbours of at least ``link_cosine``, or of at least ``entity_cosine``
    that share a capitalised span. Evolution: tags of neighbours of at least ``merge_cosine`` are
    merged both ways, and the new note's context is appended to theirs.
    """

    tfidf: TfIdf
    speakers: Collection[str] = ()
    keywords: int = 5
    # For word vectors, whose cosines are lower than those of sentence vectors.
    link_cosine: float = 0.2
    entity_cosine: float = 0.1
    merge_cosine: float = 0.2
    name: str = "rule-based"

    def analyse(self, content: str) -> Analysis:
        """Keywords by weight, spans and keywords as tags, one sentence made of the keywords."""
        names = {speaker.lower() for speaker in self.speakers}
        keys = self.tfidf.keywords(content, self.keywords, names)
        spans = [span for span in capitalised_spans(content) if span not in names]
        tags = list(dict.fromkeys([*spans, *keys[:3]]))[:MAX_TAGS]
        about = ", ".join(keys) if keys else "nothing in particular"
        return Analysis(keywords=keys, context=f"About {about}.", tags=tags)

    def evolve(self, note: Note, neighbours: Sequence[Neighbour]) -> Evolution:
        """Links, merged tags and appended contexts by cosine and shared spans."""
        names = {speaker.lower() for speaker in self.speakers}
        spans = set(capitalised_spans(note.content)) - names
        links, own = [], list(note.tags)
        contexts, tags = [], []
        merged = False
        for near in neighbours:
            shared = spans & set(capitalised_spans(near.note.content))
            floor = self.entity_cosine if shared else self.link_cosine
            if near.cosine >= floor:
                links.append(near.note.id)
            context, theirs = near.note.context, near.note.tags
            if near.cosine >= self.merge_cosine:
                merged = True
                own = merge(own, near.note.tags)
                theirs = merge(theirs, note.tags)
                context = append(context, note.context)
            contexts.append(context)
            tags.append(theirs)
        actions = ["strengthen"] * bool(links or merged) + ["update_neighbor"] * merged
        return Evolution(
            should_evolve=bool(actions),
            actions=actions,
            suggested_connections=links,
            tags_to_update=own,
            new_context_neighborhood=contexts,
            new_tags_neighborhood=tags,
        )


def merge(tags: Sequence[str], more: Sequence[str]) -> list[str]:
    """Both lists without repeats, the older tags first, ``MAX_TAGS`` at most."""
    return list(dict.fromkeys([*tags, *more]))[:MAX_TAGS]


def append(context: str, more: str) -> str:
    """``context`` with another sentence behind it, unless it says so already or would grow long."""
    longer = f"{context} {more}"
    return context if more in context or len(longer) > MAX_CONTEXT else longer


class RecordingAnalyst:
    """Passes questions on and keeps the answers, one JSON line each, for a ``ReplayAnalyst``."""

    def __init__(self, inner: Analyst):
        self.inner = inner
        self.name = inner.name
        self.lines: list[str] = []

    def analyse(self, content: str) -> Analysis:
        """Ask and keep."""
        answer = self.inner.analyse(content)
        self._keep("analyse", question_key(content), answer)
        return answer

    def evolve(self, note: Note, neighbours: Sequence[Neighbour]) -> Evolution:
        """Ask and keep."""
        answer = self.inner.evolve(note, neighbours)
        self._keep("evolve", _evolve_key(note, neighbours), answer)
        return answer

    def _keep(self, call: str, key: str, answer: BaseModel) -> None:
        row = {"call": call, "key": key, "answer": answer.model_dump()}
        self.lines.append(json.dumps(row, ensure_ascii=False))


class ReplayAnalyst:
    """Gives recorded answers, whoever gave them first; never asks anybody.

    ``lines``: JSON objects {"call": "analyse" | "evolve", "key": ..., "answer": {...}} as
    ``RecordingAnalyst`` writes them. Raises BadInput that names the line.
    """

    def __init__(self, lines: Iterable[str], name: str = "recorded answers"):
        self.name = name
        self._answers: dict[tuple[str, str], Analysis | Evolution] = {}
        for number, line in enumerate(lines, start=1):
            if line.strip():
                call, key, answer = _read(line, number)
                self._answers[call, key] = answer

    def analyse(self, content: str) -> Analysis:
        """The recorded description; raises NotFound."""
        found = self._answers.get(("analyse", question_key(content)))
        if not isinstance(found, Analysis):
            raise NotFound(f"no recorded analysis of {content[:40]!r}")
        return found

    def evolve(self, note: Note, neighbours: Sequence[Neighbour]) -> Evolution:
        """The recorded decision for just this note among just these neighbours; raises NotFound."""
        found = self._answers.get(("evolve", _evolve_key(note, neighbours)))
        if not isinstance(found, Evolution):
            raise NotFound(f"no recorded decision on {note.content[:40]!r} and its neighbours")
        return found


def question_key(*texts: str) -> str:
    """sha256 of the texts that a question shows, 16 hex digits."""
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "replace")).hexdigest()[:16]


def _evolve_key(note: Note, neighbours: Sequence[Neighbour]) -> str:
    # Descriptions change as notes evolve, and so may the answer.
    shown = [(near.note.content, near.note.context, *near.note.tags) for near in neighbours]
    return question_key(note.content, *(part for parts in shown for part in parts))


def _read(line: str, number: int) -> tuple[str, str, Analysis | Evolution]:
    where = f"line {number}"
    try:
        row: Any = json.loads(line)
        call, key, answer = row["call"], row["key"], row["answer"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(where, 'must be {"call": ..., "key": ..., "answer": {...}}') from None
    models: dict[str, type[Analysis] | type[Evolution]] = {"analyse": Analysis, "evolve": Evolution}
    if not isinstance(call, str) or call not in models:
        raise BadInput(where, f'"call" must be "analyse" or "evolve" (got {str(call)[:40]!r})')
    try:
        return call, str(key), models[call].model_validate(answer)
    except ValidationError as error:
        raise from_validation(error, models[call], label=where) from None
