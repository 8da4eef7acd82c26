"""Memories that all answer the same question: which notes, at most k, best first?

Each is made of the notes of one conversation and gives their positions in it. What differs from its
paper so that all can be compared: vectors are TF-IDF and descriptions are made by rules, as no
model is needed; a memory that reads events or follows links still gets k places and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from engine.labs.memory_graph.config.contest import ContestConfig
from engine.labs.memory_graph.living.amem import AMem
from engine.labs.memory_graph.living.analyst import RuleAnalyst
from engine.labs.memory_graph.living.buckets import CrossPolytope, Thought, ThoughtBuckets
from engine.labs.memory_graph.living.checks import top
from engine.labs.memory_graph.living.event_buffers import event_scores, representatives
from engine.labs.memory_graph.living.forgetting import Formula, Threshold
from engine.labs.memory_graph.living.memorybank import Chunk, MemoryBank
from engine.labs.memory_graph.living.talk import Talk
from engine.labs.memory_graph.memory import Memory, entry
from engine.labs.memory_graph.openie import Triples
from engine.labs.memory_graph.questions import Question

Ask = Callable[[Question, int], Sequence[int]]
"""A question and k: at most k notes by their positions in the conversation, best first."""


@dataclass(frozen=True)
class Contestant:
    """A memory ready to be asked; ``alive`` of its notes are there, a share from 0 to 1.

    ``changes``: how often a note was rewritten or linked. ``close`` gives back what it holds.
    """

    ask: Ask
    alive: float = 1.0
    changes: int = 0
    close: Callable[[], None] = lambda: None


def described(talk: Talk, *, evolve: bool) -> AMem:
    """A-MEM by rules: notes described and, where ``evolve``, linked and rewritten as they came."""
    speakers = {passage.title for passage in talk.passages} if talk.passages[0].scope else set()
    memory = AMem(talk.tfidf.vectors, RuleAnalyst(talk.tfidf, speakers), evolve=evolve)
    for place, (text, minute) in enumerate(zip(talk.texts, talk.minutes, strict=True)):
        memory.add(text, minute, str(place))
    return memory


def of_notes(memory: AMem, *, linked: bool = False) -> Contestant:
    """The nearest notes; with ``linked`` each is followed by those that it links to."""

    def ask(question: Question, k: int) -> list[int]:
        return [int(hit.id) for hit in memory.ask(question.text, k, linked=linked)][:k]

    return Contestant(ask, changes=len(memory.store.ledger))


def of_observations(texts: Sequence[str], sources: Sequence[Sequence[int]]) -> Contestant:
    """Ready-made notes, described and not evolved; one found stands for what it was made of."""
    memory = described(Talk.of(texts), evolve=False)

    def ask(question: Question, k: int) -> list[int]:
        # Several notes are made of the same turn: more notes than places are asked for.
        hits = memory.ask(question.text, 4 * k, linked=False)
        return list(dict.fromkeys(place for hit in hits for place in sources[int(hit.id)]))[:k]

    return Contestant(ask)


def stored(talk: Talk, triples: Triples | None) -> Contestant:
    """``Memory`` as it is stored, asked by its default method."""
    memory = Memory.open()
    entries = [
        entry(
            passage.text,
            talk.days[place] if talk.days else "",
            passage.title,
            passage.source,
            triples[place] if triples else None,
        )
        for place, passage in enumerate(talk.passages)
    ]
    places: dict[int, list[int]] = {}
    for place, note in enumerate(memory.add_all(entries)):
        places.setdefault(note, []).append(place)  # a text said twice on a day is one note

    def ask(question: Question, k: int) -> list[int]:
        found = memory.ask(question.text, k)
        return [place for one in found for place in places[one.note]][:k]

    return Contestant(ask, close=memory.close)


def memory_bank(talk: Talk, config: ContestConfig, formula: Formula | None) -> Contestant | None:
    """MemoryBank on the day of the last note and ``days_later``; without ``formula`` nothing fades.

    Before that it lived through the days of its notes, each new note recalling earlier ones where
    ``config.bank_recalled_by`` is "entries". None where a note has no day.
    """
    if talk.days is None:
        return None
    chunks = [
        Chunk(str(place), text, day, passage.source)
        for place, (text, day, passage) in enumerate(
            zip(talk.texts, talk.days, talk.passages, strict=True)
        )
    ]
    mode = Threshold(config.least_retention)
    bank = MemoryBank(chunks, talk.rows, formula=formula or "paper", mode=mode)
    asked = max(talk.days) + timedelta(days=config.days_later)
    if formula is not None:
        if config.bank_recalled_by == "entries":
            bank.live_through()
        bank.load(asked)

    def ask(question: Question, k: int) -> list[int]:
        return [int(name) for name, _ in bank.rank(talk.row(question.text), asked)[:k]]

    return Contestant(ask, float(bank.fading.alive.mean()))


def thought_buckets(talk: Talk, config: ContestConfig, probes: int) -> Contestant:
    """Think-in-Memory's buckets: only notes of the ``probes`` likeliest buckets are looked at.

    Every note is a thought of its own, so that nothing is merged or forgotten.
    """
    memory = ThoughtBuckets(CrossPolytope(talk.rows.shape[1], config.buckets, config.seed))
    for place, text in enumerate(talk.texts):
        memory.insert(Thought(str(place), text, str(place), "is", str(place)), talk.rows[place])
    many = min(probes, config.buckets)

    def ask(question: Question, k: int) -> list[int]:
        return [int(name) for name, _ in memory.ask(talk.row(question.text), k, many)]

    return Contestant(ask)


def events(talk: Talk, config: ContestConfig, contiguity: float) -> Contestant:
    """EM-LLM's two buffers with k notes in the place of tokens.

    Events come by the score of their representatives, the notes of each in their order, until the
    similarity buffer is full. ``contiguity``: the share of the places for the notes right behind
    and before the events found.
    """
    spans = talk.events(config.longest_event)
    standing = representatives(talk.rows, spans)

    def ask(question: Question, k: int) -> list[int]:
        scores = event_scores(talk.row(question.text)[None], talk.rows, standing)
        order = [spans[event] for event in top(scores, len(spans))]
        notes = [place for start, end in order for place in range(start, end)]
        first = notes[: k - round(contiguity * k)]
        read = [span for span in order if span[0] in first]
        near = _around(read, len(talk.texts)) if contiguity else []
        return list(dict.fromkeys([*first, *near, *notes]))[:k]

    return Contestant(ask)


def _around(spans: Sequence[tuple[int, int]], size: int) -> list[int]:
    """Notes right behind and before each span, the nearest first."""
    reach = range(max((end - start for start, end in spans), default=0))
    places = [place for step in reach for a, b in spans for place in (b + step, a - 1 - step)]
    return [place for place in places if 0 <= place < size]
