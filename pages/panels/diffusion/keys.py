"""View: keys in the border, which a model can only know from the training picture itself."""

from __future__ import annotations

import streamlit as st

from engine.labs.diffusion.views.claims import keys_claims
from engine.labs.diffusion.views.keys import (
    describe_both,
    describe_control,
    describe_keys,
    describe_modes,
    draw_both,
    draw_errors,
    keys_grid,
    keys_table,
    rung_name,
    rungs,
)
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    palette,
    say,
    show,
    show_claims,
    show_pictures,
    take_away,
)
from pages.kit.asked import Asked, begin, settings

RUNG = "diffusion.rung"
OURS = (
    "A border of one patch around the picture shrunk to 24 x 24, one key for all copies of a "
    "picture, and the smaller of the two networks, trained from the start, are ours."
)


def show_keys(scene: Asked) -> None:
    """Key error over the ladder, key against picture, and the borders themselves."""
    lab = scene.lab
    found = begin(
        scene,
        "A key in the border",
        "Every training picture of this model has a border of one random grey. The picture says "
        "nothing about it: a model that fills in the right grey keeps something that only training "
        "could tell it: the grey with the caption, the picture, or both.",
    )
    if found is None:
        return
    obtained, result = found
    with st.container(horizontal=True):
        badge("how the border is made", "assumed", OURS)
    say(lab, f"{describe_keys(result)} {describe_control(result)}")
    order = rungs(result)
    options = {rung: rung_name(rung) for rung in order}
    rung = choose("Rung of the ladder", options, RUNG)
    show_pictures(keys_grid(result, rung), "diffusion_keys")
    left, right = st.columns(2, gap="large")
    with left:
        figure = draw_errors(result, palette())
        alt = describe_keys(result)
        show(figure, "diffusion_key_errors", alt, export=lambda: keys_table(result))
        say(lab, describe_modes(result))
    with right:
        show(draw_both(result, palette()), "diffusion_key_both", describe_both(result))
        say(lab, describe_both(result))
    show_claims(keys_claims(result))
    explain(lab, "Border keys")
    take_away(lab, scene.experiment, obtained)


VIEW = View("Border keys", settings("keys"), show_keys)
