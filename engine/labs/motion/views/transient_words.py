"""What the forecasts show, in sentences computed from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.core.assets import ASSETS
from engine.core.result import Result

NAMES = {"duality": "Two channels", "persistent": "Persistent alone"}
FIGURES = {
    "root": "root",
    "hand": "hand",
    "boxes": "boxes",
    "root_in_contact": "root, in contact",
    "hand_in_contact": "hand, in contact",
    "boxes_in_contact": "carried box, in contact",
}
CARD = ASSETS / "models" / "motion" / "transient" / "card.json"
Seeds = Mapping[str, Sequence[Mapping[str, float]]]


def describe_forecast(result: Result) -> str:
    """How far both forecasts are off in this scene."""
    means = 100 * result.array("error").mean(-1)  # kind part
    told = [
        f"{part} {means[0, at]:.0f} cm with two channels, {means[1, at]:.0f} cm with the "
        "persistent one alone"
        for at, part in enumerate(result.notes["parts"])
    ]
    return f"Mean error over the two seconds ahead: {'; '.join(told)}. One scene decides nothing."


def describe_switch(result: Result) -> str:
    """How often the switch is on the side of the contact, and how late it opens and closes."""
    share, contact = result.array("switch"), result.array("contact").astype(bool)
    right = float(((share > 0.5) == contact).mean())
    if not contact.any():
        return f"Nothing is touched in this scene; the switch is closed in {right:.0%} of it."
    told = f"The switch is on the side of the contact in {right:.0%} of the frames."
    opened = np.flatnonzero(share > 0.5)
    if not len(opened):
        return f"{told} It never opens."
    late = (int(opened[0]) - int(np.flatnonzero(contact)[0])) / 10
    word = "with the contact" if late == 0 else (
        f"{abs(late):.1f} s {'after' if late > 0 else 'before'} the contact"
    )  # fmt: skip
    return f"{told} It opens {word}."


def figure_rows(figures: Seeds) -> list[dict[str, str]]:
    """A row for each figure: means with the range over seeds, the control, and the verdict."""
    rows = []
    for name, label in FIGURES.items():
        values = {kind: 100 * np.array([seed[name] for seed in figures[kind]]) for kind in NAMES}
        still = figures["duality"][0].get(f"still_{name}")
        row = {"Error, cm": label}
        row |= {title: spread(values[kind]) for kind, title in NAMES.items()}
        row["Standing still"] = "" if still is None else f"{100 * still:.1f}"
        row["Two channels are"] = verdict(values["duality"], values["persistent"])
        rows.append(row)
    return rows


def spread(values: np.ndarray) -> str:
    """The mean with the least and the greatest in brackets."""
    return f"{values.mean():.1f} ({values.min():.1f} to {values.max():.1f})"


def verdict(ours: np.ndarray, other: np.ndarray) -> str:
    """Better, worse or undecided: by whether the ranges over seeds meet."""
    if ours.max() < other.min():
        return "better"
    if ours.min() > other.max():
        return "worse"
    return "undecided: ranges meet"


def read_card() -> Mapping[str, Any]:
    """What was measured of the shipped networks, a list of training seeds for each kind."""
    return json.loads(CARD.read_text(encoding="utf-8"))


def count_verdicts(figures: Seeds) -> tuple[int, int, int]:
    """In how many figures two channels are better, in how many worse, and of how many."""
    said = [row["Two channels are"] for row in figure_rows(figures)]
    return said.count("better"), said.count("worse"), len(said)


def describe_figures(figures: Seeds, parameters: Mapping[str, int]) -> list[str]:
    """What the seeds decide, counted, and how good the switch is."""
    said = {row["Error, cm"]: row["Two channels are"] for row in figure_rows(figures)}
    seeds = len(figures["duality"])
    told = []
    for word in ("better", "worse"):
        found = [label for label, one in said.items() if one == word]
        if found:
            told.append(f"Two channels are {word} in: {'; '.join(found)}.")
    undecided = sum(one.startswith("undecided") for one in said.values())
    if undecided:
        told.append(
            f"In {undecided} of {len(said)} figures the ranges over {seeds} seeds meet, which "
            "decides nothing."
        )
    sizes = " and ".join(
        f"{NAMES[kind].lower()} has {count:,}" if kind == "persistent"
        else f"{NAMES[kind].lower()} have {count:,}"
        for kind, count in parameters.items()
    )  # fmt: skip
    told.append(f"Weights: {sizes}. {seeds} seeds, the same scenes and steps.")
    seen, ahead = (
        np.mean([seed[name] for seed in figures["duality"]])
        for name in ("switch_seen", "switch_ahead")
    )
    told.append(
        f"The switch is right in {seen:.0%} of the frames that are seen and in {ahead:.0%} of "
        "those that are forecast."
    )
    return told
