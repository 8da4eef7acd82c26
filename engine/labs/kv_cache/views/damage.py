"""Figures of one evaluation: error is not damage, so both are shown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count
from engine.figures import Palette, Series, axis, lines

FLOOR_NAT = 1e-12
LEVELS = np.array([1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 100])


def damage_table(result: Result) -> pd.DataFrame:
    """Every measure of an evaluation, keys and values side by side, with units."""
    m = result.metrics
    rows = [
        ("True bits per value", "bit", m["bits_key"], m["bits_value"]),
        ("Relative RMSE", "1", m["relative_rmse_key"], m["relative_rmse_value"]),
        ("Largest error", "1", m["max_error_key"], m["max_error_value"]),
        ("Signal to quantisation noise", "dB", m["sqnr_key_db"], m["sqnr_value_db"]),
        ("RMS logit error", "1", m["logit_error"], None),
        ("Attention KL", "nat", m["attention_kl"], None),
    ]
    shown = [
        (title, unit, *("–" if value is None else f"{value:.4g}" for value in values))
        for title, unit, *values in rows
    ]
    return pd.DataFrame(shown, columns=["Measure", "Unit", "Keys", "Values"])


def describe_damage(result: Result) -> str:
    """What the setting costs, in one sentence with its interval and sample size."""
    m = result.metrics
    positions = result["kl"].size("position")
    interval = (
        "no interval from one window"
        if m["delta_nll_low"] is None
        else f"95 % bootstrap interval {m['delta_nll_low']:+.4f} to {m['delta_nll_high']:+.4f}"
    )
    windows = count(result.number("windows"), "window")
    return (
        f"The loss moves by {m['delta_nll']:+.4f} nat per token "
        f"({interval}, {windows} of {positions} predicted tokens); "
        f"the next token keeps its rank of first at {100 * result.number('top1'):.1f} % of the "
        "positions."
    )


COMPARED = {
    "delta_nll": ("Loss change", "nat"),
    "kl": ("Mean KL", "nat"),
    "kl_p99": ("KL, 99th percentile", "nat"),
    "top1": ("Top-1 agreement", "1"),
    "bits_key": ("Bits per key", "bit"),
    "bits_value": ("Bits per value", "bit"),
    "bytes_per_token": ("Bytes per token", "B"),
    "relative_rmse_key": ("RMSE of keys", "1"),
    "relative_rmse_value": ("RMSE of values", "1"),
    "logit_error": ("RMS logit error", "1"),
    "attention_kl": ("Attention KL", "nat"),
}


def compare_table(first: Result, second: Result) -> pd.DataFrame:
    """Both evaluations and their difference, a row a measure; narrow enough for half a page."""
    rows = [
        (title if unit == "1" else f"{title} ({unit})", first.number(name), second.number(name),
         second.number(name) - first.number(name))
        for name, (title, unit) in COMPARED.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["Measure", "A", "B", "B - A"])


def draw_kl_percentiles(results: Mapping[str, Result], palette: Palette) -> go.Figure:
    """How the next-token KL is spread over the positions: most tokens, and the bad ones."""
    spread = {
        name: np.maximum(result.array("kl").astype(np.float64).ravel(), FLOOR_NAT)
        for name, result in results.items()
    }
    return lines(
        [Series(name, LEVELS, np.percentile(kl, LEVELS)) for name, kl in spread.items()],
        palette,
        title="Next-token KL by percentile",
        subtitle=f"{max(kl.size for kl in spread.values())} positions; values below "
        f"{FLOOR_NAT:g} nat are drawn there",
        x=axis("Percentile of positions", "%"),
        y=axis("KL(exact, quantised)", "nat", log=True),
        alt="; ".join(
            f"{name}: median next-token KL {np.percentile(kl, 50):.2g} nat, 99th percentile "
            f"{np.percentile(kl, 99):.2g} nat, largest {kl.max():.2g} nat"
            for name, kl in spread.items()
        ),
    )
