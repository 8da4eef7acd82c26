"""View 2: retrievers side by side on one question, and over all of them."""

from __future__ import annotations

import streamlit as st

from engine.labs.memory_graph.views.duel import (
    FILTERS,
    Filter,
    describe_question,
    draw_rank_flow,
    draw_recall,
    filtered,
    method_names,
    place_table,
)
from pages.kit import choose, explain, form, obtain, palette, say, section, show, take_away
from pages.panels.memory_graph.scene import Scene, View, question_settings


def show_duel(scene: Scene) -> None:
    """Rank flow and first places of the chosen question; recall of all questions."""
    section(
        "Retrievers side by side",
        "The same question, the same passages. A line follows each gold passage through the "
        "rankings; losses are as visible as wins.",
    )
    experiment = scene.lab.experiment("duel")
    obtained = obtain(scene.lab, experiment, form(scene.lab, experiment, fields=()))
    if obtained.result is None:
        return
    result = obtained.result
    which: Filter = choose("Questions", dict(FILTERS), "memory_graph.filter")
    kept = filtered(result, which)
    if not kept:
        st.markdown("No question is of that kind.")
        return
    at = scene.asked.question
    if at not in kept:
        at = kept[0]
        st.caption(f"The chosen question is not among these {len(kept)}; the first one is shown.")
    question = result.notes["questions"][at]
    say(scene.lab, f"**{question['text']}** Answer: **{question['answer']}**.")
    figure = draw_rank_flow(result, palette(), question=at)
    show(
        figure,
        "memory_graph_flow",
        describe_question(result, at),
        export=lambda: {
            "retriever": method_names(result),
            **{
                f"gold {i + 1} rank": column
                for i, column in enumerate(result.array("gold_rank")[:, at].T)
            },
        },
    )
    say(scene.lab, describe_question(result, at))
    st.dataframe(place_table(result, at), hide_index=True, width="stretch")
    st.caption("The first five passages of each retriever; a star marks gold.")
    if question["hops"]:
        with st.expander("The question taken apart"):
            for text, answer, passage in question["hops"]:
                title = result.notes["passages"][passage]["title"]
                st.markdown(f"{text} **{answer}** (in: {title})")
    section(f"Over {len(result.notes['questions'])} questions")
    figure = draw_recall(result, palette())
    show(
        figure,
        "memory_graph_recall",
        figure.layout.meta["alt"],
        export=lambda: {
            "retriever": method_names(result),
            **{
                f"recall@{k} [%]": result.array("recall")[:, :, i].mean(axis=1)
                for i, k in enumerate(result.notes["cutoffs"])
            },
        },
    )
    if result.notes["absent"]:
        st.caption("The dense retriever is left out: this corpus came without sentence vectors.")
    explain(scene.lab, "Duel")
    take_away(scene.lab, experiment, obtained)


VIEW = View("Duel", question_settings, show_duel)
