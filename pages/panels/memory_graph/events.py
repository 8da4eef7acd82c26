"""View 6: a stream cut where it surprises, refined, scored, retrieved from and put in order."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Lab
from engine.labs.memory_graph.config import EventsConfig
from engine.labs.memory_graph.living.events import blocks
from engine.labs.memory_graph.views.claims import surprise_claims
from engine.labs.memory_graph.views.event_borders import (
    TOLERANCE,
    border_table,
    describe_borders,
    draw_border_scores,
)
from engine.labs.memory_graph.views.event_cohesion import (
    NAMES,
    cohesion_table,
    describe_cohesion,
    draw_similarity,
)
from engine.labs.memory_graph.views.event_words import (
    describe_event,
    event_at,
    event_text,
    place_name,
)
from engine.labs.memory_graph.views.events import (
    describe_cut,
    draw_overview,
    draw_trace,
)
from pages.kit import (
    View,
    choose,
    explain,
    form,
    obtain,
    palette,
    say,
    section,
    select,
    show,
    show_claims,
    take_away,
)
from pages.panels.memory_graph.event_cuts import (
    Scene,
    border_rows,
    choose_clicked,
    cut_scene,
)
from pages.panels.memory_graph.event_film import show_film
from pages.panels.memory_graph.event_order import show_order
from pages.panels.memory_graph.scene import MEMORY, TOKEN, left_out, new_memory

READ = ("own", "tokens", "surprise_by", "alike", "titles", "ask", "ngram_order")


def event_settings(lab: Lab) -> tuple[Lab, EventsConfig]:
    """The memory, and how it is read."""
    experiment = lab.experiment("events")
    new_memory(lab, form(lab, experiment, fields=MEMORY))
    config = form(lab, experiment, fields=READ)
    assert isinstance(config, EventsConfig)
    return lab, config


def show_events(asked: tuple[Lab, EventsConfig]) -> None:
    """Trace and events, refinement, known borders, retrieval, order."""
    lab, config = asked
    section(
        "Where a stream is cut",
        "A token that surprises the reader more than the threshold opens an event. Move gamma: the "
        "stream is cut again at once. Click a figure to choose a place.",
    )
    obtained = obtain(lab, lab.experiment("events"), config)
    if obtained.result is not None:
        left_out(obtained.result)
        scene = cut_scene(lab, obtained, obtained.result)
        _trace(scene)
        _cohesion(scene)
        _borders(scene)
        show_film(scene)
    show_order(lab, config)
    if obtained.result is not None:
        st.caption(
            "The paper's scores on LongBench and the like need a language model of seven billion "
            "parameters; they cannot be reproduced here and are not shown."
        )
        take_away(lab, lab.experiment("events"), obtained)


def _trace(scene: Scene) -> None:
    result = scene.result
    figure = draw_overview(result, scene.cut, palette(), token=scene.token, part=scene.part)
    key = "memory_graph_stream"
    show(
        figure,
        key,
        figure.layout.meta["alt"],
        export=lambda: _tokens(scene),
        on_select=lambda: choose_clicked(key),
    )
    opening = scene.opening
    figure = draw_trace(
        result, scene.cut, opening, palette(), token=scene.token, part=scene.part, by=scene.by
    )
    trace = "memory_graph_surprise"
    show(
        figure,
        trace,
        figure.layout.meta["alt"],
        export=lambda: _tokens(scene),
        on_select=lambda: choose_clicked(trace),
    )
    say(scene.lab, describe_cut(result, scene.cut, scene.other))
    _event(scene, opening)
    at = scene.token
    explain(
        scene.lab,
        "Events",
        token=at,
        gamma=f"{scene.cut.gamma:g}",
        mean=f"{scene.cut.mean[at]:.3f}",
        std=f"{scene.cut.std[at]:.3f}",
        level=f"{scene.cut.level[at]:.3f}",
        nats=f"{result.array('surprise')[at]:.3f}",
    )


def _event(scene: Scene, opening: np.ndarray) -> None:
    """The text of the chosen event between its neighbours, and a way to them."""
    result, length = scene.result, len(scene.cut.level)
    number, start, end = event_at(opening, scene.token, length)
    events = blocks(opening, length)
    with st.container(border=True):
        st.markdown(f"**Event {number + 1} of {len(events)}**, {end - start} tokens, from:")
        first, last = place_name(result, start), place_name(result, end - 1)
        st.text(first if first == last else f"{first} to {last}")
        st.text(event_text(result, start, end))
        st.text(describe_event(result, scene.cut, start, moved=scene.drawn != "surprise"))
        with st.container(horizontal=True):
            for label, other in (("Previous event", number - 1), ("Next event", number + 1)):
                there = 0 <= other < len(events)
                st.button(
                    label,
                    key=f"memory_graph_{label.split()[0].lower()}",
                    disabled=not there,
                    on_click=lambda to: select(TOKEN, to),
                    args=(events[other][0] if there else 0,),
                )


def _tokens(scene: Scene) -> dict[str, np.ndarray]:
    number = np.searchsorted(scene.opening, np.arange(len(scene.cut.level)), side="right")
    return {
        "surprise [nat]": scene.result.array("surprise"),
        "mean [nat]": scene.cut.mean,
        "std [nat]": scene.cut.std,
        "threshold [nat]": scene.cut.level,
        "event": number + 1,
    }


def _cohesion(scene: Scene) -> None:
    section(
        "Do events hold together?",
        "Refinement moves each boundary back to where the similarity matrix splits best. Bright "
        "squares along the diagonal are stretches of the stream that resemble themselves.",
    )
    result, part = scene.result, scene.part
    measure = choose("Refined by", {k: v.capitalize() for k, v in NAMES.items()},
                     "memory_graph.measure")  # fmt: skip
    before, after = scene.cut.opening, scene.refined
    figure = draw_similarity(result, before, after, palette(), part=part, measure=measure)
    rows = cohesion_table(result, before, after, part=part, reading=scene.cut.statistics)
    key = "memory_graph_similarity"
    left, right = st.columns([3, 2], gap="large")
    with left:
        show(
            figure,
            key,
            f"{figure.layout.meta['alt']} {describe_cohesion(rows)}",
            export=lambda: {name: [row[name] for row in rows] for name in rows[0]},
            on_select=lambda: choose_clicked(key),
        )
    with right:
        for row in rows:
            st.markdown(f"**{str(row['Boundaries']).capitalize()}**")
            st.table({name: f"{value:.4g}" for name, value in list(row.items())[1:]})
        say(scene.lab, describe_cohesion(rows))
    explain(scene.lab, "Refinement")


def _borders(scene: Scene) -> None:
    result = scene.result
    section(
        "Are these the right places?",
        f"The stream has known borders: {result.notes['borders']} ({result.notes['order']}). They "
        "are compared with the boundaries found, with cuts of a fixed size, and with chance.",
    )
    known = len(result.array("border"))
    if not known:
        st.markdown("This stream has no known border, so that nothing can be compared.")
        return
    tolerance = st.slider(
        "Tolerance (tokens)",
        0,
        20,
        value=TOLERANCE,
        key="memory_graph.tolerance",
        bind="query-params",
        help="how far a boundary may lie from a known border and still count",
    )
    cut = scene.cut
    rows = border_rows(scene.digest, cut.gamma, cut.statistics, tolerance, result)
    for column, diff in zip(st.columns(2, gap="large"), (False, True), strict=True):
        figure = draw_border_scores(rows, palette(), known=known, tolerance=tolerance, diff=diff)
        with column:
            show(
                figure,
                "memory_graph_window_diff" if diff else "memory_graph_f1",
                figure.layout.meta["alt"],
                export=lambda: border_table(rows),
            )
    say(scene.lab, describe_borders(rows, known))
    first = rows[0]
    explain(
        scene.lab,
        "Known borders",
        matched=round(first.precision * first.borders),
        boundaries=first.borders,
        known=known,
        f1=f"{first.f1:.3f}",
    )
    show_claims(surprise_claims(result))


VIEW = View("Events", event_settings, show_events)
