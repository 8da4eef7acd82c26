"""Figures of one evaluation: error is not damage, so both are shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines

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
    return pd.DataFrame(rows, columns=["Measure", "Unit", "Keys", "Values"])


def describe_damage(result: Result) -> str:
    """What the setting costs, in one sentence with its interval and sample size."""
    m = result.metrics
    positions = result["kl"].size("position")
    return (
        f"The loss moves by {m['delta_nll']:+.4f} nat per token "
        f"(95 % bootstrap interval {m['delta_nll_low']:+.4f} to {m['delta_nll_high']:+.4f}, "
        f"{m['windows']} windows of {positions} predicted tokens); the next token keeps its rank "
        f"of first at {100 * result.number('top1'):.1f} % of the positions."
    )


def draw_kl_percentiles(result: Result, palette: Palette, *, label: str) -> go.Figure:
    """How the next-token KL is spread over the positions: most tokens, and the bad ones."""
    kl = np.maximum(result.array("kl").astype(np.float64).ravel(), 1e-12)
    values = np.percentile(kl, LEVELS)
    return lines(
        [Series(label, LEVELS, values)],
        palette,
        title="Next-token KL by percentile",
        subtitle=f"{kl.size} positions; values below 1e-12 nat are drawn there",
        x=axis("Percentile of positions", "%"),
        y=axis("KL(exact, quantised)", "nat", log=True),
        alt=f"Median next-token KL {np.percentile(kl, 50):.2g} nat, 99th percentile "
        f"{np.percentile(kl, 99):.2g} nat, largest {kl.max():.2g} nat.",
    )
