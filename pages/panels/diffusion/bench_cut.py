"""One cut on the page: pictures, every picture's change, all sets beside all controls."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from engine.core import Lab
from engine.core.units import percent
from engine.labs.diffusion.views.bench import Group, Shown
from engine.labs.diffusion.views.bench_bars import (
    draw_pictures_apart,
    draw_scenes,
    draw_sets,
    pictures_table,
)
from engine.labs.diffusion.views.bench_files import MASK, Made, command_lines, mask_of
from engine.labs.diffusion.views.bench_layers import describe_layers, draw_layers
from engine.labs.diffusion.views.bench_pictures import picture_rows
from engine.labs.diffusion.views.bench_words import (
    describe_controls,
    describe_copies,
    describe_held_out,
    describe_mask,
    describe_scenes,
    describe_uneven,
    verdict,
)
from pages.kit import (
    badge,
    choose,
    explain,
    linked,
    palette,
    say,
    section,
    select,
    show,
    show_pictures,
)

SET, PICTURE = "diffusion.bench_set", "diffusion.bench_picture"


def show_rows(lab: Lab, shown: Shown) -> Group:
    """The verdict and the pictures of a set, before and after; returns the set."""
    groups = {group.name: group for group in shown.groups}
    mine = next(group for group in shown.groups if group.located)
    if mine.known:
        say(lab, f"**{verdict(shown, mine)}**")
    say(lab, describe_mask(shown))
    name = choose(
        "Set", {name: group.title for name, group in groups.items()}, SET, default=mine.name
    )
    group = groups[name]
    _pictures(shown, group)
    return group


def show_beside(lab: Lab, shown: Shown) -> None:
    """Every picture's change, and all sets beside all controls: where there are targets."""
    if not any(group.located and group.known for group in shown.groups):
        st.caption(
            "These prompts have no training pictures that are known here, so nothing says which "
            "of the pictures are copies: compare before and after by eye."
        )
    known = sorted((group for group in shown.groups if group.known), key=lambda g: not g.located)
    if known:
        _apart(lab, shown, known[0])
        _sets(lab, shown, known[0])


def chosen_picture(shown: Shown, group: Group) -> int:
    """The chosen picture of the set that is shown; the one that changed most if none is."""
    most = shown.measure("ssim", "located", group).mean(0).argmin()
    return linked(
        PICTURE,
        group.places.start + int(most),
        options=list(range(group.places.start, group.places.stop)),
    )


def show_how(lab: Lab, shown: Shown, made: Made) -> None:
    """The equation with the present numbers, the cut layer by layer, and the mask as a file."""
    section("How the mask is made")
    widest = max(shown.notes["shapes"], key=lambda shape: shape[1])
    explain(
        lab,
        "A cut on the bench",
        sparsity=percent(shown.sparsity),
        columns=widest[1],
        kept=int(shown.sparsity * widest[1] + 1e-9),
        tau=shown.tau,
        cut=f"{int(shown.cut[0].sum()):,}",
        weights=f"{int(shown.weights.sum()):,}",
    )
    words = describe_layers(shown)
    _show(draw_layers(shown, palette(), words), "diffusion_bench_layers")
    say(lab, words)
    _files(shown, made)


def _pictures(shown: Shown, group: Group) -> None:
    def take(place: tuple[int, int] | None) -> None:
        if place is None:
            st.session_state.pop(PICTURE, None)
            st.query_params.pop(PICTURE, None)
        else:
            select(PICTURE, group.places.start + place[1])

    words = describe_copies(shown, group)
    show_pictures(
        picture_rows(shown, group, words.replace("*", "")),
        "diffusion_bench_pictures",
        size=84,
        on_select=take,
    )


def _apart(lab: Lab, shown: Shown, mine: Group) -> None:
    section("Picture by picture")
    words = describe_uneven(shown, mine)
    _show(
        draw_pictures_apart(shown, palette(), words),
        "diffusion_bench_apart",
        lambda: pictures_table(shown),
    )
    say(lab, words)


def _sets(lab: Lab, shown: Shown, mine: Group) -> None:
    section(
        "Beside the controls",
        "As many weights at random, and masks located alike from never-trained titles and from "
        "scenes. What these do too, the located mask did not find.",
    )
    badge("measured here", "measured")
    words = [describe_controls(shown, mine), describe_held_out(shown), describe_scenes(shown)]
    _show(draw_sets(shown, palette(), "ssim", words[0]), "diffusion_bench_ssim")
    left, right = st.columns(2, gap="medium")
    told = [describe_copies(shown, group) for group in shown.groups if group.known]
    alt = " ".join(told).replace("*", "")
    with left:
        _show(draw_sets(shown, palette(), "extracted", alt), "diffusion_bench_over")
    with right:
        _show(draw_sets(shown, palette(), "nn_hit", alt), "diffusion_bench_nearest")
    if shown.judged:
        _show(draw_scenes(shown, palette(), words[2]), "diffusion_bench_scenes")
    for sentence in (*words, *told):
        if sentence:
            say(lab, sentence)


def _files(shown: Shown, made: Made) -> None:
    with st.expander("The mask as a file, and the commands that repeat it"):
        st.download_button(
            "Mask (safetensors)",
            lambda: mask_of(shown, made),
            file_name=MASK,
            mime="application/octet-stream",
            key="diffusion_bench#mask",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
        st.code(command_lines(made), language="bash", wrap_lines=True)
        st.caption(
            "The page judges the first 12 held-out scenes, the command all 72; prompts of your own "
            "go into prompts.txt, one a line."
        )


def _show(figure: go.Figure, key: str, export: Any = None) -> None:
    show(figure, key, figure.layout.meta["alt"], export=export)
