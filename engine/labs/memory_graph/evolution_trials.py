"""The same notes under every switch of A-MEM, and the same questions to all of these memories."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.core.result import Field
from engine.labs.memory_graph.arrivals import Arrivals
from engine.labs.memory_graph.config import EvolutionConfig, Switches
from engine.labs.memory_graph.evolution_record import identity, position
from engine.labs.memory_graph.living.amem import AMem, Quirks
from engine.labs.memory_graph.living.analyst import Analyst, RuleAnalyst
from engine.labs.memory_graph.living.course import Course, grow
from engine.labs.memory_graph.living.evidence import recall_at
from engine.labs.memory_graph.living.words import TfIdf
from engine.labs.memory_graph.metrics import PERCENT

BEFORE, PAPER, AS_SET = "before", "paper", "as set"
SINGLE = tuple(Switches.model_fields)
LINKED, UNLINKED = "links followed", "links not followed"
Analysts = Callable[[Arrivals, EvolutionConfig], Analyst]


def by_rule(arrivals: Arrivals, config: EvolutionConfig) -> Analyst:
    """The rules of A-MEM's offline mode with the thresholds of ``config``."""
    return RuleAnalyst(
        TfIdf(arrivals.texts),
        arrivals.speakers,
        link_cosine=config.link_from,
        entity_cosine=config.link_named_from,
        merge_cosine=config.rewrite_from,
    )


class Trials:
    """Grows one memory a trial; ``shown`` names the one with the switches that are set.

    ``texts`` (notes, words): TF-IDF vectors of the notes as they came. Word weights are those of
    all notes taken, as if they had been counted beforehand.
    """

    def __init__(
        self,
        config: EvolutionConfig,
        arrivals: Arrivals,
        analyst: Analyst,
        progress: Callable[[float, float], None],
    ):
        self.config, self.arrivals, self.analyst = config, arrivals, analyst
        self.tfidf = TfIdf(arrivals.texts)
        self.texts = self.tfidf.vectors(arrivals.texts)
        asked = list(dict.fromkeys(question.text for question in arrivals.questions))
        # Every memory is asked the same questions many times over.
        self._known = dict(zip(asked, self.tfidf.vectors(asked), strict=True)) if asked else {}
        on = [name for name in SINGLE if getattr(config, name)]
        self.shown = PAPER if not on else on[0] if len(on) == 1 else AS_SET
        size = len(arrivals.texts)
        self._at = [*range(config.measure_every, size, config.measure_every), size]
        self._measured, self._progress = 0, progress

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, words), float32."""
        if texts and all(text in self._known for text in texts):
            return np.stack([self._known[text] for text in texts])
        return self.tfidf.vectors(texts)

    def run_all(self) -> dict[str, Course]:
        """No evolution, the paper, each switch alone, and all that are set where they are more."""
        switches = {
            PAPER: {},
            **{name: {name: True} for name in SINGLE},
        }
        if self.shown == AS_SET:
            switches[AS_SET] = {name: getattr(self.config, name) for name in SINGLE}
        self._total = 2 * len(self._at) + len(switches) - 1
        found = {BEFORE: self._grow({}, evolve=False, at=self._at)}
        for name, on in switches.items():
            found[name] = self._grow(on, at=self._at if name == self.shown else ())
            self._tick()
        return found

    def asked_at_the_end(
        self, courses: dict[str, Course]
    ) -> tuple[dict[str, Field], list[dict[str, object]]]:
        """Recall of every trial at the end, and of the paper's with links treated the other way."""
        follow = self.config.follow_links
        asked = [self._answers(course.memory, follow) for course in courses.values()]
        asked.append(self._answers(courses[PAPER].memory, not follow))
        recall, whole, read = (np.array(rows, np.float32) for rows in zip(*asked, strict=True))
        axes = ("trial", "question")
        return {
            "trial_recall": Field(recall, axes, "%"),
            "trial_whole": Field(whole, axes, "%"),
            "trial_read": Field(read, axes),
        }, [{"name": UNLINKED if follow else LINKED}]

    def own_question(self, before: Course, after: Course) -> dict[str, list[list[object]]]:
        """What both memories find for the visitor's question: [note, cosine, found through]."""
        question = self.config.ask.strip()
        if not question:
            return {}

        def rows(memory: AMem) -> list[list[object]]:
            hits = memory.ask(question, self.config.evidence_at, linked=self.config.follow_links)
            return [
                [position(hit.id), hit.score, -1 if hit.via is None else position(hit.via)]
                for hit in hits
            ]

        return {"before": rows(before.memory), "after": rows(after.memory)}

    def _grow(self, on: dict[str, bool], *, evolve: bool = True, at: Sequence[int] = ()) -> Course:
        def build(analyst: Analyst) -> AMem:
            return AMem(
                self.embed,
                analyst,
                neighbours=self.config.neighbours,
                evo_threshold=self.config.rebuild_every,
                quirks=Quirks(**on),
                evolve=evolve,
            )

        names = [identity(i) for i in range(len(self.arrivals.texts))]
        notes = zip(self.arrivals.texts, self.arrivals.minutes, names, strict=True)
        return grow(build, self.analyst, notes, self._measure, at)

    def _measure(self, memory: AMem) -> np.ndarray:
        """Recall of each question in percent (questions,); NaN where some gold has not come."""
        self._tick()
        return self._answers(memory, self.config.follow_links)[0]

    def _answers(self, memory: AMem, follow: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(recall of the first k, recall of the whole answer, notes in it), each (questions,)."""
        k, size = self.config.evidence_at, len(self.arrivals.questions)
        found, whole, read = (np.full(size, np.nan) for _ in range(3))
        ready = [q for q, gold in enumerate(self.arrivals.gold) if max(gold) < len(memory)]
        texts = [self.arrivals.questions[q].text for q in ready]
        for q, hits in zip(ready, memory.ask_all(texts, k, linked=follow), strict=True):
            answer = [hit.id for hit in hits]
            wanted = [identity(note) for note in self.arrivals.gold[q]]
            found[q] = PERCENT * recall_at(answer, wanted, k)
            whole[q] = PERCENT * recall_at(answer, wanted, max(len(answer), 1))
            read[q] = len(answer)
        return found, whole, read

    def _tick(self) -> None:
        self._measured += 1
        self._progress(self._measured, self._total)
