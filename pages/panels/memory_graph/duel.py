"""View 2: retrievers side by side on one question, and over all of them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core import Result
from engine.labs.memory_graph.views.duel import (
    FILTERS,
    Filter,
    describe_question,
    draw_rank_flow,
    draw_recall,
    filtered,
    method_names,
    passage_names,
    place_table,
)
from pages.kit import (
    View,
    choose,
    explain,
    form,
    obtain,
    palette,
    plain,
    say,
    section,
    show,
    take_away,
)
from pages.panels.memory_graph.scene import Scene, left_out, question_settings


def show_duel(scene: Scene) -> None:
    """Rank flow and first places of the chosen question; recall of all questions."""
    section(
        "Retrievers side by side",
        "The same question, the same passages. A line follows each gold passage through the "
        "rankings; losses are as visible as wins. Without gold it follows what each found first.",
    )
    experiment = scene.lab.experiment("duel")
    obtained = obtain(scene.lab, experiment, form(scene.lab, experiment, fields=()))
    if obtained.result is None:
        return
    result = obtained.result
    at = _chosen(scene, result) if result.notes["gold"] else 0
    if at is None:
        return
    _one_question(scene, result, at)
    if result.notes["gold"]:
        _all_questions(result)
    if result.notes["absent"]:
        st.caption(
            "The dense retriever is left out: there are no sentence vectors for "
            + ("these passages and questions." if result.notes["gold"] else "this question.")
        )
    left_out(result)
    explain(scene.lab, "Duel")
    take_away(scene.lab, experiment, obtained)


def _chosen(scene: Scene, result: Result) -> int | None:
    """The chosen question, or the first of the wanted kind; None where there is none."""
    which: Filter = choose("Questions", dict(FILTERS), "memory_graph.filter")
    kept = filtered(result, which)
    if not kept:
        st.markdown("No question is of that kind.")
        return None
    at = scene.asked.question
    if at not in kept:
        at = kept[0]
        st.caption(f"The chosen question is not among these {len(kept)}; the first one is shown.")
    return at


def _one_question(scene: Scene, result: Result, at: int) -> None:
    question = result.notes["questions"][at]
    answer = f" Answer: **{question['answer']}**." if question["answer"] else ""
    made = f" ({question['made']})" if question["made"] else ""
    say(scene.lab, f"**{plain(question['text'])}**{made}{answer}")
    figure = draw_rank_flow(result, palette(), question=at)
    show(
        figure,
        "memory_graph_flow",
        describe_question(result, at),
        export=lambda: _ranks(result, at),
    )
    say(scene.lab, describe_question(result, at))
    st.dataframe(place_table(result, at), hide_index=True, width="stretch")
    star = "; a star marks gold" if result.notes["gold"] else ""
    st.caption(f"The first five passages of each retriever{star}.")
    if question["hops"]:
        with st.expander("The question taken apart"):
            for text, answer, passage in question["hops"]:
                title = result.notes["passages"][passage]["title"]
                st.markdown(f"{plain(text)} **{plain(answer)}** (in: {plain(title)})")


def _ranks(result: Result, at: int) -> dict[str, Any]:
    """A row for each retriever, a column for each passage that is followed."""
    followed = [p for p in result.array("followed")[at].tolist() if p >= 0]
    names = passage_names(result, followed)
    ranks = result.array("rank")[:, at]
    columns = {f"{name} ({p}) [rank]": ranks[:, i] for i, (name, p) in
               enumerate(zip(names, followed, strict=True))}  # fmt: skip
    return {"retriever": method_names(result), **columns}


def _all_questions(result: Result) -> None:
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


VIEW = View("Duel", question_settings, show_duel)
