"""View 5: copies in training against what comes out, at the end of a training and on its way."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core import Lab, Result
from engine.labs.diffusion.choices import snapshots_kept
from engine.labs.diffusion.config import ArrivalConfig, LadderConfig
from engine.labs.diffusion.views.arrival import (
    arrival_table,
    describe_arrival,
    draw_arrival,
    film,
)
from engine.labs.diffusion.views.ladder import draw_ladder
from engine.labs.diffusion.views.ladder_pictures import draw_prompt, targets_of
from engine.labs.diffusion.views.ladder_table import (
    MEASURES,
    Ladder,
    ladder_at,
    ladder_of,
    ladder_table,
    rung_table,
)
from engine.labs.diffusion.views.ladder_words import (
    describe_ladder,
    describe_leak,
    describe_step,
    describe_twin,
)
from engine.labs.diffusion.views.method_claims import ladder_claims
from pages.kit import (
    View,
    choose,
    explain,
    linked,
    obtain,
    palette,
    say,
    section,
    select,
    show,
    show_claims,
    show_pictures,
    take_away,
)
from pages.kit.asked import Asked, begin, settings
from pages.kit.obtain import find
from pages.panels.diffusion.basin import show_basin

CHECKPOINT = "diffusion.checkpoint"
PICTURE = "diffusion.ladder_picture"
DOTS = "diffusion_ladder"
TWIN = "twin"


def show_ladder(scene: Asked) -> None:
    """The rungs, one prompt of them, what leaks, the training, and the recall basin."""
    lab = scene.lab
    found = begin(
        scene,
        "Duplication ladder",
        "Paintings were trained on once, 3, 10, 20, 30, 50 or 100 times a pass. Which of them come "
        "out again? Choose a dot to see its picture.",
    )
    if found is None:
        return
    obtained, result = found
    config = obtained.config
    assert isinstance(config, LadderConfig)
    arrival = _arrival(lab, config.model)
    ladder, step = _at_step(result, arrival)
    twin = None if step is not None else _twin(scene, config)
    _dots(lab, result, ladder, twin, chosen_step=step is not None)
    if step is None:
        say(lab, describe_leak(ladder, result.array("drawn_nearest")))
        with st.expander("Every rung in numbers"):
            st.dataframe(rung_table(ladder), hide_index=True, width="stretch")
            st.caption("Means over pictures; in brackets the lowest and the highest seed.")
    show_claims(ladder_claims(result))
    explain(lab, "Ladder")
    if arrival is not None:
        _training(lab, arrival, result)
    else:
        st.caption("No snapshots of this model's training were kept.")
    show_basin(lab)
    take_away(lab, scene.experiment, obtained)


def _arrival(lab: Lab, model: str) -> Result | None:
    """The snapshots of a model's training, where they were kept."""
    if not snapshots_kept(model):
        return None
    return obtain(
        lab, lab.experiment("arrival"), ArrivalConfig(model=model), fall_back=False
    ).result


def _at_step(result: Result, arrival: Result | None) -> tuple[Ladder, int | None]:
    """The ladder at the chosen snapshot and its position; None for the model as it is."""
    name = result.notes["model"]
    last = ladder_of(result, name)
    if arrival is None:
        return last, None
    steps = [int(step) for step in arrival.array("step")]
    chosen = linked(CHECKPOINT, steps[-1], options=steps)
    widget = f"{CHECKPOINT}#slider"
    st.session_state[widget] = chosen
    st.select_slider(
        "Training step",
        steps,
        key=widget,
        on_change=lambda: select(CHECKPOINT, st.session_state[widget]),
        help="earlier ones: as the training was there; the last one: the model as it is, with the "
        "seeds of the settings",
    )
    at = steps.index(chosen)
    if at == len(steps) - 1:
        return last, None
    return ladder_at(arrival, at, f"{name} at step {chosen:,}"), at


def _twin(scene: Asked, config: LadderConfig) -> Ladder | None:
    """The twin under the same settings, where that result is here."""
    if config.model == TWIN:
        return None
    found = find(scene.lab, scene.experiment, config.model_copy(update={"model": TWIN}))
    if found is None:
        st.caption(
            "The twin, trained on every picture once, has not been computed with these settings; "
            "choose it as the model."
        )
        return None
    return ladder_of(found, "twin, each picture once")


def _dots(
    lab: Lab, result: Result, ladder: Ladder, twin: Ladder | None, *, chosen_step: bool
) -> None:
    measure = choose("Measure", MEASURES, "diffusion.ladder_measure")
    prompt = linked(PICTURE, 0, low=0, high=int(result.number("prompts")) - 1)
    figure = draw_ladder(ladder, palette(), measure=measure, twin=twin, selected=prompt)
    show(
        figure, DOTS, figure.layout.meta["alt"], export=lambda: ladder_table(ladder),
        on_select=_picked,
    )  # fmt: skip
    say(lab, f"{describe_ladder(ladder)} {describe_step(ladder)}")
    if twin is not None:
        say(lab, describe_twin(ladder, twin))
    show_pictures(draw_prompt(result, prompt), "diffusion_ladder_prompt")
    if chosen_step:
        st.caption("These are pictures of the model as it is; those of the training follow below.")


def _picked() -> None:
    points: list[Any] = st.session_state[DOTS].selection.points
    if points:
        select(PICTURE, int(points[0]["customdata"][0]))


def _training(lab: Lab, arrival: Result, result: Result) -> None:
    section(
        "Memorization over training",
        "The same prompts at the snapshots of the training. Scenes ask for combinations that were "
        "never trained: what is right there was not copied.",
    )
    steps = [int(step) for step in arrival.array("step")]
    at = steps.index(linked(CHECKPOINT, steps[-1], options=steps))
    figure = draw_arrival(arrival, palette(), step=at)
    show(figure, "diffusion_arrival", figure.layout.meta["alt"],
         export=lambda: arrival_table(arrival))  # fmt: skip
    say(lab, describe_arrival(arrival))
    prompt = linked(PICTURE, 0, low=0, high=int(result.number("prompts")) - 1)

    def picked(place: tuple[int, int] | None) -> None:
        if place is not None and place[1] < len(steps):
            select(CHECKPOINT, steps[place[1]])

    grid = film(arrival, targets_of(result), prompt)
    show_pictures(grid, "diffusion_arrival_film", selected=None, on_select=picked)
    st.caption("Choose a picture to go to its step.")


VIEW = View("Duplication ladder", settings("ladder"), show_ladder)
