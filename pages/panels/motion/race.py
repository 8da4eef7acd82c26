"""The scan race: times of this machine, the form that overflows, and the paper's own scatter."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.motion.race.overflow import LARGEST_EXPONENT, WHOLE, show_overflow
from engine.labs.motion.race.published import POINTS, URL
from engine.labs.motion.views.claims import race_claims
from engine.labs.motion.views.method_claims import duality_speed_claims
from engine.labs.motion.views.overflow import (
    describe_overflow,
    draw_errors,
    draw_exponents,
    overflow_table,
)
from engine.labs.motion.views.race import (
    draw_published,
    draw_ratios,
    draw_times,
    slope_table,
    time_table,
)
from engine.labs.motion.views.race_words import (
    MODES,
    TARGET,
    TARGET_LENGTH,
    describe_growth,
    describe_left_out,
    describe_machine,
    describe_ratios,
    describe_target,
)
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    linked,
    palette,
    plain,
    remember_lines,
    say,
    section,
    select,
    show,
    show_claims,
    take_away,
)
from pages.kit.asked import Asked, begin, settings

MODE = "motion.race_passes"
STEP = "motion.step_most"
STEPS = ("0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5")
USUAL = "1"
SCRIPT = """from engine.labs.motion.race.overflow import show_overflow

shown = show_overflow({step})
print(shown.first)
"""


def show_race(scene: Asked) -> None:
    """Times, ratios and growth; then the overflow; then what was published."""
    found = begin(
        scene,
        "Scan race",
        "The same sequence through every back end of the scan and through an attention layer of "
        "the same width: one process, one thread, in turns.",
    )
    if found is None:
        return
    obtained, result = found
    with st.container(horizontal=True):
        badge("measured", "measured", describe_machine(result))
        badge("SSD is another operator", "warn", "It has one rate of decay for 32 channels.")
    mode = choose("Passes", MODES, MODE, label_visibility="collapsed")
    left, right = st.columns(2, gap="large")
    with left:
        figure = draw_times(result, palette(), mode)
        show(figure, "motion_race_times", figure.layout.meta["alt"],
             export=lambda: time_table(result))  # fmt: skip
    with right:
        figure = draw_ratios(result, palette(), mode)
        show(figure, "motion_race_ratios", figure.layout.meta["alt"],
             export=lambda: time_table(result))  # fmt: skip
    for words in (describe_ratios(result, mode), *describe_growth(result, mode)):
        say(scene.lab, words)
    if words := describe_left_out(result):
        st.caption(plain(words))
    st.caption(plain(describe_machine(result)) + " Compute it anew for the times of this server.")
    _figures_to_reach(result, mode)
    show_claims((*race_claims(result), *duality_speed_claims(result)))
    explain(scene.lab, "The race")
    _overflow(scene.lab)
    _published(scene.lab)
    take_away(scene.lab, scene.experiment, obtained)


def _figures_to_reach(result: Result, mode: str) -> None:
    st.markdown(
        f"The lab's own aim at {TARGET_LENGTH:,} frames: {TARGET:g} times as fast as the loop and "
        "as attention, and linear in the length."
    )
    st.markdown("\n".join(f"- {plain(words)}" for words in describe_target(result)))
    with st.expander("Growth with length, as a table"):
        st.dataframe(slope_table(result, mode), hide_index=True, width="stretch")


def _overflow(lab: Lab) -> None:
    section(
        "Where the short form breaks",
        "A popular way to write the scan divides by a running product of decays. It is short, and "
        f"in single precision it ends at an exponent of {LARGEST_EXPONENT:.1f}. It is run here, "
        "and no model of this lab uses it.",
    )
    step = _step()
    shown = show_overflow(float(step))
    say(lab, describe_overflow(shown))
    for place, draw, key in zip(
        st.columns(2, gap="large"),
        (draw_errors, draw_exponents),
        ("motion_overflow_errors", "motion_overflow_exponents"),
        strict=True,
    ):
        with place:
            figure = draw(shown, palette())
            show(figure, key, figure.layout.meta["alt"], export=lambda: overflow_table(shown))
    most = float(shown.exponent[WHOLE].max())
    explain(lab, "The form that overflows", step=step, exponent=f"{most:,.0f}")
    remember_lines("The form that overflows", SCRIPT.format(step=step))


def _step() -> str:
    """The largest step, from the link or the slider."""
    value = linked(STEP, USUAL, options=list(STEPS))
    widget = f"{STEP}#slider"
    st.session_state[widget] = value
    st.select_slider(
        "Largest step size",
        STEPS,
        key=widget,
        on_change=lambda: select(STEP, st.session_state[widget]),
        help="steps are uniform from 0 up to it; rates are -1 to -16",
    )
    return value


def _published(lab: Lab) -> None:
    section("What the paper reports", "Time and quality of six methods. None was measured here.")
    badge("published: paper", "published", "Motion Mamba, arXiv 2403.07487")
    figure = draw_published(palette())
    show(figure, "motion_published_times", figure.layout.meta["alt"],
         export=lambda: {"method": [p.method for p in POINTS], "seconds": [p.seconds for p in
                         POINTS], "FID": [p.fid for p in POINTS]})  # fmt: skip
    say(
        lab,
        "Motion Mamba and MLD both take 50 steps over a latent of two tokens. At two tokens no "
        "layer has a long sequence to be fast on: by our reading the difference comes from fewer "
        "weights a layer, and this race says nothing about it.",
    )
    st.caption(f"[Motion Mamba, section on inference time]({URL}); times on one V100.")


VIEW = View("Scan race", settings("race"), show_race)
