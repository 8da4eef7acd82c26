"""Where the time of a generation goes: by part of the model and by what was at work."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count, percent, si
from engine.figures import Palette, Series, axis, bars, lines

UNITS = {
    "mac": "Multiplying in the banks",
    "write": "Writing keys and values",
    "link": "Link",
    "asic": "ASIC",
    "refresh": "Refresh",
    "read": "Reading the banks",
}


def unit_shares(result: Result) -> dict[str, float]:
    """Share of the whole time by what was at work, the largest first."""
    time = result.array("part_ns")
    units = np.array(result.notes["units"])
    shares = {unit: float(time[units == unit].sum() / time.sum()) for unit in UNITS}
    return {unit: shares[unit] for unit in sorted(shares, key=shares.__getitem__, reverse=True)
            if shares[unit] > 0}  # fmt: skip


def describe(result: Result) -> str:
    """The finding: how long a token takes, and on what."""
    shares = list(unit_shares(result).items())
    words = ", ".join(f"{_within(UNITS[unit])} {percent(share)}" for unit, share in shares[:4])
    each = si(result.number("per_token_ns") * 1e-9, "s")
    return (
        f"{result.notes['model']} on {result.notes['device']}: {each} a token on average; {words}."
    )


def _within(words: str) -> str:
    """As it stands within a sentence: ASIC keeps its capitals."""
    return words if words.isupper() else words.lower()


def part_table(result: Result) -> dict[str, object]:
    """Nanoseconds of every part and unit."""
    return {
        "part": result.notes["parts"],
        "at work": [UNITS[unit] for unit in result.notes["units"]],
        "ns": result.array("part_ns"),
    }


def draw_parts(result: Result, palette: Palette) -> go.Figure:
    """A bar a part, stacked by what was at work."""
    time, notes = result.array("part_ns"), result.notes
    parts = list(dict.fromkeys(notes["parts"]))
    groups = {}
    for unit, words in UNITS.items():
        values = np.full(len(parts), np.nan)
        for part, at, ns in zip(notes["parts"], notes["units"], time, strict=True):
            if at == unit:
                values[parts.index(part)] = ns / result.array("token_end").size / 1e3
        if not np.isnan(values).all():
            groups[words] = values
    return bars(
        parts,
        groups,
        palette,
        title="A token by its parts",
        subtitle="mean over all tokens (the prompt's too), all layers together",
        category="Part",
        value=axis("Time", "µs"),
        horizontal=True,
        stacked=True,
        alt=describe(result),
        height=160 + 30 * len(parts),
    )


def token_ns(result: Result) -> np.ndarray:
    """Nanoseconds of each token (tokens,)."""
    return np.diff(result.array("token_end"), prepend=0) * result.number("tck_ns")


def draw_tokens(result: Result, palette: Palette, *, start: int, token: int) -> go.Figure:
    """How long each token takes, as its context grows; the chosen one is marked."""
    ns = token_ns(result) / 1e3
    seen = start + 1 + np.arange(len(ns))
    alt = (
        f"A token takes {ns[0]:,.1f} µs at {count(seen[0], 'token')} of context and "
        f"{ns[-1]:,.1f} µs at {seen[-1]:,}."
    )
    return lines(
        [Series("Time of a token", seen, ns, marks=[token], mark="the chosen token")],
        palette,
        title="Every token",
        x=axis("Context with the token itself", "tokens"),
        y=axis("Time", "µs"),
        alt=alt,
        height=260,
    )


def draw_thumbnail(result: Result, palette: Palette) -> go.Figure:
    """The gallery's figure: a token by what was at work."""
    shares = unit_shares(result)
    each = result.number("per_token_ns") / 1e3
    return bars(
        [UNITS[unit] for unit in shares],
        {"Time": np.array([share * each for share in shares.values()])},
        palette,
        title="A token in the memory",
        subtitle="mean over all tokens",
        category="At work",
        value=axis("Time", "µs"),
        horizontal=True,
        alt=describe(result),
    )
