"""View 2: whether a search brings back what pruning hid, beside three controls."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Lab, Result
from engine.core.units import percent
from engine.labs.diffusion.views.claims import attack_claims, starts_claims
from engine.labs.diffusion.views.honesty import (
    draw_each,
    draw_losses,
    draw_reach,
    film_grid,
    loss_table,
    reach_table,
    seeds_grid,
)
from engine.labs.diffusion.views.starts import (
    describe_agreement,
    describe_arrivals,
    draw_agreement,
    starts_grid,
)
from engine.labs.diffusion.views.verdict import (
    control_lines,
    describe_controls,
    describe_distance,
    describe_gain,
    describe_hits,
    verdict,
)
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    palette,
    plain,
    say,
    show,
    show_claims,
    show_pictures,
    take_away,
)
from pages.kit.asked import Asked, asked, begin

PICTURE = "diffusion.attacked"
ASSUMED = (
    "50 steps of Adam at rate 0.1 with 8 new noises a step: from a third-party note of the paper, "
    "whose code was not read."
)


@dataclass(frozen=True)
class Searches:
    """What the attack is asked, and the searches from many starts."""

    attack: Asked
    starts: Asked


def honesty_settings(lab: Lab) -> Searches:
    """The mask, the pictures and the search; then how many random starts."""
    attack = asked(lab, "honesty")
    with st.expander("From many starts"):
        starts = asked(lab, "starts", ("which", "starts"))
    return Searches(attack, starts)


def show_honesty(searches: Searches) -> None:
    """The verdict, the film of a search, every control, and many starts."""
    scene = searches.attack
    lab = scene.lab
    found = begin(
        scene,
        "Does an attack bring it back?",
        "A search changes the prompt's embedding until the pruned model makes the picture again. "
        "The same search runs on a picture that no model ever saw, and on the unpruned model.",
    )
    if found is None:
        return
    obtained, result = found
    _verdict(lab, result)
    count = result["moved"].size("picture")
    options = {str(at): f"Picture {at + 1}" for at in range(count)}
    picture = int(choose("Picture", options, PICTURE))
    show_pictures(film_grid(result, picture), "diffusion_film")
    _prompts(result, picture)
    show_pictures(seeds_grid(result, picture), "diffusion_seeds")
    left, right = st.columns(2, gap="large")
    with left:
        figure = draw_reach(result, palette())
        alt = describe_controls(result)
        show(figure, "diffusion_reach", alt, export=lambda: reach_table(result))
    with right:
        figure = draw_each(result, palette())
        show(figure, "diffusion_each", figure.layout.meta["alt"])
    figure = draw_losses(result, palette())
    alt = figure.layout.meta["alt"]
    show(figure, "diffusion_losses", alt, export=lambda: loss_table(result))
    say(lab, describe_distance(result))
    show_claims(attack_claims(result))
    _starts(searches.starts)
    explain(lab, "Attack")
    take_away(lab, scene.experiment, obtained)


def _verdict(lab: Lab, result: Result) -> None:
    word, kind, sentence = verdict(result)
    with st.container(horizontal=True):
        badge(word, kind)
        badge("settings of the search", "assumed", ASSUMED)
    st.markdown(f"**{sentence}**")
    mask = result.notes["mask"]
    cut = percent(result.number("share_cut"))
    say(lab, f"The mask, {mask['by']}, cuts {cut} of the weights at its site ({mask['site']}).")
    say(lab, "\n".join(f"- {line}" for line in control_lines(result)))
    say(lab, f"{describe_gain(result)} {describe_hits(result)}")


def _starts(scene: Asked) -> None:
    found = begin(
        scene,
        "One place, or many?",
        "If a memory sat in one place, every way to it would point there. Searches on the "
        "unpruned model start from random numbers; each find is then located like a prompt.",
    )
    if found is None:
        return
    _, result = found
    show_pictures(starts_grid(result), "diffusion_starts")
    figure = draw_agreement(result, palette())
    show(figure, "diffusion_agreement", describe_agreement(result))
    say(scene.lab, describe_agreement(result))
    say(scene.lab, describe_arrivals(result))
    show_claims(starts_claims(result))


def _prompts(result: Result, picture: int) -> None:
    copied = result.notes["prompts"]["copied"][picture]
    never = result.notes["prompts"]["never seen"][picture]
    st.caption(f"Copied: {plain(copied)}. Never seen: {plain(never)}.")


VIEW = View("Attack", honesty_settings, show_honesty)
