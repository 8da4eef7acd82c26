"""Where the energy of a token goes, and the ratios beside both versions of the paper."""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import percent, si
from engine.figures import Palette, axis, bars
from engine.labs.memory_hardware.published import ENERGY, LATER, SPEEDUP, Band, bands
from engine.labs.memory_hardware.views.bands import Shown, draw_points, ends
from engine.labs.memory_hardware.views.speedup import MACHINES, Versus, of_eight, of_ninth

By = Literal["model", "device", "part"]
# What is drawn together, so that each has a colour of its own.
SHOWN = {
    "Opening and closing rows (ACT, PRE)": ("activate",),
    "MAC columns": ("mac column",),
    "MAC units": ("mac unit",),
    "Columns over the pins (RD, WR)": ("read", "write"),
    "Refresh (REF)": ("refresh",),
    "Background": ("active standby", "precharge standby"),
    "Link": ("link",),
    "ASIC": ("asic",),
}
PJ_PER_MJ = 1e9


def table_of(result: Result, by: By) -> tuple[list[str], np.ndarray]:
    """Names and picojoule a token (name, class)."""
    if by == "model":
        return result.notes["models"], result.array("model_pj")[int(result.notes["head"])]
    return result.notes[f"{by}s"], result.array(f"{by}_pj")


def known(result: Result) -> bool:
    """Whether the currents of the chosen device are known."""
    return not bool(np.isnan(result.array("model_pj")).any())


def describe_energy(result: Result, by: By) -> str:
    """What costs the most: of the chosen model, or of its dearest part."""
    names, pj = table_of(result, by)
    whole = np.nansum(pj, axis=1)
    model = result.notes["model"]
    # A ninth model may have the name of one of the eight.
    chosen = len(names) - 1 if result.notes["own"] else result.notes["models"].index(model)
    most = chosen if by == "model" else int(np.argmax(whole))
    shares = {words: float(_sum(result, pj[most], parts) / whole[most])
              for words, parts in SHOWN.items()}  # fmt: skip
    top = sorted(shares, key=lambda words: -shares[words])[:2]
    spent = si(whole[most] * 1e-12, "J")
    return (
        f"{model}{'' if by == 'model' else f', {names[most]}'}: {spent} a token, of which {top[0]} "
        f"{percent(shares[top[0]])} and {top[1]} {percent(shares[top[1]])}."
    )


def describe_devices(result: Result) -> str:
    """The cheapest and the dearest of the devices whose currents are known."""
    names, pj = table_of(result, "device")
    whole = {name: row.sum() for name, row in zip(names, pj, strict=True) if not np.isnan(row[0])}
    least, most = min(whole, key=whole.__getitem__), max(whole, key=whole.__getitem__)
    return (
        f"{result.notes['model']} costs {si(whole[least] * 1e-12, 'J')} a token on {least} and "
        f"{si(whole[most] * 1e-12, 'J')} on {most}, {whole[most] / whole[least]:.3g} times as much."
    )


def energy_table(result: Result, by: By) -> dict[str, object]:
    """Picojoule a token of every class, a row for each bar."""
    names, pj = table_of(result, by)
    return {by: names, **{f"{c} [pJ]": pj[:, i] for i, c in enumerate(result.notes["classes"])}}


def draw_energy(result: Result, palette: Palette, *, by: By) -> go.Figure:
    """A bar for each model, device or part, stacked by class of command."""
    names, pj = table_of(result, by)
    kept = [i for i in range(len(names)) if not np.isnan(pj[i]).any()]
    head = "with" if result.notes["head"] else "without"
    on = {
        "model": f"{result.notes['device']}, {head} head",
        "device": f"Presets as they stand; {result.notes['model']}, {head} head",
        "part": f"{result.notes['device']}; {result.notes['model']}, {head} head",
    }
    titles = {"model": "By model", "device": "By memory", "part": "By part of the model"}
    return bars(
        [names[i] for i in kept],
        {
            words: np.array([_sum(result, pj[i], parts) for i in kept]) / PJ_PER_MJ
            for words, parts in SHOWN.items()
        },
        palette,
        title=f"Energy of a token. {titles[by]}",
        subtitle=f"{on[by]}; mean over {int(result.number('tokens')):,} tokens",
        category=by.capitalize() if by != "device" else "Memory",
        value=axis("Energy", "mJ"),
        horizontal=True,
        stacked=True,
        alt=describe_devices(result) if by == "device" else describe_energy(result, by),
        height=230 + 28 * len(kept),
    )


