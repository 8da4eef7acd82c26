"""Growth: measured costs from 1,000 to 100,000 passages, and what lies beyond one machine."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from engine.core import Lab
from engine.figures import Palette
from engine.labs.memory_graph.growth import Growth, load_growth
from engine.labs.memory_graph.views.growth import (
    ASKING,
    INDEXING,
    TAKING,
    beyond_table,
    draw_asking,
    draw_indexing,
    draw_taking,
    first_limit,
    growth_table,
    moves,
)
from pages.kit import View, badge, explain, palette, say, section, show

FIGURES: dict[str, tuple[Callable[[Growth, Palette], go.Figure], dict[str, str]]] = {
    "asking": (draw_asking, ASKING),
    "indexing": (draw_indexing, INDEXING),
    "taking": (draw_taking, TAKING),
}


def show_growth(lab: Lab) -> None:
    """The measured curves, their exponents, and which part would go to which engine."""
    section(
        "Growth",
        "How far does one machine reach? Straight lines on these axes are powers of the number of "
        "passages; the legend has the exponents. 1 means twice the passages, twice the cost.",
    )
    growth = load_growth()
    badge("measured", "measured", "On a synthetic corpus; processor seconds of one thread.")
    say(lab, first_limit(growth))
    for name, (draw, names) in FIGURES.items():
        figure = draw(growth, palette())
        show(
            figure,
            f"memory_graph_growth_{name}",
            figure.layout.meta["alt"],
            export=lambda names=names: growth_table(growth, names),
        )
    section(
        "Beyond one machine",
        "Where each part meets its limit, and the engine that would take it over. Beyond the "
        "largest size the line is extrapolated with the slope between the two largest.",
    )
    st.dataframe(
        beyond_table(growth),
        hide_index=True,
        width="stretch",
        column_config={
            "Exponent": st.column_config.NumberColumn(format="%.2f"),
            "At the end": st.column_config.NumberColumn(
                format="%.2f", help="exponent between the two largest sizes"
            ),
            "Passages there": st.column_config.NumberColumn(format="localized"),
        },
    )
    say(lab, "\n".join(f"- {sentence}" for sentence in moves(growth)))
    last = {name: growth.figures[name][-1] for name in ("nodes", "edges", "peak_mb", "file_mb")}
    explain(
        lab,
        "Growth",
        passages=f"{int(growth.passages[-1]):,}",
        nodes=f"{int(last['nodes']):,}",
        edges=f"{int(last['edges']):,}",
        peak=f"{last['peak_mb'] / 1000:.1f}",
        file=f"{last['file_mb']:.0f}",
    )


VIEW = View("Growth", lambda lab: lab, show_growth)
