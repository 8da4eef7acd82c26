"""Passages in the order in which they reach a memory, and the questions that they can answer."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.memory_graph.config import EvolutionConfig
from engine.labs.memory_graph.corpus import Corpus, Passage
from engine.labs.memory_graph.ingest.dates import iso_date
from engine.labs.memory_graph.questions import Question

# A note must have a time. Without dates the order alone counts, and this one is never shown.
NO_MINUTE = "000101010000"


@dataclass(frozen=True)
class Arrivals:
    """One memory to grow: ``texts`` and what stands beside them, in order of arrival.

    ``minutes`` are times as YYYYMMDDHHMM. ``questions`` are those whose gold is all among the
    texts, ``gold`` their positions there; ``unreachable`` counts the others of this conversation.
    ``of`` is the number of passages before the cap.
    """

    passages: tuple[Passage, ...]
    texts: tuple[str, ...]
    minutes: tuple[str, ...]
    dated: bool
    speakers: frozenset[str]
    questions: tuple[Question, ...]
    gold: tuple[tuple[int, ...], ...]
    unreachable: int
    of: int
    conversations: tuple[str, ...]

    @property
    def labels(self) -> list[str]:
        """A title for each note; a turn of a conversation is known by its words."""
        return [
            (text if self.speakers else passage.title or text)[:120]
            for passage, text in zip(self.passages, self.texts, strict=True)
        ]


def arrive(config: EvolutionConfig, corpus: Corpus, questions: tuple[Question, ...]) -> Arrivals:
    """The first ``config.notes`` passages of a conversation, by day where all have one.

    Raises BadInput for a conversation that is not there or a memory of fewer than two passages.
    """
    scopes = tuple(dict.fromkeys(passage.scope for passage in corpus.passages))
    if config.conversation >= len(scopes):
        raise BadInput("conversation", f"must be from 0 to {max(len(scopes) - 1, 0)}")
    scope = scopes[config.conversation]
    own = [i for i, passage in enumerate(corpus.passages) if passage.scope == scope]
    if len(own) < 2:
        raise BadInput("corpus", "a memory that evolves needs at least two passages")
    days = {i: iso_date(corpus.passages[i].when) for i in own}
    dated = all(days.values())
    if dated:
        own.sort(key=lambda i: days[i] or "")
    taken = own[: config.notes]
    place = {passage: at for at, passage in enumerate(taken)}
    asked = [q for q in questions if not q.scope or q.scope == scope]
    known = [q for q in asked if q.gold and all(p in place for p in q.gold)]
    passages = tuple(corpus.passages[i] for i in taken)
    return Arrivals(
        passages=passages,
        texts=tuple(_text(passage) for passage in passages),
        minutes=tuple(_minute(days[i]) if dated else NO_MINUTE for i in taken),
        dated=dated,
        speakers=frozenset(p.title.lower() for p in passages if p.title) if scope else frozenset(),
        questions=tuple(known),
        gold=tuple(tuple(place[p] for p in q.gold) for q in known),
        unreachable=len(asked) - len(known),
        of=len(own),
        conversations=scopes if any(scopes) else (),
    )


def _text(passage: Passage) -> str:
    """One running text: a title is a sentence of its own, a speaker stands before the words."""
    if not passage.title:
        return passage.text
    return f"{passage.title}{': ' if passage.scope else '. '}{passage.text}"


def _minute(day: str | None) -> str:
    return f"{(day or '').replace('-', '')}0000"
