"""HiAgent's working memory (arXiv 2408.09559): full detail for the current subgoal only.

An agent names a subgoal before it acts. While it works on one, its actions and observations stand
in the prompt; once it is finished they are replaced by the subgoal and one summarised observation.
An action ``retrieve`` brings a finished subgoal's trajectory back while the current one lasts. The
flat memory that it is compared with keeps everything. Only the abstract and a summary of the paper
were available here; its published repository holds no code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.words import words

SUMMARY_WORDS = 12
Count = Callable[[str], int]


@dataclass(frozen=True)
class Step:
    """One action and what came back, under the subgoal in force; ``retrieve`` names another."""

    subgoal: str
    action: str
    observation: str
    retrieve: str | None = None


@dataclass(frozen=True)
class Entry:
    """A part of the working memory: one step in full, or a finished subgoal in short."""

    kind: str  # "step", "summary" or "retrieved"
    subgoal: str
    tokens: int
    segment: int = 0
    """Which run of steps with one subgoal it belongs to, from 0."""


@dataclass(frozen=True, eq=False)
class WorkingMemory:
    """What stood before the agent at each step, after that step's observation.

    ``flat`` and ``hierarchical``: tokens, int (step,). ``entries``: the parts of the hierarchical
    memory at each step. ``over``: bool (2, step), where flat and hierarchical exceed the budget.
    """

    flat: np.ndarray
    hierarchical: np.ndarray
    entries: tuple[tuple[Entry, ...], ...]
    over: np.ndarray


def word_count(text: str) -> int:
    """Words and numbers, a stand-in for tokens where no tokenizer is at hand."""
    return len(words(text))


def timeline(
    steps: Sequence[Step],
    budget: int,
    summaries: dict[str, str] | None = None,
    count: Count = word_count,
) -> WorkingMemory:
    """Replay a recorded trajectory under both memories.

    A subgoal is a maximal run of steps with the same name; coming back to a name later opens a new
    one. ``summaries`` holds recorded summaries by name; without one the rule-based summary is the
    first ``SUMMARY_WORDS`` words of the last observation. Raises BadInput for an empty trajectory
    or a retrieval of a subgoal that is not finished.
    """
    if not steps:
        raise BadInput("trajectory", "at least one step is required")
    known = summaries or {}
    flat, nested = [], []
    entries: list[tuple[Entry, ...]] = []
    finished: list[tuple[str, list[Step]]] = []
    current: list[Step] = []
    opened: set[str] = set()
    for number, step in enumerate(steps):
        if current and step.subgoal != current[-1].subgoal:
            finished.append((current[-1].subgoal, current))
            current, opened = [], set()
        if step.retrieve is not None:
            if step.retrieve not in {name for name, _ in finished}:
                raise BadInput(
                    f"step {number + 1}", f"retrieves {step.retrieve!r}, which is not finished"
                )
            opened.add(step.retrieve)
        current.append(step)
        parts = []
        for place, (name, done) in enumerate(finished):
            if name in opened:
                # The name stands before what was called back, as it does before a summary.
                costs = [_cost(one, count) for one in done]
                costs[0] += count(name)
                parts += [Entry("retrieved", name, cost, place) for cost in costs]
            else:
                text = known.get(name) or rule_summary(done)
                parts.append(Entry("summary", name, count(f"{name} {text}"), place))
        now = len(finished)
        parts += [Entry("step", one.subgoal, _cost(one, count), now) for one in current]
        # The subgoal in force is itself part of the prompt, in both memories.
        goal = count(step.subgoal)
        names = sum(count(name) for name, _ in finished) + goal
        flat.append(names + sum(_cost(one, count) for one in steps[: number + 1]))
        nested.append(goal + sum(part.tokens for part in parts))
        entries.append(tuple(parts))
    table = np.array([flat, nested], dtype=np.int64)
    return WorkingMemory(table[0], table[1], tuple(entries), table > budget)


def rule_summary(steps: Sequence[Step]) -> str:
    """Rule-based: the first words of the last observation. The paper asks a language model."""
    return " ".join(steps[-1].observation.split()[:SUMMARY_WORDS])


def _cost(step: Step, count: Count) -> int:
    return count(step.action) + count(step.observation)


def read_trajectory(lines: Iterable[str]) -> list[Step]:
    """Steps from JSON lines {"subgoal", "action", "observation"[, "retrieve"]}.

    Raises BadInput that names the line.
    """
    steps = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            row = json.loads(line)
            values = [row["subgoal"], row["action"], row["observation"], row.get("retrieve")]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadInput(where, "must have a subgoal, an action and an observation") from None
        if not all(isinstance(value, str) for value in values[:3]):
            raise BadInput(where, "subgoal, action and observation must be texts")
        if values[3] is not None and not isinstance(values[3], str):
            raise BadInput(where, "retrieve must be the name of a subgoal")
        steps.append(Step(*values))
    return steps
