"""A scripted agent that answers by searching: real texts for a working memory to hold.

No language model is at work. For each subgoal the agent asks BM25 and reads the passages in their
order, some at a time, until it has read the one that the subgoal needs (known from the gold) or
has acted often enough. Then it answers; where the short summary of a finished subgoal lost words
of the answer, it calls that subgoal back first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.extract import query_entities
from engine.labs.memory_graph.living.hiagent import Step
from engine.labs.memory_graph.living.words import sentences
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.retrievers import Retriever
from engine.labs.memory_graph.words import words

SUMMARY_WORDS = 24


@dataclass(frozen=True)
class Subgoal:
    """What the agent looks for; ``passage`` is where it stands, -1 where nobody knows."""

    name: str
    query: str
    answer: str = ""
    passage: int = -1


@dataclass(frozen=True)
class Finished:
    """A subgoal with what is left of it: ``lost`` are words of its answer that the summary lacks,
    None where its answer is not known to stand in what was read."""

    subgoal: Subgoal
    summary: str
    lost: tuple[str, ...] | None


def subgoals(question: Question) -> list[Subgoal]:
    """The hops of a question; without hops its gold at once, without gold one for each name."""
    if question.hops:
        return [Subgoal(h.question, h.question, h.answer, h.passage) for h in question.hops]
    if question.gold:
        return [Subgoal(question.text, question.text, question.answer, question.gold[0])]
    names = query_entities(question.text)
    if len(names) < 2:
        return [Subgoal(question.text, question.text)]
    return [Subgoal(f"What is known about {name}?", f"{name} {question.text}") for name in names]


def summarise(subgoal: str, observation: str, passage: str = "") -> str:
    """Rule-based: the sentence read last that shares most words with the subgoal, cut short.

    ``passage`` narrows it down to the passage that was looked for. The paper asks a language model.
    """
    wanted = set(words(subgoal))
    parts = sentences(passage or observation) or [""]
    best = max(parts, key=lambda one: len(wanted & set(words(one))))
    return " ".join(best.split()[:SUMMARY_WORDS])


def act(
    question: Question,
    passages: Sequence[Passage],
    retriever: Retriever,
    *,
    per_read: int,
    most_reads: int,
    number: int = 1,
) -> tuple[list[Step], list[Finished]]:
    """The steps that answer one question, and what each finished subgoal leaves behind."""
    steps: list[Step] = []
    finished = []
    for subgoal in subgoals(question):
        name = f"{number}. {subgoal.name}"
        ranked = retriever.rank(Question(subgoal.query), per_read * most_reads).passages.tolist()
        read: list[int] = []
        observation = ""
        for start in range(0, max(len(ranked), 1), per_read):
            page = ranked[start : start + per_read]
            observation = "\n".join(passages[i].content for i in page) or "Nothing was found."
            action = f"search: {subgoal.query}" if not start else f"read on: {subgoal.query}"
            steps.append(Step(name, action, observation))
            read += page
            if subgoal.passage in page or (subgoal.passage < 0 and start):
                break
        found = subgoal.passage in read
        text = passages[subgoal.passage].text if found else ""
        summary = summarise(subgoal.name, observation, text)
        lost = None
        if needed := set(words(subgoal.answer)) & set(words(text)):
            lost = tuple(sorted(needed - set(words(summary))))
        finished.append(Finished(Subgoal(name, *_rest(subgoal)), summary, lost))
    goal = f"{number}. Answer: {question.text}"
    steps += [Step(goal, "retrieve", "", retrieve=one.subgoal.name) for one in finished if one.lost]
    steps.append(Step(goal, f"answer: {question.answer or 'from what was read'}", ""))
    return steps, finished


def _rest(subgoal: Subgoal) -> tuple[str, str, int]:
    return subgoal.query, subgoal.answer, subgoal.passage
