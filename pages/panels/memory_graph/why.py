"""View 3: one passage's score taken apart, and its rank without a seed, an edge or a fact."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Result
from engine.labs.memory_graph.config import FIRST_FOUND
from engine.labs.memory_graph.views.why import PARTS, describe_rank, draw_parts, part_labels
from pages.kit import (
    View,
    choose,
    explain,
    field_key,
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
from pages.panels.memory_graph.scene import Scene, pick, question_settings


def show_why(scene: Scene) -> None:
    """Choose a passage, see the parts of its score, drop some of them."""
    section(
        "Why this passage?",
        "The score of a passage, taken apart exactly. Drop a seed, an edge or a fact: the walk is "
        "computed anew without it.",
    )
    experiment = scene.lab.experiment("why")
    for name in ("without_seeds", "without_edges", "without_facts"):
        linked(_key(scene, name), "")
    linked(_key(scene, "passage"), FIRST_FOUND, low=FIRST_FOUND)
    obtained = obtain(scene.lab, experiment, form(scene.lab, experiment, fields=()))
    if obtained.result is None:
        return
    result = obtained.result
    _choose_passage(scene, result)
    say(scene.lab, f"**{plain(result.notes['question'])}** {describe_rank(result)}")
    with st.container(border=True):
        st.markdown(plain(result.notes["text"]))
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
    take_away(scene.lab, experiment, obtained)


def _choose_passage(scene: Scene, result: Result) -> None:
    """The passages in the order of their rank, gold ones marked."""
    order = np.argsort(-result.array("scores"), kind="stable").tolist()
    rank = {passage: place for place, passage in enumerate(order, start=1)}
    gold, titles = set(result.notes["gold"]), result.notes["titles"]
    pick(
        "Passage",
        field_key(scene.lab, scene.lab.experiment("why"), "passage"),
        FIRST_FOUND,
        [FIRST_FOUND, *order],
        lambda i: (
            "The one found first"
            if i == FIRST_FOUND
            else f"{rank[i]}. {titles[i]}{' ★' if i in gold else ''}"
        ),
    )


def _drop(scene: Scene, result: Result) -> None:
    """Seeds, last edges and facts of the passage, to be taken away; kept in the URL."""
    seeds = {str(one["place"]): f"{one['node']}: {one['because']}" for one in result.notes["seeds"]}
    pairs = result.array("edge").tolist()
    edges = {
        f"{a}-{b}": f"{here} → {there}"
        for (a, b), (here, there) in zip(pairs, result.notes["edges"], strict=True)
    }
    dropped = [part for part in linked(_key(scene, "without_facts"), "").split(",") if part]
    told = result.notes["dropped_facts"]
    facts = {
        # Another passage's, as long as the figures are those of this link.
        **(dict(zip(dropped, told, strict=True)) if len(dropped) == len(told) else {}),
        **{
            str(place): words
            for place, words in zip(
                result.array("fact").tolist(), result.notes["facts"], strict=True
            )
        },
    }
    left, middle, right = st.columns(3, gap="large")
    with left:
        _several("Without seeds", _key(scene, "without_seeds"), seeds)
    with middle:
        _several("Without edges", _key(scene, "without_edges"), edges)
    with right:
        _several("Without facts", _key(scene, "without_facts"), facts)
    if facts:
        st.caption(
            "A fact is taken out of the whole memory, as if it had never been found in any passage."
        )


def _key(scene: Scene, name: str) -> str:
    return field_key(scene.lab, scene.lab.experiment("why"), name)


def _several(label: str, key: str, options: dict[str, str]) -> None:
    """Some of ``options`` (what is stored -> what is shown), joined by commas in the URL."""
    held = [part for part in linked(key, "").split(",") if part]
    shown = {**{part: part for part in held}, **options}
    widget = f"{key}#menu"
    st.session_state[widget] = held
    st.multiselect(
        label,
        list(shown),
        format_func=lambda part: shown[part],
        key=widget,
        on_change=lambda: select(key, ",".join(st.session_state[widget])),
    )


VIEW = View("Why this passage", question_settings, show_why)
