"""The parts of the bench below its grid: ablations, the paper's figures, all methods."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_graph.published import MARKS, ablations, tables
from engine.labs.memory_graph.views.bench import MEASURES
from engine.labs.memory_graph.views.bench_bars import (
    describe_ablations,
    draw_ablations,
    draw_groups,
    draw_hops,
    draw_methods,
    method_names,
)
from engine.labs.memory_graph.views.claims import retrieval_claims
from engine.labs.memory_graph.views.published import (
    beside_table,
    comparable,
    describe_order,
    draw_beside,
)
from pages.kit import badge, palette, say, section, show, show_claims


def show_ablations(lab: Lab, result: Result, measure: str) -> None:
    """What each part of the method is worth."""
    section("What each part is worth")
    _show(
        draw_ablations(result, palette(), measure=measure),
        "memory_graph_ablations",
        lambda: _columns(result, "ablation", result.notes["ablations"]),
    )
    say(lab, describe_ablations(result, measure))


def show_published(lab: Lab, result: Result, measure: str) -> None:
    """The paper's figures beside ours, with their places."""
    section("The paper's figures beside these")
    with st.container(horizontal=True):
        badge("published", "published")
        badge("measured here", "measured")
    say(lab, f"**{comparable(result)}**")
    if result.notes["walks"] == "hipporag":
        shown = measure if ablations(measure) else "recall@5"
        if shown != measure:
            st.caption(f"The paper has no ablations of {MEASURES[measure]}; this is Recall@5.")
        _show(
            draw_beside(result, palette(), measure=shown),
            "memory_graph_beside",
            lambda: {
                "part left out": list(ablations(shown)),
                f"published {shown} [%]": list(ablations(shown).values()),
                f"here {shown} [%]": _columns(result, "ablation", result.notes["ablations"])[
                    f"{shown} [%]"
                ],
            },
        )
        say(lab, describe_order(result, shown))
    else:
        st.caption("The ablations above are switches of this lab; the paper leaves out others.")
    if weight := result.notes["entity_weight"]:
        say(
            lab,
            f"HippoRAG 2 also starts at the names of the question here (entity weight {weight:g}); "
            "as published it does not, which is entity weight 0.",
        )
    show_claims(retrieval_claims(result, measure))
    table = beside_table(result)
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        column_config={
            "Source": st.column_config.TextColumn(width="large"),
            **{
                name: st.column_config.NumberColumn(format="%.1f")
                for name in table[0]
                if "%" in name
            },
        },
    )
    with st.expander("All published tables", key="memory_graph.tables", on_change="rerun") as more:
        if more.open:
            for known in tables().values():
                place = f"[{known.source}]({known.url})" if known.url else known.source
                st.markdown(f"**{known.title}**  \n{place}; {MARKS[known.mark]}.")
                st.dataframe(known.records(), hide_index=True, width="stretch")


def show_methods(lab: Lab, result: Result, measure: str) -> None:
    """All methods, over all questions, by group and by hop."""
    section("Every method", "All at the settings on the left, on the same questions.")
    _show(
        draw_methods(result, palette(), measure=measure),
        "memory_graph_methods",
        lambda: _columns(result, "method", method_names(result)),
    )
    if "group" in result.fields:
        _show(
            draw_groups(result, palette(), measure=measure),
            "memory_graph_groups",
            lambda: _table(result, "group", result.notes["groups"], result.notes["measures"]),
        )
    if "hop" in result.fields:
        hops = [str(hop + 1) for hop in range(len(result.notes["hop_sizes"]))]
        cutoffs = [f"found@{k}" for k in result.notes["cutoffs"]]
        _show(
            draw_hops(result, palette(), measure=measure),
            "memory_graph_hops",
            lambda: _table(result, "hop", hops, cutoffs),
        )
    if result.notes["absent"]:
        st.caption("The dense retriever is left out: this memory came without sentence vectors.")


def _show(figure: go.Figure, key: str, export: Any) -> None:
    show(figure, key, figure.layout.meta["alt"], export=export)


def _columns(result: Result, field: str, names: list[str]) -> dict[str, Any]:
    """A row a name: every measure with its interval."""
    means, ends = result.array(f"{field}_mean"), result.array(f"{field}_interval")
    columns: dict[str, Any] = {field: names}
    for i, measure in enumerate(result.notes["measures"]):
        columns[f"{measure} [%]"] = means[:, i]
        columns[f"{measure}, low"] = ends[:, 0, i]
        columns[f"{measure}, high"] = ends[:, 1, i]
    return columns


def _table(result: Result, field: str, inner: list[str], measures: list[str]) -> dict[str, Any]:
    """A row for each method and group or hop."""
    values = result.array(field)
    rows = [(m, i) for m in range(len(values)) for i in range(len(inner))]
    return {
        "method": [method_names(result)[m] for m, _ in rows],
        field: [inner[i] for _, i in rows],
        **{
            f"{measure} [%]": [float(values[m, i, k]) for m, i in rows]
            for k, measure in enumerate(measures)
        },
    }