def _sum(result: Result, pj: np.ndarray, classes: tuple[str, ...]) -> float:
    return float(sum(pj[result.notes["classes"].index(name)] for name in classes))


def energy_ratios(result: Result, versus: Versus) -> np.ndarray:
    """Times less energy than the other machine (head, model)."""
    return result.array(f"{versus}_pj") / result.array("model_pj").sum(axis=2)


def energy_bands(versus: Versus) -> tuple[Band, Band]:
    """The ranges of the later and of the first version."""
    later, first = bands(ENERGY, MACHINES[versus])
    return (later, first) if later.source == LATER else (first, later)


def describe_ratios(result: Result, versus: Versus) -> str:
    """Our range without the head beside both printed ranges."""
    later, first = energy_bands(versus)
    found = energy_ratios(result, versus)
    without, with_head = of_eight(found)
    inside = [sum(band.holds(value) for value in without) for band in (later, first)]
    return (
        f"Against the {MACHINES[versus]}: {ends(without)} without the head, {ends(with_head)} with "
        f"it. Version 2 and journal: {later}, {inside[0]} of {len(without)} points inside; version "
        f"1: {first}, {inside[1]} inside." + of_ninth(result, found)
    )


def draw_ratios(result: Result, palette: Palette, *, versus: Versus) -> go.Figure:
    """A point for each model, both printed ranges behind them."""
    later, first = energy_bands(versus)
    return draw_points(
        result.notes["models"],
        dict(zip(result.notes["heads"], energy_ratios(result, versus), strict=True)),
        [
            Shown(first, f"version 1: {first}", 3),
            Shown(later, f"version 2 and journal: {later}"),
        ],
        palette,
        title=f"Times less energy than the {MACHINES[versus]}",
        subtitle=f"{result.notes['device']}; the {MACHINES[versus]}'s power and time are assumed",
        value="Ratio of the energies",
        alt=describe_ratios(result, versus),
    )


def ratio_table(result: Result) -> dict[str, object]:
    """Millijoule a token and ratios, a row for each model."""
    table: dict[str, object] = {"model": result.notes["models"]}
    for i, head in enumerate(result.notes["heads"]):
        table[f"memory, {head} [mJ]"] = result.array("model_pj")[i].sum(axis=1) / PJ_PER_MJ
    for versus, name in MACHINES.items():
        table[f"{name} [mJ]"] = result.array(f"{versus}_pj") / PJ_PER_MJ
        for i, head in enumerate(result.notes["heads"]):
            table[f"against {name}, {head} [x]"] = energy_ratios(result, versus)[i]
    return table


def conflict() -> dict[str, str]:
    """What follows from the printed ranges alone: by how much they differ, and the powers."""
    (later_gpu, first_gpu), (later_cpu, first_cpu) = energy_bands("gpu"), energy_bands("cpu")
    factors = [
        getattr(first, end) / getattr(later, end)
        for later, first in ((later_gpu, first_gpu), (later_cpu, first_cpu))
        for end in ("low", "high")
    ]
    powers = {}
    for versus, later in (("gpu", later_gpu), ("cpu", later_cpu)):
        speed = bands(SPEEDUP, later.against)[0]
        found = sorted((later.low / speed.low, later.high / speed.high))
        powers[f"{versus}_power"] = f"{found[0]:.2g} to {found[1]:.2g}"
    return {
        "first_gpu": str(first_gpu),
        "first_cpu": str(first_cpu),
        "later_gpu": str(later_gpu),
        "later_cpu": str(later_cpu),
        "least": f"{min(factors):.2f}",
        "most": f"{max(factors):.2f}",
        **powers,
    }
