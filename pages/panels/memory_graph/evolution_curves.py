"""A-MEM over all steps: what adds up, and whether more evidence is found."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Result
from engine.labs.memory_graph.config import EvolutionConfig
from engine.labs.memory_graph.views.evolution import COUNTS, draw_growth, draw_recall
from engine.labs.memory_graph.views.evolution_step import frame_names
from pages.kit import choose, palette, plain, section, show


def show_growth(result: Result, step: int) -> None:
    """Links and edits, summed up or step by step."""
    section("Growth")
    count = choose("Count", COUNTS, "memory_graph.evolution_count", label_visibility="collapsed")
    figure = draw_growth(result, palette(), step=step, count=count)
    show(
        figure,
        "memory_graph_growth",
        figure.layout.meta["alt"],
        export=lambda: {
            "notes": np.arange(1, int(result.number("notes")) + 1),
            **{name: result.array(name) for name in ("links_made", "notes_changed", "edits")},
        },
    )


def show_recall(result: Result, config: EvolutionConfig, step: int) -> None:
    """Recall with and without evolution as notes arrive, and the visitor's own question."""
    section("Does evolution find more?")
    if "recall" not in result.fields:
        st.markdown(
            "This memory came without questions whose gold passages it holds, so that recall "
            "cannot be measured. Give a file of questions on the left."
        )
    else:
        figure = draw_recall(result, palette(), step=step, k=config.evidence_at)
        show(
            figure,
            "memory_graph_evidence",
            figure.layout.meta["alt"],
            export=lambda: {
                "notes": result.array("checkpoint"),
                "questions": result.array("answered"),
                "without evolution [%]": result.array("recall")[0],
                "with evolution [%]": result.array("recall")[1],
            },
        )
    _asked(result, config)


def _asked(result: Result, config: EvolutionConfig) -> None:
    """What both memories find for the visitor's own question."""
    asked = result.notes["asked"]
    if not asked:
        return
    names = frame_names(result)
    st.markdown(f"**{plain(config.ask)}**")
    for column, (side, title) in zip(
        st.columns(2, gap="large"),
        (("before", "Without evolution"), ("after", "With evolution")),
        strict=True,
    ):
        with column:
            st.markdown(title)
            st.dataframe(
                [
                    {
                        "Note": names[note],
                        "Cosine": cosine,
                        "Through": "" if via < 0 else f"link of {names[via]}",
                    }
                    for note, cosine, via in asked[side]
                ],
                hide_index=True,
                width="stretch",
                column_config={"Cosine": st.column_config.NumberColumn(format="%.3f")},
            )
