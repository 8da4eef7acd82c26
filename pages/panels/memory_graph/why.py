"""View 3: one passage's score taken apart, and its rank without a seed or an edge."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Result
from engine.labs.memory_graph.views.why import PARTS, describe_rank, draw_parts, part_labels
from pages.kit import (
    choose,
    explain,
    field_key,
    form,
    obtain,
    palette,
    say,
    section,
    select,
    show,
    take_away,
)
from pages.panels.memory_graph.scene import Scene


def show_why(scene: Scene) -> None:
    """Choose a passage, see the parts of its score, drop some of them."""
    section(
        "Why this passage?",
        "The score of a passage, taken apart exactly. Drop a seed or an edge: the walk is computed "
        "anew without it.",
    )
    experiment = scene.lab.experiment("why")
    obtained = obtain(scene.lab, experiment, form(scene.lab, experiment, fields=()))
    if obtained.result is None:
        return
    result = obtained.result
    _choose_passage(scene, result, obtained.config.passage)
    say(scene.lab, f"**{result.notes['question']}** {describe_rank(result)}")
    with st.container(border=True):
        st.markdown(result.notes["text"])
    _drop(scene, result)
    part = choose("Parts", dict(PARTS), "memory_graph.part")
    figure = draw_parts(result, palette(), part=part)
    show(
        figure,
        "memory_graph_parts",
        figure.layout.meta["alt"],
        export=lambda: {
            PARTS[part]: part_labels(result, part),
            "mass": result.array(f"by_{part}"),
        },
    )
    explain(
        scene.lab,
        "Why",
        mass=f"{result.number('mass'):.6g}",
        by_seed=f"{result.number('sum_by_seed'):.6g}",
    )
    take_away(scene.lab, experiment, obtained.config, result)


def _choose_passage(scene: Scene, result: Result, at: int) -> None:
    """The passages in the order of their rank, gold ones marked."""
    order = np.argsort(-result.array("scores"), kind="stable").tolist()
    gold = set(result.notes["gold"])
    titles = result.notes["titles"]
    key = field_key(scene.lab, scene.lab.experiment("why"), "passage")
    chosen = st.selectbox(
        "Passage",
        order,
        index=order.index(at) if at in order else 0,
        format_func=lambda i: f"{order.index(i) + 1}. {titles[i]}{' ★' if i in gold else ''}",
        key=f"{key}#menu.{at}",
    )
    if chosen != at:
        select(key, int(chosen))
        st.rerun()


def _drop(scene: Scene, result: Result) -> None:
    experiment = scene.lab.experiment("why")
    seeds = {one["place"]: f"{one['node']}: {one['because']}" for one in result.notes["seeds"]}
    pairs = [tuple(pair) for pair in result.array("edge").tolist()]
    names = {pair: f"{a} → {b}" for pair, (a, b) in zip(pairs, result.notes["edges"], strict=True)}
    left, right = st.columns(2, gap="large")
    question = result.notes["question"]
    dropped = left.multiselect(
        "Without seeds",
        list(seeds),
        format_func=seeds.get,
        key=f"memory_graph.drop.seeds.{question}",
    )
    cut = right.multiselect(
        "Without edges", pairs, format_func=names.get, key=f"memory_graph.drop.edges.{question}"
    )
    wanted = {
        "without_seeds": ",".join(str(i) for i in sorted(dropped)),
        "without_edges": ",".join(f"{a}-{b}" for a, b in cut),
    }
    changed = False
    for name, value in wanted.items():
        key = field_key(scene.lab, experiment, name)
        if st.session_state.get(key, "") != value:
            st.session_state[key] = value
            changed = True
    if changed:
        st.rerun()
