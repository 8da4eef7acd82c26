"""CoAT: the search tree simulation by simulation, and whether association helps."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Config, Experiment, Lab, Result
from engine.labs.memory_graph.views.claims import association_claims
from engine.labs.memory_graph.views.coat import (
    MEASURES,
    bin_colours,
    bin_names,
    describe_tree,
    draw_difference,
    draw_gain,
    draw_tree,
    draw_uct,
    frame_names,
    node_labels,
    path_words,
    value_bins,
)
from pages.kit import (
    badge,
    choose,
    explain,
    linked,
    obtain,
    offer,
    palette,
    plain,
    say,
    section,
    select,
    show,
    show_claims,
    take_away,
)
from pages.kit.components.graph import EdgeKind, NodeKind, graph
from pages.panels.memory_graph.scene import left_out

FIELDS = (
    *("simulations", "beta", "exploration", "search_depth"),
    *("children", "associations", "tree_seed"),
)
FRAME = "memory_graph.frame"
NODE = "memory_graph.tree_node"
MEASURE = "memory_graph.measure"
OFFLINE = (
    "The paper asks a language model for thoughts and associations. Here a thought is a fact of "
    "the graph and its associations are the entities of most personalised PageRank. The value "
    "formula and β = 0.1 are from memory, unverified."
)


def show_coat(lab: Lab, experiment: Experiment, config: Config) -> None:
    """The tree with its slider, the chosen thought, and the gain over all questions."""
    section(
        "A search tree of thoughts",
        "Each simulation walks down by UCT, adds one thought and backs its value up. Play it; "
        "area is visits, colour is value. Click a thought to read it.",
    )
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    say(lab, _question_words(result))
    last = result["frame"].size("frame") - 1
    frame = linked(FRAME, last, low=0, high=last)
    best = int(result.array("best")[-1])
    node = linked(NODE, best, low=0, high=len(result.notes["nodes"]) - 1)
    _tree(result, frame, node)
    _path(result)
    with st.container(horizontal=True):
        badge("a rule-based stand-in for the language model", "assumed", OFFLINE)
        badge("details from memory, unverified", "warn", OFFLINE)
    left_out(result)
    _chosen(result, frame, node)
    _gain(lab, result)
    value, explore = result.array("value")[frame, node], result.array("explore")[frame, node]
    numbers = {}
    if np.isfinite(value) and np.isfinite(explore):
        numbers = {
            "thought": plain(result.notes["nodes"][node]["entity"]),
            "value": f"{value:.3f}",
            "explore": f"{explore:.3f}",
            "uct": f"{value + explore:.3f}",
        }
    explain(lab, "CoAT", **numbers)
    take_away(lab, experiment, obtained)


def _question_words(result: Result) -> str:
    notes = result.notes
    answer = f" Answer: **{plain(notes['answer'])}**." if notes["answer"] else ""
    made = " (made here, since this memory came without questions)" if notes["made"] else ""
    wanted = ", ".join(f"*{plain(word)}*" for word in notes["wanted"])
    return (
        f"**{plain(notes['question'])}**{made}{answer}  \n"
        f"The search starts at **{plain(notes['start'])}** and wants {wanted}."
    )


def _tree(result: Result, frame: int, node: int) -> None:
    colours = palette()
    xy = result.array("xy").astype(np.float64)
    across = np.ptp(xy[:, 1]) or 1.0
    # Depth runs to the right; the tree fills a wide stage.
    at = np.column_stack([2 * xy[:, 0] / (xy[:, 0].max() or 1.0), 1.15 * xy[:, 1] / across])
    parents = result.array("parent")
    below = np.flatnonzero(parents >= 0)
    edges = np.column_stack([parents[below], below])
    values, visits = result.array("value"), result.array("visits").astype(np.float64)
    there = np.isfinite(values)
    weight = np.where(there, visits, 0.0)
    # The root is visited each time: it would make all others small.
    weight[:, 0] = np.minimum(weight[:, 0], 0.5 * weight[:, 1:].max(initial=1.0))
    best = set(result.array("best").tolist())

    def pick(nodes: tuple[int, ...]) -> None:
        if nodes:
            select(NODE, nodes[0])

    graph(
        at,
        edges,
        key="memory_graph_tree",
        palette=colours,
        title="The search tree",
        labels=node_labels(result),
        kinds=[
            NodeKind("not there yet", colours.grid),
            *(
                NodeKind(name, colour)
                for name, colour in zip(bin_names(result), bin_colours(colours), strict=True)
            ),
        ],
        kind=value_bins(result),
        edge_kinds=[
            EdgeKind("a fact followed", colours.muted),
            EdgeKind("best path", colours.accent),
        ],
        edge_kind=np.array([int(a in best and b in best) for a, b in edges], np.uint8),
        weight=weight,
        flow=_walked(result, parents, below),
        frame_names=frame_names(result),
        frame_title="Simulations",
        frame_seconds=0.25,
        frame=frame,
        on_frame=lambda at: select(FRAME, at),
        marked=sorted(best),
        marked_name="best path of the whole search",
        readouts={
            "visits": (visits, "1"),
            "value": (values, "1"),
            "explore": (result.array("explore"), "1"),
        },
        selected=(node,),
        on_select=pick,
        radii=(2.5, 15.0),
        height=560,
        alt=describe_tree(result, frame),
    )
    offer(
        "memory_graph_tree_figure",
        lambda: draw_tree(result, colours, frame=frame),
        describe_tree(result, frame),
        lambda: {
            "entity": node_labels(result),
            "parent": parents,
            "visits": result.array("visits")[frame],
            "value": values[frame],
            "explore": result.array("explore")[frame],
        },
    )


def _walked(result: Result, parents: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The path of each frame's last simulation (frame, edge), 0 or 1."""
    place = {int(node): i for i, node in enumerate(below)}
    flow = np.zeros((result["frame"].size("frame"), len(below)))
    for frame, leaf in enumerate(result.array("ended").tolist()):
        node = leaf if frame else 0
        while parents[node] >= 0:
            flow[frame, place[node]] = 1
            node = int(parents[node])
    return flow


