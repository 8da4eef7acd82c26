"""Memory A beside memory B: totals, the difference of each part, and every token."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import si
from engine.figures import Palette, Series, axis, lines
from engine.figures.axes import compose, escape
from engine.labs.memory_hardware.views.parts import UNITS

SIDES = ("A", "B")


def side_names(result: Result) -> list[str]:
    """ "A: PIM-GPT, timing.rp=18" and the same for B."""
    return [
        f"{side}: {device}" + (f", {change}" if change else "")
        for side, device, change in zip(
            SIDES, result.notes["devices"], result.notes["changes"], strict=True
        )
    ]


def tokens_of(result: Result) -> int:
    """Tokens that were generated."""
    return int(result.array("token_end").shape[1])


def parts_of(result: Result) -> tuple[list[str], np.ndarray]:
    """Parts of the model, all units together, and their mean time a token in ns (side, part)."""
    names = list(dict.fromkeys(result.notes["parts"]))
    time = np.zeros((2, len(names)))
    for i, name in enumerate(result.notes["parts"]):
        time[:, names.index(name)] += result.array("part_ns")[:, i]
    return names, time / tokens_of(result)


def describe(result: Result) -> str:
    """How much longer B takes, and which part decides."""
    a, b = result.number("per_token_ns_a"), result.number("per_token_ns_b")
    times = f"{si(a * 1e-9, 's')} and {si(b * 1e-9, 's')} a token"
    if a == b:
        return f"{result.notes['model']}: A and B take the same time, {si(a * 1e-9, 's')} a token."
    names, time = parts_of(result)
    gap = time[1] - time[0]
    more = gap if b > a else -gap  # of the slower memory
    most = int(np.argmax(more))
    slow, fast = ("B", "A") if b > a else ("A", "B")
    return (
        f"{result.notes['model']}: A and B take {times}; {slow} takes {max(a, b) / min(a, b):.3g} "
        f"times as long as {fast}. {_largest(names[most], more[most], abs(b - a))}"
    )


def _largest(name: str, part: float, whole: float) -> str:
    """The part that adds most to a difference, beside all of it in ns."""
    largest, left = (si(ns * 1e-9, "s") for ns in (part, whole))
    # Where no other part adds anything, the sum may be a rounding off.
    if part <= whole * (1 + 1e-9):
        return f"The largest part is {name}: {largest} of {left}."
    return f"The largest part is {name}: {largest}; others go the other way and leave {left}."


def part_table(result: Result) -> dict[str, object]:
    """Nanoseconds of every part and unit on both sides."""
    time = result.array("part_ns")
    return {
        "part": result.notes["parts"],
        "at work": [UNITS[unit] for unit in result.notes["units"]],
        "A [ns]": time[0],
        "B [ns]": time[1],
        "B - A [ns]": time[1] - time[0],
    }


def draw_differences(result: Result, palette: Palette) -> go.Figure:
    """A bar a part, to the right where B takes longer."""
    names, time = parts_of(result)
    return diverging(
        names,
        (time[1] - time[0]) / 1e3,
        palette,
        title="B minus A, by part",
        subtitle="mean over all tokens, all layers together",
        category="Part",
        value="Difference of the time",
        alt=describe(result),
    )


def diverging(
    names: list[str],
    values: np.ndarray,
    palette: Palette,
    *,
    title: str,
    subtitle: str,
    category: str,
    value: str,
    alt: str,
    words: tuple[str, str] = ("B takes longer", "B takes less"),
) -> go.Figure:
    """Bars in µs on both sides of zero, called ``words``; they differ by colour and pattern."""
    figure = compose(
        palette, title=title, subtitle=subtitle, x=axis(value, "µs"), y=axis(category), alt=alt,
        height=160 + 26 * len(names),
    )  # fmt: skip
    groups = (
        (words[0], values > 0, palette.diverging[5], "/"),
        (words[1], values < 0, palette.diverging[1], ""),
    )
    for name, chosen, colour, pattern in groups:
        at = np.flatnonzero(chosen)
        if len(at):
            figure.add_bar(
                x=values[at], y=at, orientation="h", name=name,
                customdata=[escape(names[i]) for i in at],
                marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.25}},
                hovertemplate="%{customdata}<br><b>%{x:+.4g} µs</b><extra>%{fullData.name}</extra>",
            )  # fmt: skip
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(names))), ticktext=[escape(n) for n in names],
        range=[len(names) - 0.5, -0.5], showgrid=False,
    )  # fmt: skip
    figure.update_xaxes(zeroline=True, zerolinecolor=palette.muted, zerolinewidth=1)
    return figure.update_layout(barmode="overlay", showlegend=True)


def token_ns(result: Result) -> np.ndarray:
    """Nanoseconds of each token (side, token)."""
    ends = result.array("token_end")
    return np.diff(ends, axis=1, prepend=0) * result.array("tck_ns")[:, None]


def token_table(result: Result) -> dict[str, object]:
    """Nanoseconds of each token on both."""
    ns = token_ns(result)
    return {"token": np.arange(1, ns.shape[1] + 1), "A [ns]": ns[0], "B [ns]": ns[1]}


def draw_tokens(result: Result, palette: Palette, *, start: int) -> go.Figure:
    """How long each token takes on both, as its context grows."""
    ns = token_ns(result) / 1e3
    seen = start + 1 + np.arange(ns.shape[1])
    return lines(
        [Series(name, seen, ns[i]) for i, name in enumerate(side_names(result))],
        palette,
        title="Every token on both",
        x=axis("Context with the token itself", "tokens"),
        y=axis("Time", "µs"),
        alt=f"At {seen[-1]:,} tokens of context a token takes {ns[0, -1]:,.1f} µs on A and "
        f"{ns[1, -1]:,.1f} µs on B.",
        height=300,
    )
