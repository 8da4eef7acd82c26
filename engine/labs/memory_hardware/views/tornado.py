"""Which constants the time and the energy of a memory depend on: a tornado."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis
from engine.figures.axes import compose, escape
from engine.labs.memory_hardware.constants import unit_of

Of = Literal["ns", "pj"]
# Behind a name, so that bars have room beside it on a phone; other sources show under the pointer.
ASSUMED = " *"
OF: dict[Of, tuple[str, str]] = {"ns": ("time", "Time"), "pj": ("energy", "Energy")}


@dataclass(frozen=True, eq=False)
class Bars:
    """The constants that something depends on, the widest first; ``idle`` are the others.

    ``change`` and ``value`` (constant, end): a share of the whole, NaN where there is no such
    memory, and the value of the constant.
    """

    names: list[str]
    sources: list[str]
    change: np.ndarray
    value: np.ndarray
    idle: list[str]


def known(result: Result) -> tuple[Of, ...]:
    """Time, and energy where the currents are known."""
    return ("ns",) if result.metrics["base_pj"] is None else ("ns", "pj")


def bars_of(result: Result, of: Of) -> Bars:
    """What changes the whole time or energy, and what does not."""
    change = result.array(f"total_{of}") / result.number(f"base_{of}") - 1
    filled = np.column_stack([np.nan_to_num(change), np.zeros(len(change))])
    reach = filled.max(axis=1) - filled.min(axis=1)
    kept = [i for i in np.argsort(-reach, kind="stable") if reach[i] > 1e-9]
    names = result.notes["constants"]
    return Bars(
        [names[i] for i in kept],
        [result.notes["sources"][i] for i in kept],
        change[kept],
        result.array("value")[kept],
        [name for name, telling in zip(names, reach > 1e-9, strict=True) if not telling],
    )


def describe_tornado(result: Result, of: Of) -> str:
    """The three constants that matter most."""
    found = bars_of(result, of)
    if not found.names:
        return f"No constant changes the {OF[of][0]}."
    words = ", ".join(
        f"{name} ({' to '.join(f'{100 * c:+.3g} %' for c in np.sort(ends[~np.isnan(ends)]))})"
        for name, ends in zip(found.names[:3], found.change[:3], strict=True)
    )
    return f"What the {OF[of][0]} depends on most: {words}."


def tornado_table(result: Result) -> dict[str, object]:
    """A row for each constant: its values, totals and where it comes from."""
    table: dict[str, object] = {
        "constant": result.notes["constants"],
        "from": result.notes["sources"],
        "now": result.array("now"),
    }
    for end, words in enumerate(("divided", "multiplied")):
        table[words] = result.array("value")[:, end]
        for of, unit in (("ns", "ns"), ("pj", "pJ")):
            table[f"{words} [{unit}]"] = result.array(f"total_{of}")[:, end]
    return table


def draw_tornado(result: Result, palette: Palette, *, of: Of) -> go.Figure:
    """A line for each constant, the widest on top; both ends from the whole as it is."""
    found, factor = bars_of(result, of), result.number("factor")
    figure = compose(
        palette,
        title=f"{OF[of][1]} by constant",
        subtitle=f"{result.notes['device']}; {result.notes['model']}, {_tokens(result)}; one "
        f"constant at a time, divided and multiplied by {factor:g}",
        x=axis("Change", "%"),
        y=axis(f"Constant ({ASSUMED.strip()} assumed)"),
        alt=describe_tornado(result, of),
        height=170 + 24 * len(found.names),
    )
    ends = (
        (f"divided by {factor:g}", palette.category(0), ""),
        (f"multiplied by {factor:g}", palette.category(1), "/"),
    )
    for end, (words, colour, pattern) in enumerate(ends):
        figure.add_bar(
            x=100 * found.change[:, end],
            y=np.arange(len(found.names)),
            orientation="h",
            name=words,
            customdata=[
                [escape(name), f"{at:,.6g} {unit_of(name)}".rstrip(), source]
                for name, at, source in zip(
                    found.names, found.value[:, end], found.sources, strict=True
                )
            ],
            marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.25}},
            hovertemplate="%{customdata[0]} (%{customdata[2]}) = %{customdata[1]}<br>"
            "<b>%{x:+.4g} %</b>"
            "<extra>%{fullData.name}</extra>",
        )
    labels = [
        name + (ASSUMED if source == "assumed" else "")
        for name, source in zip(found.names, found.sources, strict=True)
    ]
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(labels))),
        ticktext=[escape(label) for label in labels],
        range=[len(labels) - 0.5, -0.5], showgrid=False,
    )  # fmt: skip
    figure.update_xaxes(zeroline=True, zerolinecolor=palette.muted, zerolinewidth=1)
    return figure.update_layout(barmode="overlay", showlegend=True)


def _tokens(result: Result) -> str:
    """ "1,024 tokens", "8 tokens after 300 others"."""
    start = int(result.number("start"))
    return f"{int(result.number('tokens')):,} tokens" + (
        f" after {start:,} others" if start else ""
    )
