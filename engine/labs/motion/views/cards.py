"""What the cards of the shipped models measured, side by side, with its spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.errors import NotFound
from engine.labs.motion.shipped import EVALUATOR, MODELS, card_of
from engine.labs.motion.training.card import credits, figure_rows

Cards = Mapping[str, Mapping[str, Any]]
# The figure, what it is called in a sentence, its form, and whether more is better.
COMPARED = (
    ("lab_fid", "lab-FID", "{:.1f}", False),
    ("r_precision.top1", "R-precision at 1", "{:.2f}", True),
    ("action_accuracy.all", "action accuracy", "{:.2f}", True),
    ("skate", "skating", "{:.2f}", False),
)
# An evaluator that names fewer recorded clips rightly cannot judge generated ones.
SURE = 0.9


def card_rows(cards: Cards) -> list[dict[str, str]]:
    """A row for each figure, a column for each model and one for the real clips.

    In brackets are the least and the greatest over the sampling seeds.
    """
    rows: dict[str, dict[str, str]] = {}
    for name, card in cards.items():
        for label, ours, real in figure_rows(dict(card["figures"])):
            row = rows.setdefault(label, {"Measured": label})
            row[MODELS[name]] = ours
            if real:
                row["Real clips"] = real
    columns = ("Measured", *(MODELS[name] for name in cards), "Real clips")
    return [{column: row.get(column, "") for column in columns} for row in rows.values()]


def describe_cards(cards: Cards) -> list[str]:
    """How each card was measured, and which model is ahead by more than its seeds differ."""
    words = []
    for name, card in cards.items():
        seeds = card["sampling_seeds"]
        state = "" if card["finished"] else f", training not finished (step {card['steps']:,})"
        words.append(
            f"{MODELS[name]}: {card['parameters'] / 1e6:.2f} million weights{state}; "
            f"{card['val_clips']} validation captions, {seeds} sampling seed"
            f"{'' if seeds == 1 else 's'}."
        )
    words += [found for one in COMPARED if (found := _ahead(cards, *one))]
    return words + [found for found in (_judge_of_unseen(cards),) if found]


def _judge_of_unseen(cards: Cards) -> str:
    """How little a figure of pairs that training never saw says; empty where there is none."""
    for card in cards.values():
        figures = card["figures"]
        real, clips = (
            (figures.get(name) or {}).get("mean")
            for name in ("real_action_accuracy.unseen", "action_accuracy.unseen_clips")
        )
        if real is not None and clips:
            only, worth = ("only ", "decide nothing") if real < SURE else ("", "rest on few clips")
            return (
                f"Pairs of action and style that training never saw: of {clips:.0f} recorded clips "
                f"the evaluator names {only}{real:.0%}, so that the models' figures {worth}."
            )
    return ""


def _ahead(cards: Cards, figure: str, called: str, form: str, more: bool) -> str:
    told = {
        name: found
        for name, card in cards.items()
        if (found := card["figures"].get(figure)) and found["mean"] is not None
    }
    if len(told) < 2:
        return ""
    order = sorted(told, key=lambda name: told[name]["mean"], reverse=more)
    first, second = (told[name] for name in order[:2])
    if first["mean"] == second["mean"]:
        return f"{called.capitalize()}: {MODELS[order[0]]} and {MODELS[order[1]]} are equal."
    if any(cards[name]["sampling_seeds"] < 2 for name in order[:2]):
        sure = "one sampling seed cannot tell whether that is more than chance"
    elif first["least"] > second["greatest"] if more else first["greatest"] < second["least"]:
        sure = "the ranges over the seeds do not meet"
    else:
        sure = "the ranges over the seeds meet, so that this decides nothing"
    word = "highest" if more else "lowest"
    values = f"{form.format(first['mean'])} beside {form.format(second['mean'])} of "
    return (
        f"{called[:1].upper()}{called[1:]} is {word} for {MODELS[order[0]]}, {values}"
        f"{MODELS[order[1]]}; {sure}."
    )


def credit_lines(cards: Cards) -> list[str]:
    """What the licences of the recordings behind the models ask for."""
    return credits(tuple(sorted({one for card in cards.values() for one in card["datasets"]})))


def describe_training(cards: Mapping[str, Mapping[str, Any]]) -> str:
    """What each model was given in training, how the cards were sampled, and what holds feet."""
    given = "; ".join(
        f"{MODELS[name]} {card['parameters'] / 1e6:.2f} M weights, {card['steps']:,} steps of "
        f"{card['settings']['batch']} clips, {card['cpu_seconds']:,} CPU s"
        for name, card in cards.items()
    )
    first = next(iter(cards.values()))["sampling"]
    return (
        f"One training each, of unlike numbers of steps: {given}. Sampled in {first['steps']} "
        f"steps with guidance {first['guidance']:g}. Feet in contact hold the floor, here and in "
        "every clip of the page; the card's row below skating tells how it is without."
    )


def real_figure(name: str) -> float | None:
    """A figure of the real validation clips, from the evaluator's card; None where it has none."""
    try:
        found = card_of(EVALUATOR)["figures"].get(name)
    except NotFound:
        return None
    return None if found is None or found["mean"] is None else float(found["mean"])


def real_skating() -> float | None:
    """The mean share of frames with a skating foot in real validation clips."""
    return real_figure("skate")


def beside_real(form: str) -> str:
    """``real clips 8%`` for the words about skating; empty where that is not known."""
    value = real_skating()
    return "" if value is None else f"real clips {form.format(value)}"


def describe_usual() -> str:
    """Jerk, skating and floating of real validation clips; empty where they are not known."""
    jerk, skate, floating = map(real_figure, ("jerk", "skate", "floating_m"))
    if jerk is None or skate is None or floating is None:
        return ""
    return (
        f"Real validation clips have in the mean a jerk of {1e3 * jerk:.1f} mm per frame cubed, a "
        f"skating foot in {100 * skate:.0f} % of frames, and {100 * floating:.1f} cm of floating."
    )