def _path(result: Result) -> None:
    """The best path of the search in words, with its passages."""
    st.markdown("Best path: " + " ".join(plain_path(result)))
    end = result.notes["nodes"][int(result.array("best")[-1])]
    wanted = len(result.notes["wanted"])
    gold = set(result.notes["gold"])
    passages = {
        p for n in result.array("best").tolist() for p in result.notes["nodes"][n]["passages"]
    }
    words = f"It covers {len(end['covered'])} of {wanted} words of the question"
    if gold:
        words += f" and {len(gold & passages)} of {len(gold)} gold passages"
    st.caption(f"{words}.")


def plain_path(result: Result) -> list[str]:
    """The best path with entity names as they stand."""
    return [plain(part).replace("\\*\\*", "**") for part in path_words(result)]


def _chosen(result: Result, frame: int, node: int) -> None:
    """The thought of a node, its associations, and the terms that decide where the search goes."""
    one = result.notes["nodes"][node]
    st.subheader(f"The thought {one['entity']}", anchor=False)
    left, right = st.columns(2, gap="large")
    with left:
        for passage in one["passages"][:3]:
            title, text, when = result.notes["passages"][str(passage)]
            star = " ★ gold" if passage in result.notes["gold"] else ""
            with st.container(border=True):
                st.markdown(f"**{plain(title)}** {plain(when)}{star}")
                st.markdown(plain(text))
        if not one["passages"]:
            st.caption("The search starts here; no fact leads to it.")
        _covered(result, one)
    with right:
        figure = draw_uct(result, palette(), frame=frame, node=node)
        if figure is None:
            st.caption("No sibling has been visited yet: UCT has nothing to compare.")
        else:
            show(
                figure,
                "memory_graph_uct",
                figure.layout.meta["alt"],
                export=lambda: {
                    "value": result.array("value")[frame],
                    "explore": result.array("explore")[frame],
                },
            )
        st.dataframe(
            [{"Association": name, "PageRank": mass} for name, mass in one["near"]],
            hide_index=True,
            width="stretch",
            column_config={"PageRank": st.column_config.NumberColumn(format="%.4f")},
        )


def _covered(result: Result, one: dict[str, list[str]]) -> None:
    def joined(words: list[str]) -> str:
        return ", ".join(f"*{plain(word)}*" for word in words) or "none"

    st.markdown(
        f"The path covers {joined(one['covered'])}; its associations add {joined(one['around'])}."
    )


def _gain(lab: Lab, result: Result) -> None:
    """With and without association over all questions."""
    section(
        "Does association help?",
        "The same search with association, without it, and with no value at all.",
    )
    measures = {name: title for name, title in MEASURES.items() if name in result.fields}
    measure = choose("Measure", measures, MEASURE)
    figure = draw_gain(result, palette(), measure=measure)
    curves = result.array(measure).mean(axis=1)
    show(
        figure,
        "memory_graph_gain",
        figure.layout.meta["alt"],
        export=lambda: {
            "simulations": np.arange(curves.shape[1]),
            **{
                f"{name} [%]": row
                for name, row in zip(result.notes["variants"], curves, strict=True)
            },
        },
    )
    figure = draw_difference(result, palette(), measure=measure)
    show(
        figure,
        "memory_graph_difference",
        figure.layout.meta["alt"],
        export=lambda: {
            "simulations": np.arange(curves.shape[1]),
            "with minus without [points]": curves[0] - curves[1],
        },
    )
    if result.notes["over"] == "trees":
        st.caption(
            "This memory came without gold questions: only covered words can be measured, over "
            "trees of this one question whose edges other seeds draw."
        )
    show_claims(association_claims(result, measure))
