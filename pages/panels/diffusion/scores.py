"""View 3: every score at every step on one rail, and how well each tells copied from ordinary."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.diffusion.views.scores import (
    RAIL,
    compared,
    describe_rail,
    describe_score,
    describe_similarity,
    draw_rail,
    draw_similarity,
    rail_table,
    steps_of,
)
from engine.labs.diffusion.views.scores_step import (
    filmstrip,
    frame_of,
    known_pictures,
    predictions,
    step_of,
)
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
    show_pictures,
    take_away,
)
from pages.kit.asked import Asked, settings
from pages.panels.diffusion.detection import show_detection

PROMPT = "diffusion.rail_prompt"
STEP = "diffusion.rail_step"
SCORE = "diffusion.rail_score"
FRAME = 64
PICTURE = 92


def show_scores(ask: Asked) -> None:
    """The rail and its filmstrip, one step in detail, then detection over many prompts."""
    lab = ask.lab
    section(
        "Scores by step",
        "Without looking at any training picture, how strongly the prompt moves the prediction is "
        "to tell whether it was copied. Choose a step: a frame of the filmstrip, a point of the "
        "rail, or the slider.",
    )
    obtained = obtain(lab, ask.experiment, ask.config)
    if obtained.result is not None:
        _rail(lab, obtained.result)
        take_away(lab, ask.experiment, obtained)
    show_detection(lab)


def _rail(lab: Lab, result: Result) -> None:
    prompts = result.notes["prompts"]
    left, right = st.columns([3, 2], gap="large")
    with left:
        names = {str(at): prompt for at, prompt in enumerate(prompts)}
        prompt = int(choose("Prompt", names, PROMPT, menu=True))
    with right:
        step = _choose_step(steps_of(result))
    name = choose("Score", {"all": "All over ordinary", **RAIL}, SCORE)
    name = "" if name == "all" else name
    words = describe_score(result, name, prompt) if name else describe_rail(result, prompt)
    places = st.columns(2, gap="large") if compared(result) else (st.container(),)
    with places[0]:
        show(
            draw_rail(result, palette(), prompt=prompt, step=step, name=name),
            f"diffusion_rail_{name or 'all'}",
            words,
            export=lambda: rail_table(result, prompt),
            on_select=lambda: _take_point(f"diffusion_rail_{name or 'all'}"),
        )
    if compared(result):
        with places[1]:
            show(
                draw_similarity(result, palette(), prompt=prompt, step=step),
                "diffusion_rail_similarity",
                describe_similarity(result, prompt),
                export=lambda: rail_table(result, prompt),
            )
    say(lab, words)
    if compared(result):
        say(lab, describe_similarity(result, prompt))
    show_pictures(
        filmstrip(result, prompt),
        "diffusion_filmstrip",
        size=FRAME,
        selected=frame_of(step, steps_of(result)),
        on_select=lambda place: _take_frame(place, steps_of(result)),
    )
    left, right = st.columns(2, gap="large")
    with left:
        show_pictures(
            predictions(result, palette(), prompt=prompt, step=step),
            "diffusion_predictions",
            size=PICTURE,
        )
    with right:
        show_pictures(
            known_pictures(result, prompt=prompt, step=step),
            "diffusion_known_pictures",
            size=PICTURE,
        )
    explain(
        lab,
        "Score of a prompt",
        step=step + 1,
        timestep=result.notes["timesteps"][step],
        wen=float(result.array("wen")[prompt, step]),
        ordinary=float(result.array("ordinary_wen")[:, step].mean()),
        count=len(result.notes["ordinary"]),
    )


def _choose_step(count: int) -> int:
    """The step, from 0; the first where nobody chose."""
    step = linked(STEP, 1, low=1, high=count)
    if count > 1:
        widget = f"{STEP}#slider"
        st.session_state[widget] = step
        st.slider(
            "Step",
            1,
            count,
            key=widget,
            on_change=lambda: select(STEP, st.session_state[widget]),
        )
    return step - 1


def _take_frame(place: tuple[int, int] | None, count: int) -> None:
    if place is not None:
        select(STEP, step_of(place, count) + 1)


def _take_point(key: str) -> None:
    points = st.session_state[key]["selection"]["points"]
    if points:
        select(STEP, round(points[0]["x"]))


VIEW = View("Scores by step", settings("scores"), show_scores)
