"""The working memory of an agent step by step: flat, by subgoals, and by subgoals with retrieve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from engine.core.assets import ASSETS
from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.io.text import read_unpacked
from engine.labs.memory_graph.bm25 import BM25
from engine.labs.memory_graph.choosing import chosen_question
from engine.labs.memory_graph.config.hiagent import HiAgentConfig
from engine.labs.memory_graph.living.hiagent import (
    Count,
    Step,
    WorkingMemory,
    read_trajectory,
    timeline,
    word_count,
)
from engine.labs.memory_graph.living.search_agent import Finished, act, summarise
from engine.labs.memory_graph.loading import Loaded, Read, load
from engine.labs.memory_graph.questions import Question

MEMORIES = ("flat", "by subgoals", "by subgoals, with retrieve")
STATES = ("absent", "in full", "in short", "called back")
MOST_STEPS = 400
MOST_BYTES = 2_000_000
LONGEST = 20_000


def working_memory(
    config: HiAgentConfig, read: Read, progress: Callable[[float, float], None]
) -> Result:
    """Replay a trajectory under three memories.

    Fields: ``tokens`` (memory, step, subgoal): tokens of each subgoal in the prompt after the step;
    ``state`` (memory, step, subgoal): a position in the note ``states``; ``total`` (memory, step);
    ``subgoal`` (step): the one in force. Over all questions of the memory, one session each:
    ``peak`` and ``read`` (memory, question): largest prompt, and tokens of all prompts together;
    ``hops`` (question); ``judged`` (2, question): subgoals whose answer stood in what was read, and
    those of them whose summary still has all its words. Notes hold the steps, the subgoals with
    their summaries, and what was lost.
    """
    loaded = load(config, read)
    count = _counter(config.counted)
    agent = _Agent(config, loaded)
    if config.trajectory:
        steps, left = _own(read(config.trajectory, "trajectory"))
        asked: list[Question] = []
    else:
        asked = _asked(config, loaded)
        steps, left = agent.answer(asked)
    steps = [_shortened(step) for step in steps]
    replays = _replays(steps, left, config.token_budget, count)
    fields, names = _segments(steps, replays, count)
    if not config.trajectory and loaded.questions:
        fields |= _all(agent, loaded.questions, config, count, progress)
    kept = {one.subgoal.name: one for one in left}
    judged = [one for one in left if one.lost is not None]
    peaks = _totals(replays).max(axis=1)
    first_over = [int(np.argmax(row)) + 1 if row.any() else 0 for row in _over(replays)]
    return Result(
        fields,
        {
            "steps": len(steps),
            "subgoals": len(names),
            "budget": config.token_budget,
            **{f"peak {name}": int(peak) for name, peak in zip(MEMORIES, peaks, strict=True)},
            **{f"over at {name}": at for name, at in zip(MEMORIES, first_over, strict=True)},
            "summaries judged": len(judged),
            "summaries whole": sum(not one.lost for one in judged),
        },
        {
            **loaded.notes,
            "memories": list(MEMORIES),
            "states": list(STATES),
            "counted": config.counted,
            "source": "upload" if config.trajectory else "scripted agent",
            "asked": [[one.text, one.answer] for one in asked],
            "questions": [one.text for one in loaded.questions],
            "steps": [[one.action, one.observation, one.retrieve or ""] for one in steps],
            "subgoals": [
                {
                    "name": name,
                    "summary": kept[name].summary if name in kept else "",
                    "answer": kept[name].subgoal.answer if name in kept else "",
                    "lost": list(kept[name].lost or ()) if name in kept else [],
                }
                for name in names
            ],
        },
    )


class _Agent:
    """The scripted agent on one memory."""

    def __init__(self, config: HiAgentConfig, loaded: Loaded):
        self.config = config
        self.passages = loaded.corpus.passages
        self.retriever = BM25(self.passages)

    def answer(self, questions: Sequence[Question]) -> tuple[list[Step], list[Finished]]:
        """One session: the questions one after the other."""
        steps: list[Step] = []
        left: list[Finished] = []
        for number, question in enumerate(questions, start=1):
            more, finished = act(
                question,
                self.passages,
                self.retriever,
                per_read=self.config.per_read,
                most_reads=self.config.most_reads,
                number=number,
            )
            steps += more
            left += finished
        return steps, left


def _asked(config: HiAgentConfig, loaded: Loaded) -> list[Question]:
    """The chosen question and those after it, round and round; the visitor's own stands alone."""
    first = chosen_question(config, loaded)
    if config.ask.strip() or not loaded.questions:
        return [first]
    count = min(config.in_a_row, len(loaded.questions))
    return [loaded.questions[(config.question + i) % len(loaded.questions)] for i in range(count)]


