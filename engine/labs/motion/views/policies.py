"""Key, random and inverse masking at equal budget: what was measured, and what it decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.assets import ASSETS
from engine.figures import Palette, axis, bars
from engine.labs.motion.training.card import ROWS

MEASURED = ASSETS / "measured" / "motion_policies.json"
POLICIES = {"key": "Key frames", "random": "Random", "inverse": "Least key frames"}
# Figures of which less is better; those of NEITHER are better near the real clips'.
LESS = frozenset({"lab_fid", "jerk", "pj", "auj", "skate", "bone_stretch"})
NEITHER = frozenset({"diversity", "nn_distance.median_m", "nn_distance.least_m"})
LEFT_OUT = frozenset({"cpu_seconds_a_clip"})
REAL = "real_"


@dataclass(frozen=True)
class Spread:
    """A figure of one policy over its training seeds."""

    mean: float
    least: float
    greatest: float


@dataclass(frozen=True)
class Figure:
    """One figure by policy; ``real`` is that of the real clips where there is one."""

    name: str
    label: str
    form: str
    policies: Mapping[str, Spread]
    real: float | None


@dataclass(frozen=True)
class Measured:
    """The comparison: training steps, seeds, validation clips, and its figures."""

    steps: int
    seeds: int
    clips: int
    figures: tuple[Figure, ...]


def read_measured(path: Path = MEASURED) -> Measured | None:
    """What ``training.policies`` wrote; None where it has not been run."""
    if not path.is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    figures = [
        found
        for name, label, form in ROWS
        if name not in LEFT_OUT and (found := _figure(told["policies"], name, label, form))
    ]
    return Measured(int(told["steps"]), int(told["seeds"]), int(told["val_clips"]), tuple(figures))


def _figure(policies: Mapping[str, Any], name: str, label: str, form: str) -> Figure | None:
    spreads = {}
    for policy in POLICIES:
        found = policies.get(policy, {}).get(name)
        if found is None or found["mean"] is None:
            return None
        spreads[policy] = Spread(found["mean"], found["least"], found["greatest"])
    real = policies["key"].get(REAL + name)
    return Figure(name, label, form, spreads, None if real is None else real["mean"])


def verdict(figure: Figure, other: str) -> str:
    """Key beside another policy: which is better, and whether the ranges over seeds meet."""
    key, beside = figure.policies["key"], figure.policies[other]
    if key.mean == beside.mean:
        return "equal"
    meets = key.least <= beside.greatest and beside.least <= key.greatest
    if meets:
        return "ranges meet: undecided"
    if figure.name in NEITHER:
        return "higher" if key.mean > beside.mean else "lower"
    better = (key.mean < beside.mean) == (figure.name in LESS)
    return "key is better" if better else "key is worse"


def policy_table(measured: Measured) -> list[dict[str, str]]:
    """A row for each figure: means, ranges in brackets, and what key masking changes."""
    rows = []
    for figure in measured.figures:
        row = {"Measured": figure.label}
        for policy, title in POLICIES.items():
            row[title] = told(figure.policies[policy], figure.form)
        row["Real clips"] = "" if figure.real is None else figure.form.format(figure.real)
        row["Key beside random"] = verdict(figure, "random")
        row["Key beside least key"] = verdict(figure, "inverse")
        rows.append(row)
    return rows


def told(spread: Spread, form: str) -> str:
    """A mean with its range."""
    if spread.least == spread.greatest:
        return form.format(spread.mean)
    low, high = form.format(spread.least), form.format(spread.greatest)
    return f"{form.format(spread.mean)} ({low} to {high})"


def describe_measured(measured: Measured) -> list[str]:
    """What the table decides, counted from it."""
    told = [
        f"KMM was trained {3 * measured.seeds} times for {measured.steps:,} steps: three policies, "
        f"{measured.seeds} seeds each, the same codec, the same batches for a seed, and as many "
        f"tokens masked. {measured.clips} validation captions."
    ]
    for other, name in (("random", "random masking"), ("inverse", "masking the least key ones")):
        verdicts = {one.label: verdict(one, other) for one in measured.figures}
        better = [label for label, said in verdicts.items() if said == "key is better"]
        worse = [label for label, said in verdicts.items() if said == "key is worse"]
        told.append(
            f"Beside {name}, key masking is better in {_list(better)} and worse in {_list(worse)}; "
            f"for the other {len(verdicts) - len(better) - len(worse)} of {len(verdicts)} figures "
            "the ranges over the seeds meet, or neither direction is better."
        )
    told.append(
        f"With {measured.seeds} seeds, ranges that do not meet are a hint and no proof; and of "
        f"{len(measured.figures)} figures a few part by chance."
    )
    return told


def _list(labels: list[str]) -> str:
    return ", ".join(labels) if labels else "none"


COMPARED = {"r_precision.top3": "R-precision", "lab_fid": "lab-FID"}


def describe_claim(measured: Measured) -> str:
    """Whether the direction of the paper's ablation shows here, in lab-FID and R-precision."""
    found = {one.name: one for one in measured.figures}
    said = []
    for name, label in COMPARED.items():
        if name in found:
            said.append(f"{label}: {verdict(found[name], 'random')}")
    if not said:
        return "The measurement has neither R-precision nor lab-FID."
    return f"In our own figures, key beside random masking: {'; '.join(said)}."


def draw_policies(measured: Measured, palette: Palette, name: str) -> go.Figure:
    """One figure by policy, with the range over seeds."""
    figure = next(one for one in measured.figures if one.name == name)
    spreads = [figure.policies[policy] for policy in POLICIES]
    label = figure.label[:1].upper() + figure.label[1:]
    return bars(
        list(POLICIES.values()),
        {label: np.array([one.mean for one in spreads])},
        palette,
        title=label,
        category=axis("Masked in training"),
        value=axis(label),
        low={label: np.array([one.least for one in spreads])},
        high={label: np.array([one.greatest for one in spreads])},
        interval=f"least and greatest of {measured.seeds} training seeds",
        alt=f"{label} by policy: "
        + ", ".join(
            f"{POLICIES[policy].lower()} {told(figure.policies[policy], figure.form)}"
            for policy in POLICIES
        )
        + ".",
        height=320,
    )
