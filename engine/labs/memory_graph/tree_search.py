"""CoAT's search tree for one question, state by state, and what association adds over many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.memory_graph.choosing import MADE, chosen_question
from engine.labs.memory_graph.config.coat import CoatConfig
from engine.labs.memory_graph.extract import extract_all
from engine.labs.memory_graph.living.coat import Search, search
from engine.labs.memory_graph.loading import Read, load
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.tidy_tree import tidy_tree
from engine.labs.memory_graph.walk_thoughts import Thoughts

VARIANTS = ("association", "content alone", "visits alone")
MOST_QUESTIONS = 100
TREES = 20
MOST_FRAMES = 120
# So much exploration that no value counts: every child is visited as often as its siblings.
VISITS_ALONE = 1e9
Job = tuple[Question, str, tuple[str, ...], int]


def tree_search(config: CoatConfig, read: Read, progress: Callable[[float, float], None]) -> Result:
    """Search from the rarest name of a question for the words that it wants besides.

    Fields: ``xy`` (node, axis): tidy layout, depth first; ``parent`` (node), -1 for the root;
    ``frame`` (frame): simulations done; ``visits``, ``value`` and ``explore`` (frame, node), the
    two terms of UCT, NaN before a node is there; ``ended`` (frame): node of the last simulation;
    ``content`` and ``association`` (node): F_g and F_a; ``best`` (place): nodes of the best path.
    Over all questions, or over trees of one question where none came with the memory:
    ``covered``, ``reached`` and ``on_path`` (variant, trial, simulation) in percent: words of the
    question on the best path, gold among the passages of the tree, gold on the best path.
    """
    loaded = load(config, read)
    triples = loaded.materials.triples or extract_all(loaded.corpus.passages)
    thoughts = Thoughts(loaded, triples, config.associations)
    if not thoughts.memory.phrases:
        raise BadInput("corpus", "no name was found in it, so that there is no graph to search")
    if config.ask.strip() or loaded.questions:
        question = chosen_question(config, loaded, thoughts.memory)
        start, wanted = thoughts.must_begin(question)
    else:
        question, start, wanted = thoughts.made()
    found = _search(config, thoughts, start, wanted, config.beta, config.exploration)
    frames = _frames(config.simulations)
    jobs = _jobs(config, thoughts, loaded.questions, (question, start, wanted))
    passages = loaded.corpus.passages
    return Result(
        {
            **_tree(found, frames, config.exploration),
            **_trials(config, thoughts, jobs, progress),
        },
        {
            "nodes": len(found.nodes),
            "entities": len(thoughts.memory.phrases),
            "facts": len(thoughts.memory.facts),
            "score": found.score,
            "beta": config.beta,
        },
        {
            **loaded.notes,
            "question": question.text,
            "made": question.id if question.id == MADE else "",
            "answer": question.answer,
            "questions": [one.text for one in loaded.questions],
            "start": start,
            "wanted": list(wanted),
            "variants": list(VARIANTS),
            "over": "questions" if any(one.gold for one, *_ in jobs) else "trees",
            "asked": len(loaded.questions),
            "gold": list(question.gold),
            "titles": {i: (passages[i].title or passages[i].text)[:80] for i in question.gold},
            "nodes": [_told(thoughts, found, one.number) for one in found.nodes],
            "passages": {
                str(i): [passages[i].title, passages[i].text, passages[i].when]
                for one in found.nodes
                for i in _evidence(thoughts, found, one.number)
            },
        },
    )


def _search(
    config: CoatConfig,
    thoughts: Thoughts,
    start: str,
    wanted: Sequence[str],
    beta: float,
    exploration: float,
    seed: int | None = None,
) -> Search:
    return search(
        thoughts.graph,
        start,
        wanted,
        iterations=config.simulations,
        depth=config.search_depth,
        beta=beta,
        exploration=exploration,
        width=config.children,
        seed=config.tree_seed if seed is None else seed,
        associate=thoughts.associate,
        covers=thoughts.covers,
    )


def _frames(simulations: int) -> np.ndarray:
    """Numbers of simulations after which the tree is shown: all of them, or about 120."""
    count = min(simulations, MOST_FRAMES)
    return np.unique(np.linspace(0, simulations, count + 1).round().astype(np.int64))


def _tree(found: Search, frames: np.ndarray, exploration: float) -> dict[str, Field]:
    """The tree after each frame, replayed from the leaves that were backed up."""
    size, shown = len(found.nodes), len(frames)
    born = np.full(size, np.iinfo(np.int64).max)
    born[0] = 0
    visits, value = np.zeros(size), np.zeros(size)
    kept = {name: np.full((shown, size), np.nan, np.float32) for name in ("value", "explore")}
    kept_visits = np.zeros((shown, size), np.int32)
    ended = np.zeros(shown, np.int32)
    parents = np.array([-1 if one.parent is None else one.parent for one in found.nodes])
    # Where the weight of exploration is huge, its term would hide the other one.
    for frame, done in enumerate(frames):
        for simulation in range(frames[frame - 1] if frame else 0, done):
            leaf = found.leaves[simulation]
            worth = _worth(found, leaf)
            born[leaf] = min(born[leaf], simulation + 1)
            for node in found.path(leaf):
                visits[node] += 1
                value[node] += (worth - value[node]) / visits[node]
            ended[frame] = leaf
        there = (born <= done) & (visits > 0)
        kept_visits[frame] = visits
        kept["value"][frame, there] = value[there]
        below = there & (parents >= 0)
        above = visits[parents[below]]
        kept["explore"][frame, below] = exploration * np.sqrt(np.log(above) / visits[below])
    return {
        "xy": Field(tidy_tree(parents.tolist()).astype(np.float32), ("node", "axis")),
        "parent": Field(parents.astype(np.int32), ("node",)),
        "frame": Field(frames.astype(np.int32), ("frame",), "simulation"),
        "visits": Field(kept_visits, ("frame", "node")),
        "value": Field(kept["value"], ("frame", "node")),
        "explore": Field(kept["explore"], ("frame", "node")),
        "ended": Field(ended, ("frame",)),
        "content": Field(
            np.array([one.content_value for one in found.nodes], np.float32), ("node",)
        ),
        "association": Field(
            np.array([one.association_value for one in found.nodes], np.float32), ("node",)
        ),
        "best": Field(np.array(found.best, np.int32), ("place",)),
    }


def _worth(found: Search, node: int) -> float:
    one = found.nodes[node]
    return one.content_value + found.beta * one.association_value


def _jobs(
    config: CoatConfig,
    thoughts: Thoughts,
    questions: Sequence[Question],
    asked: tuple[Question, str, tuple[str, ...]],
) -> list[Job]:
    """Every question that can start a search, else trees of the one asked by other seeds."""
    begun = [(one, thoughts.begin(one)) for one in questions[:MOST_QUESTIONS]]
    jobs = [(one, *at, config.tree_seed) for one, at in begun if at is not None]
    return jobs or [(*asked, seed) for seed in range(TREES)]


def _trials(
    config: CoatConfig,
    thoughts: Thoughts,
    jobs: Sequence[Job],
    progress: Callable[[float, float], None],
) -> dict[str, Field]:
    """Three searches for every job."""
    shape = (len(VARIANTS), len(jobs), config.simulations + 1)
    curves = {name: np.zeros(shape, np.float32) for name in ("covered", "reached", "on_path")}
    rules = [(config.beta, config.exploration), (0.0, config.exploration), (0.0, VISITS_ALONE)]
    for t, (question, start, wanted, seed) in enumerate(jobs):
        for v, (beta, exploration) in enumerate(rules):
            found = _search(config, thoughts, start, wanted, beta, exploration, seed)
            for name, row in _curves(thoughts, found, question, config.simulations).items():
                curves[name][v, t] = row
        progress(t + 1, len(jobs))
    if not any(question.gold for question, *_ in jobs):
        del curves["reached"], curves["on_path"]
    axes = ("variant", "trial", "simulation")
    return {name: Field(100 * array, axes, "%") for name, array in curves.items()}


def _curves(
    thoughts: Thoughts, found: Search, question: Question, simulations: int
) -> dict[str, np.ndarray]:
    """Shares after 0, 1, ... simulations: question words covered, gold reached, gold on path."""
    gold = set(question.gold)
    rows = {name: np.zeros(simulations + 1) for name in ("covered", "reached", "on_path")}
    best, seen = 0, set(_evidence(thoughts, found, 0))
    for done in range(simulations + 1):
        if done:
            leaf = found.leaves[done - 1]
            seen.update(_evidence(thoughts, found, leaf))
            best = max((best, leaf), key=lambda n: (_worth(found, n), -found.nodes[n].depth, -n))
        on_path = {p for n in found.path(best) for p in _evidence(thoughts, found, n)}
        rows["covered"][done] = found.nodes[best].content_value
        if gold:
            rows["reached"][done] = len(gold & seen) / len(gold)
            rows["on_path"][done] = len(gold & on_path) / len(gold)
    return rows


def _evidence(thoughts: Thoughts, found: Search, number: int) -> tuple[int, ...]:
    """The passages behind the step to a node."""
    node = found.nodes[number]
    if node.parent is None:
        return ()
    return thoughts.passages(found.nodes[node.parent].entity, node.entity)


def _told(thoughts: Thoughts, found: Search, number: int) -> dict[str, Any]:
    node = found.nodes[number]
    return {
        "entity": node.entity,
        "via": node.via,
        "depth": node.depth,
        "terminal": node.terminal,
        "covered": sorted(node.covered),
        "around": sorted(node.around - node.covered),
        "passages": list(_evidence(thoughts, found, number)),
        "near": [[name, round(mass, 6)] for name, mass in thoughts.near(node.entity)],
    }
