"""The figures that the lab set itself as goals, beside what the models' cards measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.result import Result
from engine.labs.motion.shipped import MODELS
from engine.labs.motion.skeleton import FPS

Cards = Mapping[str, Mapping[str, Any]]
SIZES = {"small": "small model", "large": "better model"}
GOAL_SECONDS, GOAL_CPU = 5.0, 1.0


@dataclass(frozen=True)
class Goal:
    """A bar for a figure of the card, by the size of the model.

    ``bars`` are least shares, or with ``beside`` the most that the figure may be as a multiple of
    the real clips' own. ``clips`` names the figure that counts the clips behind it.
    """

    figure: str
    called: str
    bars: Mapping[str, float]
    clips: str = ""
    beside: str = ""


GOALS = (
    Goal("action_accuracy.all", "action accuracy", {"small": 0.80, "large": 0.92}),
    Goal(
        "checks.turn_sign.agree",
        "turns to the side of the text",
        {"small": 0.90, "large": 0.97},
        "checks.turn_sign.clips",
    ),
    Goal(
        "checks.hand_side.agree",
        "hand of the text",
        {"small": 0.90, "large": 0.97},
        "checks.hand_side.clips",
    ),
    Goal("jerk", "jerk, times the real clips'", {"small": 2, "large": 1.3}, beside="real_jerk"),
    Goal(
        "skate",
        "skating, times the real clips'",
        {"small": 2, "large": 1.3},
        beside="real_skate",
    ),
)


@dataclass(frozen=True)
class Judged:
    """One model against one goal: mean, least and greatest over the sampling seeds."""

    goal: Goal
    model: str
    bar: float
    mean: float
    least: float
    greatest: float
    clips: str

    @property
    def reached(self) -> bool:
        """Whether the mean over the seeds is on the right side of the bar."""
        return self.mean <= self.bar if self.goal.beside else self.mean >= self.bar

    @property
    def every_seed(self) -> bool:
        """Whether each seed alone is on the same side as the mean."""
        ends = (self.least, self.greatest)
        if self.goal.beside:
            return all((end <= self.bar) == self.reached for end in ends)
        return all((end >= self.bar) == self.reached for end in ends)

    @property
    def verdict(self) -> str:
        """Reached or not, and whether the seeds agree."""
        word = "reached" if self.reached else "not reached"
        return word if self.every_seed else f"{word} in the mean, the seeds differ"


def judge_goals(cards: Cards) -> list[Judged]:
    """Every goal that a card has a figure for, in the order of ``GOALS`` and of the cards."""
    return [
        found
        for goal in GOALS
        for name, card in cards.items()
        if (found := _judge(goal, name, card)) is not None
    ]


def goal_rows(cards: Cards) -> list[dict[str, str]]:
    """A row for each goal and model, with its bar, its spread over the seeds, and the verdict."""
    return [
        {
            "Goal": one.goal.called,
            "Model": MODELS[one.model],
            "Measured": _written(one.mean, one.goal),
            "Seeds": f"{_written(one.least, one.goal)} to {_written(one.greatest, one.goal)}",
            "Bar": f"{'at most' if one.goal.beside else 'at least'} {one.bar:.2f}",
            "Verdict": one.verdict,
            "Clips": f"{one.clips} × {cards[one.model]['sampling_seeds']}",
        }
        for one in judge_goals(cards)
    ]


def describe_goals(cards: Cards) -> list[str]:
    """How many goals each model reaches, and those that it does not, with figure and bar."""
    every = judge_goals(cards)
    words = []
    for name in cards:
        own = [one for one in every if one.model == name]
        missed = [one for one in own if not one.reached]
        said = f"{MODELS[name]} reaches {len(own) - len(missed)} of {len(own)} goals"
        if missed:
            said += "; not reached: " + ", ".join(
                f"{one.goal.called} {_written(one.mean, one.goal)} (bar {one.bar:.2f})"
                for one in missed
            )
        words.append(f"{said}.")
    return words


def describe_bars(cards: Cards) -> str:
    """Which bars hold for which model, by its size."""
    sizes = {name: _size(card) for name, card in cards.items()}
    told = "; ".join(
        f"{', '.join(MODELS[name] for name in of)}: those of a {SIZES[size]}"
        for size in SIZES
        if (of := [name for name, own in sizes.items() if own == size])
    )
    return (
        f"The bars are this lab's own, not a paper's. {told}. Clips: validation clips behind a "
        "figure, times sampling seeds; of the action only those whose action the evaluator knows."
    )


def describe_free(cards: Cards) -> str:
    """Skating as the networks themselves say it, before feet in contact hold the floor."""
    free = [
        f"{MODELS[name]} {figures['skate_free']['mean'] / figures['real_skate']['mean']:.2f}"
        for name, card in cards.items()
        if (figures := card["figures"]).get("skate_free") and figures["real_skate"]["mean"]
    ]
    if not free:
        return ""
    return (
        "Skating is measured after feet in contact were made to hold the floor; as the networks "
        f"say it, it is, times the real clips': {', '.join(free)}."
    )


def describe_speed(result: Result) -> str:
    """Whether every model made a clip within the CPU time that the lab allows for one of 5 s."""
    spent = result.notes["cpu_seconds"]
    seconds = (result.array("jerk").shape[-1] - 1) / FPS
    slowest = max(range(len(spent)), key=spent.__getitem__)
    if seconds < GOAL_SECONDS:
        return ""
    allowed = "reached" if spent[slowest] < GOAL_CPU else "not reached"
    return (
        f"The lab's bar for {GOAL_SECONDS:g} s of motion is {GOAL_CPU:g} CPU s: {allowed} with "
        f"{spent[slowest]:.2f} CPU s for {seconds:g} s by the slowest, "
        f"{MODELS[result.notes['models'][slowest]]} (one clip, one run)."
    )


def _judge(goal: Goal, name: str, card: Mapping[str, Any]) -> Judged | None:
    figures = card["figures"]
    found, real = figures.get(goal.figure), figures.get(goal.beside)
    if not found or found["mean"] is None or (goal.beside and not (real and real["mean"])):
        return None
    scale = 1 / real["mean"] if goal.beside else 1.0
    mean, least, greatest = (found[part] * scale for part in ("mean", "least", "greatest"))
    counted = figures.get(goal.clips)
    if counted and counted["mean"] is not None:
        clips = f"{counted['mean']:.0f}"
    else:
        clips = f"{'' if goal.beside else 'up to '}{card['val_clips']}"
    return Judged(goal, name, goal.bars[_size(card)], mean, least, greatest, clips)


def _size(card: Mapping[str, Any]) -> str:
    size = str(card["settings"].get("size", "small"))
    return size if size in SIZES else "small"


def _written(value: float, goal: Goal) -> str:
    return f"{value:.2f}" if goal.beside else f"{value:.3f}"
