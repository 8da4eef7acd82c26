"""View 1: mass spreading over the map, step by step, and what it does to the gold."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from engine.core import Result
from engine.labs.memory_graph.views.wavefront import (
    describe_ranks,
    draw_gold_ranks,
    draw_step_recall,
    ranking_table,
    step_names,
)
from pages.kit import (
    View,
    explain,
    form,
    linked,
    obtain,
    palette,
    plain,
    say,
    section,
    select,
    show,
    take_away,
)
from pages.kit.components.graph import EdgeKind, NodeKind, graph
from pages.panels.memory_graph.scene import Scene, question_settings

STEP = "memory_graph.step"
NODE = "memory_graph.node"


def show_wavefront(scene: Scene) -> None:
    """The map with its steps, the ranks behind it, and the passages found."""
    section(
        "How the question spreads",
        "The walk starts at the names of the question. Play it, or drag the slider; larger is more "
        "mass, and thick edges carry it. Click a node to read it.",
    )
    experiment = scene.lab.experiment("wavefront")
    config = form(scene.lab, experiment, fields=())
    obtained = obtain(scene.lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    say(scene.lab, _question_words(result))
    steps = result["mass"].size("step")
    step = linked(STEP, min(2, steps - 1), low=0, high=steps - 1)
    _map(result, step)
    say(scene.lab, describe_ranks(result))
    if "gold_rank" in result.fields:
        figure = draw_gold_ranks(result, palette(), step=step)
        show(
            figure,
            "memory_graph_ranks",
            figure.layout.meta["alt"],
            export=lambda: {
                "step": np.arange(steps),
                **{f"gold {i + 1}": column for i, column in enumerate(result.array("gold_rank").T)},
            },
        )
        figure = draw_step_recall(result, palette(), step=step)
        show(
            figure,
            "memory_graph_step_recall",
            figure.layout.meta["alt"],
            export=lambda: {
                "step": np.arange(steps),
                **{
                    f"recall@{k} [%]": column
                    for k, column in zip(
                        result.notes["cutoffs"], result.array("recall").T, strict=True
                    )
                },
            },
        )
    st.subheader(f"Passages after {step_names(result)[step]}", anchor=False)
    st.dataframe(
        ranking_table(result, step),
        hide_index=True,
        width="stretch",
        column_config={"Share [%]": st.column_config.NumberColumn(format="%.2f")},
    )
    explain(
        scene.lab,
        "Wavefront",
        seeds=int(result.number("seeds")),
        reached=int(result.number("reached")),
        nodes=int(result.number("nodes")),
        steps=steps - 1,
    )
    take_away(scene.lab, experiment, obtained)


def _question_words(result: Result) -> str:
    notes = result.notes
    links = ", ".join(f"*{name}* as **{node}**" for name, node, _ in notes["links"]) or "no name"
    answer = f" Answer: **{notes['answer']}**." if notes["answer"] else ""
    return f"**{notes['question']}**{answer}  \nThe question names {links}."


def _map(result: Result, step: int) -> None:
    colours = palette()
    phrases = int(result.number("phrases"))
    mass = result.array("mass").astype(np.float64)
    # Phrases and passages count different things: each kind has its own largest.
    parts = [mass[:, :phrases], mass[:, phrases:]]
    weight = np.hstack([part / (part.max() or 1.0) for part in parts])
    edges, kinds = result.array("edges"), result.array("edge_kind")
    flow = result.array("flow")
    order = np.argsort(-flow.max(axis=0), kind="stable")
    chosen = linked(NODE, -1, low=-1, high=len(weight[0]) - 1)

    def choose(nodes: tuple[int, ...]) -> None:
        select(NODE, nodes[0] if nodes else -1)

    graph(
        result.array("xy"),
        edges[order],
        key="memory_graph_map",
        palette=colours,
        title="The map of the memory",
        labels=result.notes["labels"],
        kinds=[
            NodeKind("phrase", colours.category(0)),
            NodeKind("passage", colours.category(1), "square"),
        ],
        kind=result.array("passage"),
        edge_kinds=[
            EdgeKind("fact", colours.muted),
            EdgeKind("alike", colours.category(2), (4, 3)),
            EdgeKind("stands in", colours.grid),
        ],
        edge_kind=kinds[order],
        weight=weight,
        flow=flow[:, order],
        frame_names=step_names(result),
        frame_title="Step of the walk",
        frame=step,
        on_frame=lambda frame: select(STEP, frame),
        marked=[phrases + i for i in result.notes["gold"]],
        marked_name="gold passage",
        readouts={"mass": (mass, "1")},
        selected=(chosen,) if chosen >= 0 else (),
        on_select=choose,
        height=560,
        alt=describe_ranks(result),
    )
    _chosen(result, chosen)


def _chosen(result: Result, node: int) -> None:
    """The text of a chosen passage."""
    phrases = int(result.number("phrases"))
    if node < phrases:
        return
    passage: dict[str, Any] = result.notes["passages"][node - phrases]
    with st.container(border=True):
        st.markdown(f"**{plain(passage['title'])}** {plain(passage['when'])}")
        st.markdown(plain(passage["text"]))


VIEW = View("Wavefront", question_settings, show_wavefront)