def _own(source: Any) -> tuple[list[Step], list[Finished]]:
    """The visitor's trajectory; raises BadInput("trajectory") that names the line."""
    data = read_unpacked(source, limit=MOST_BYTES, field="trajectory")
    try:
        steps = read_trajectory(data.decode("utf-8-sig").splitlines())
    except UnicodeDecodeError:
        raise BadInput("trajectory", "must be text in UTF-8") from None
    except BadInput as error:
        raise BadInput("trajectory", f"{error.field}: {error.reason}") from None
    if not steps:
        raise BadInput("trajectory", "holds no step")
    if len(steps) > MOST_STEPS:
        raise BadInput("trajectory", f"must have at most {MOST_STEPS} steps (got {len(steps)})")
    return steps, []


def _shortened(step: Step) -> Step:
    return replace(step, observation=step.observation[:LONGEST])


def _replays(
    steps: Sequence[Step], left: Sequence[Finished], budget: int, count: Count
) -> tuple[WorkingMemory, WorkingMemory]:
    """The memory by subgoals without and with retrieve; both hold the flat one as well."""
    summaries = {one.subgoal.name: one.summary for one in left}
    last = {step.subgoal: step for step in steps}
    for name, step in last.items():
        summaries.setdefault(name, summarise(name, step.observation))
    closed = [replace(step, retrieve=None) for step in steps]
    try:
        return (
            timeline(closed, budget, summaries, count),
            timeline(steps, budget, summaries, count),
        )
    except BadInput as error:
        raise BadInput("trajectory", f"{error.field}: {error.reason}") from None


def _totals(replays: tuple[WorkingMemory, WorkingMemory]) -> np.ndarray:
    closed, opened = replays
    return np.stack([closed.flat, closed.hierarchical, opened.hierarchical])


def _over(replays: tuple[WorkingMemory, WorkingMemory]) -> np.ndarray:
    closed, opened = replays
    return np.stack([closed.over[0], closed.over[1], opened.over[1]])


def _segments(
    steps: Sequence[Step], replays: tuple[WorkingMemory, WorkingMemory], count: Count
) -> tuple[dict[str, Field], list[str]]:
    """Tokens and state of each subgoal at each step; a return to a name is a subgoal anew."""
    which, names = [], []
    for at, step in enumerate(steps):
        if not at or step.subgoal != steps[at - 1].subgoal:
            names.append(step.subgoal)
        which.append(len(names) - 1)
    shape = (len(MEMORIES), len(steps), len(names))
    tokens, state = np.zeros(shape, np.int32), np.zeros(shape, np.uint8)
    goals = np.array([count(name) for name in names])
    costs = np.array([count(step.action) + count(step.observation) for step in steps])
    for at, segment in enumerate(which):
        tokens[0, at] = np.bincount(which[: at + 1], costs[: at + 1], len(names))
        tokens[0, at, : segment + 1] += goals[: segment + 1]
        state[0, at, : segment + 1] = STATES.index("in full")
        for memory, replay in enumerate(replays, start=1):
            tokens[memory, at, segment] = goals[segment]
            for part in replay.entries[at]:
                tokens[memory, at, part.segment] += part.tokens
                kind = {"step": 1, "summary": 2, "retrieved": 3}[part.kind]
                state[memory, at, part.segment] = kind
    return {
        "tokens": Field(tokens, ("memory", "step", "subgoal"), "tokens"),
        "state": Field(state, ("memory", "step", "subgoal")),
        "total": Field(_totals(replays).astype(np.int32), ("memory", "step"), "tokens"),
        "subgoal": Field(np.array(which, np.int32), ("step",)),
    }, names


def _all(
    agent: _Agent,
    questions: Sequence[Question],
    config: HiAgentConfig,
    count: Count,
    progress: Callable[[float, float], None],
) -> dict[str, Field]:
    peak = np.zeros((len(MEMORIES), len(questions)), np.int32)
    read = np.zeros((len(MEMORIES), len(questions)), np.int32)
    judged = np.zeros((2, len(questions)), np.int32)
    for q, question in enumerate(questions):
        steps, left = agent.answer([question])
        totals = _totals(_replays(steps, left, config.token_budget, count))
        peak[:, q], read[:, q] = totals.max(axis=1), totals.sum(axis=1)
        known = [one.lost for one in left if one.lost is not None]
        judged[:, q] = len(known), sum(not lost for lost in known)
        progress(q + 1, len(questions))
    hops = [max(len(one.hops), 1) for one in questions]
    return {
        "peak": Field(peak, ("memory", "question"), "tokens"),
        "read": Field(read, ("memory", "question"), "tokens"),
        "hops": Field(np.array(hops, np.int32), ("question",)),
        "judged": Field(judged, ("judged or whole", "question")),
    }


def _counter(counted: str) -> Count:
    """How tokens are counted; equal texts are counted once."""
    if counted == "words":
        return lru_cache(maxsize=10_000)(word_count)
    tokenizer = Tokenizer.from_file(str(ASSETS / "models" / "lm" / "tokenizer.json"))

    @lru_cache(maxsize=10_000)
    def pieces(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    return pieces
