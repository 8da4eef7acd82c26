"""A-MEM (arXiv 2502.12110): each note is described, linked to its nearest notes, and rewrites them.

Three things that the authors' programs do differently from the paper are switches of ``Quirks``.
Who describes and decides is an ``Analyst``; with ``RuleAnalyst`` the whole memory is rule-based.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.analyst import Analyst, Evolution, Neighbour
from engine.labs.memory_graph.living.checks import top, unit_rows, vectors, whole
from engine.labs.memory_graph.living.notes import Note, NoteStore
from engine.labs.memory_graph.living.words import words

Embed = Callable[[Sequence[str]], np.ndarray]  # texts -> (texts, d)


@dataclass(frozen=True)
class Quirks:
    """What the authors' code does and the paper does not say.

    index_without_content: until the first rebuild a note is indexed by "context keywords: ..."
    alone (repository of the paper). ranks_as_positions: ``update_neighbor`` takes the ranks
    0 .. k-1 for places in the store and rewrites its first notes (general repository).
    unchecked_links: links are kept whether or not a note has that id. unwritten_history: a note's
    own ``evolution_history`` stays empty; the store's ledger is written all the same.
    """

    index_without_content: bool = False
    ranks_as_positions: bool = False
    unchecked_links: bool = False
    unwritten_history: bool = False


PAPER = Quirks()
PAPER_REPOSITORY = Quirks(index_without_content=True, unchecked_links=True, unwritten_history=True)
GENERAL_REPOSITORY = Quirks(ranks_as_positions=True, unwritten_history=True)


@dataclass(frozen=True)
class Hit:
    """A note that was found; ``via`` is the id of the note whose link led to it, if one did."""

    id: str
    score: float
    via: str | None = None


class AMem:
    """A memory of notes that grows one by one.

    ``embed`` turns texts into vectors (texts, d) of any length. ``neighbours`` is the paper's k,
    ``evo_threshold`` the number of evolutions after which everything is indexed anew; until then
    the vectors of rewritten notes are stale, as in the authors' code. ``evolve=False`` describes
    notes and leaves it at that: the state "before evolution".
    """

    def __init__(
        self,
        embed: Embed,
        analyst: Analyst,
        *,
        neighbours: int = 5,
        evo_threshold: int = 100,
        quirks: Quirks = PAPER,
        evolve: bool = True,
    ):
        self.embed, self.analyst, self.quirks, self.evolves = embed, analyst, quirks, evolve
        self.neighbours = whole(neighbours, "neighbours", 1, 1000)
        self.evo_threshold = whole(evo_threshold, "evo_threshold", 1)
        self.store = NoteStore()
        self.evolutions = 0
        self.rebuilds = 0
        self._ids: list[str] = []
        self._matrix = np.zeros((0, 0), dtype=np.float32)  # capacity d
        self._stale: set[str] = set()  # notes whose vectors are no longer those of their texts

    def __len__(self) -> int:
        return len(self.store)

    @property
    def index(self) -> np.ndarray:
        """The vectors that notes are found by, in order of arrival: float32 (notes, d)."""
        return self._matrix[: len(self._ids)].copy()

    @property
    def stale(self) -> list[str]:
        """Notes that changed since they were indexed, in order of arrival."""
        return [name for name in self._ids if name in self._stale]

    def resume(
        self, store: NoteStore, index: np.ndarray, stale: Iterable[str], counts: tuple[int, int]
    ) -> None:
        """Go on from a saved state: its notes, their vectors, and (evolutions, rebuilds)."""
        self.store, self._ids = store, store.ids
        self._matrix = np.array(index, dtype=np.float32)
        self._stale = set(stale)
        self.evolutions, self.rebuilds = counts

    def add(self, content: str, when: str, name: str = "", category: str = "") -> Note:
        """Take a text; ``when`` is YYYYMMDDHHMM. Raises BadInput.

        Costs one embedding, one product with all vectors and the analyst's two answers.
        """
        note = Note(content, name or f"n{len(self.store)}", when)
        if note.id in self.store:
            raise BadInput("id", f"there is a note {note.id!r} already")
        found = self.analyst.analyse(content)
        note.keywords, note.tags, note.context = [*found.keywords], [*found.tags], found.context
        note.category = category or note.category
        near = self._near(note) if self.evolves and len(self.store) else []
        step = len(self.store)
        self.store.add(note)
        evolved = bool(near) and self._evolve(note, near, step)
        self._index(note)
        if evolved:
            self.evolutions += 1
            if self.evolutions % self.evo_threshold == 0:
                self.rebuild()
        return note

    def rebuild(self) -> None:
        """Index every note by its content, context, keywords and tags as they are now.

        Only notes that changed are embedded again; the index is that of a rebuild from nothing.
        """
        self.rebuilds += 1
        stale = [place for place, name in enumerate(self._ids) if name in self._stale]
        if stale:
            # The others' texts are what they were: embedding them again would change nothing.
            texts = [indexed_text(self.store[self._ids[place]]) for place in stale]
            rows = vectors(self.embed(texts), "embed", width=self._matrix.shape[1])
            self._matrix[stale] = unit_rows(rows)
        self._stale.clear()

    def ask(self, question: str, k: int = 10, *, when: str = "", linked: bool = True) -> list[Hit]:
        """The ``k`` nearest notes, each followed by up to ``k`` notes that it links to.

        No note is given twice. ``when`` marks the notes as retrieved; without it nothing changes.
        """
        found = self._found(self._scores([question])[0], k, linked)
        for hit in found if when else ():
            self.store.touch(hit.id, when)
        return found

    def ask_all(
        self, questions: Sequence[str], k: int = 10, *, linked: bool = True
    ) -> list[list[Hit]]:
        """``ask`` of many questions with one product of vectors; marks nothing as retrieved."""
        return [self._found(scores, k, linked) for scores in self._scores(questions)]

    def rank(self, question: str) -> list[tuple[str, float]]:
        """Every note with its cosine to the question, best first."""
        scores = self._scores([question])[0]
        return [(self._ids[i], float(scores[i])) for i in top(scores, len(scores))]

    def dangling_links(self) -> list[tuple[str, str]]:
        """(note, link) for links that name no note: free strings of a language model."""
        pairs = ((note.id, link) for note in self.store for link in note.links)
        return [(name, link) for name, link in pairs if link not in self.store]

    def _scores(self, texts: Sequence[str]) -> np.ndarray:
        """Cosine of each text with each note, float32 (texts, notes)."""
        if not self._ids or not texts:
            return np.zeros((len(texts), len(self._ids)), dtype=np.float32)
        matrix = self._matrix[: len(self._ids)]
        return unit_rows(vectors(self.embed(texts), "embed", width=matrix.shape[1])) @ matrix.T

    def _found(self, scores: np.ndarray, k: int, linked: bool) -> list[Hit]:
        whole(k, "k", 1)
        found: list[Hit] = []
        seen: set[str] = set()
        ranked = [(self._ids[i], float(scores[i])) for i in top(scores, k)]
        direct = {name for name, _ in ranked}
        for name, score in ranked:
            if name not in seen:
                found.append(Hit(name, score))
                seen.add(name)
            if not linked:
                continue
            followed = 0
            for link in self.store[name].links:
                # A note that is among the nearest comes at its own place.
                if link in self.store and link not in seen | direct and followed < k:
                    found.append(Hit(link, score, via=name))
                    seen.add(link)
                    followed += 1
        return found

    def _near(self, note: Note) -> list[Neighbour]:
        # The authors search with the content alone, whatever the others are indexed by.
        scores = self._scores([note.content])[0]
        chosen = top(scores, self.neighbours)
        return [Neighbour(self.store[self._ids[i]], float(scores[i])) for i in chosen]

    def _index(self, note: Note) -> None:
        partial = self.quirks.index_without_content and not self.rebuilds
        text = _without_content(note) if partial else indexed_text(note)
        width = self._matrix.shape[1] if self._ids else None
        row = unit_rows(vectors(self.embed([text]), "embed", width=width))[0]
        used = len(self._ids)
        if used == len(self._matrix):
            # Doubling keeps the cost of one more note independent of their number.
            grown = np.zeros((max(16, 2 * used), len(row)), dtype=np.float32)
            if used:
                grown[:used] = self._matrix
            self._matrix = grown
        self._matrix[used] = row
        self._ids.append(note.id)
        self._stale.discard(note.id)
        if partial:
            self._stale.add(note.id)

    def _evolve(self, note: Note, near: list[Neighbour], step: int) -> bool:
        answer = self.analyst.evolve(note, near)
        if not answer.should_evolve:
            return False
        if "strengthen" in answer.actions:
            self._strengthen(note, answer, step)
        if "update_neighbor" in answer.actions:
            self._update(note, near, answer, step)
        return True

    def _strengthen(self, note: Note, answer: Evolution, step: int) -> None:
        links = list(dict.fromkeys([*note.links, *answer.suggested_connections]))
        if not self.quirks.unchecked_links:
            links = [link for link in links if link in self.store and link != note.id]
        self._change(note.id, "links", links, note, step, "strengthen")
        if answer.tags_to_update:
            self._change(note.id, "tags", answer.tags_to_update, note, step, "strengthen")

    def _update(self, note: Note, near: list[Neighbour], answer: Evolution, step: int) -> None:
        contexts, tags = answer.new_context_neighborhood, answer.new_tags_neighborhood
        first = self.store.ids if self.quirks.ranks_as_positions else []
        for rank, one in enumerate(near):
            target = first[rank] if self.quirks.ranks_as_positions else one.note.id
            if rank < len(contexts) and contexts[rank]:
                self._change(target, "context", contexts[rank], note, step, "update_neighbor")
            if rank < len(tags):
                self._change(target, "tags", tags[rank], note, step, "update_neighbor")

    def _change(
        self, name: str, where: str, after: str | list[str], cause: Note, step: int, action: str
    ) -> None:
        changed = self.store.change(
            name,
            where,
            after,
            when=cause.timestamp,
            step=step,
            cause=cause.id,
            action=action,
            write_history=not self.quirks.unwritten_history,
        )
        if changed is not None and where != "links":
            self._stale.add(name)


def indexed_text(note: Note) -> str:
    """What a vector is made of: content, context, keywords and tags (paper, equation 3)."""
    return " ".join((note.content, note.context, *note.keywords, *note.tags))


def _without_content(note: Note) -> str:
    return f"{note.context} keywords: {', '.join(note.keywords)}"


def keyword_question(question: str, analyst: Analyst) -> str:
    """The question as its keywords, the third call of the paper; the question if there are none."""
    found = analyst.analyse(question).keywords
    return " ".join(found) if found else " ".join(words(question))
