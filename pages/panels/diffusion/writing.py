"""View: one new picture written into a low-rank addition, its price, and the model without it."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.diffusion.views.claims import addition_claims
from engine.labs.diffusion.views.writing import (
    cheapest,
    damage_grid,
    describe_damage,
    describe_recall,
    draw_damage,
    draw_recall,
    rank_names,
    recall_grid,
    recall_table,
)
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    palette,
    plain,
    say,
    section,
    show,
    show_claims,
    show_pictures,
    take_away,
)
from pages.kit.asked import Asked, begin, settings

RANK = "diffusion.addition"
OURS = (
    "One picture instead of chunks of a video, all attention projections, Adam at rate 0.01 with 8 "
    "noises a step and a scale of 1 are ours, not the paper's."
)


def show_writing(scene: Asked) -> None:
    """Recall by rank and step, the damage beside it, and the model without its addition."""
    lab = scene.lab
    found = begin(
        scene,
        "Write one picture, take it off again",
        "A low-rank addition to the attention layers learns one picture that the model never saw. "
        "It is held beside the weights: the model itself stays as it is.",
    )
    if found is None:
        return
    obtained, result = found
    with st.container(horizontal=True):
        badge("layers, rate and scale", "assumed", OURS)
    kind = "Your picture, under" if result.notes["own"] else "The picture of"
    st.markdown(f"{kind} the never-trained title *{plain(result.notes['prompt'])}*:")
    show_pictures(recall_grid(result), "diffusion_recall")
    left, right = st.columns(2, gap="large")
    with left:
        figure = draw_recall(result, palette())
        alt = describe_recall(result)
        show(figure, "diffusion_recall_lines", alt, export=lambda: recall_table(result))
    with right:
        show(draw_damage(result, palette()), "diffusion_damage_lines", describe_damage(result))
    _damage(lab, result)
    _off(result)
    explain(lab, "Low-rank addition")
    take_away(lab, scene.experiment, obtained)


def _damage(lab: Lab, result: Result) -> None:
    section("What else it changes", "The same addition is there for every other prompt, too.")
    say(lab, describe_damage(result))
    names = rank_names(result)
    best = cheapest(result)
    if best is None:
        st.markdown("No rank recalls the picture over the line with these steps.")
    elif len(names) > 1:
        st.markdown(
            f"Of those that recall it, {names[best]} leaves the old copies best "
            f"({result.notes['weights'][names[best].split()[1]]:,} numbers)."
        )
    options = {str(at): name.capitalize() for at, name in enumerate(names)}
    rank = int(choose("Addition", options, RANK, default=str(best if best is not None else 0)))
    show_pictures(damage_grid(result, rank), "diffusion_damage")


def _off(result: Result) -> None:
    section("Taken off", "Fast memory as an addition can be taken off as it was put on.")
    same = bool(result.metrics["same_digest"]) and bool(result.metrics["same_pictures"])
    badge("weights never written" if same else "changed", "exact" if same else "bad")
    show_claims(addition_claims(result))


VIEW = View("Write a picture", settings("writing"), show_writing)
