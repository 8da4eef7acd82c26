"""View 7: ways to keep copies from coming out, and what each of them spoils."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core import Config, Lab, Result
from engine.labs.diffusion.mitigate.names import METHODS
from engine.labs.diffusion.views.method_claims import mitigation_claims
from engine.labs.diffusion.views.race import (
    draw_race,
    grid_place,
    race_grid,
    race_table,
    scene_grid,
)
from engine.labs.diffusion.views.race_measures import has_scenes
from engine.labs.diffusion.views.race_words import (
    describe_controls,
    describe_correlated,
    describe_dynamic,
    describe_front,
    describe_hits,
    describe_lost,
    describe_methods,
    describe_neurons,
    describe_plain,
    describe_steps,
    sizes,
)
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    linked,
    palette,
    plain,
    say,
    section,
    select,
    show,
    show_claims,
    show_pictures,
    take_away,
)
from pages.kit.asked import Asked, asked, begin
from pages.panels.diffusion.race_strength import show_strength

PARTS = {"race": "All methods", "strength": "From weak to strong"}
PART = "diffusion.race_part"
CELL = "diffusion.race_cell"
CHART = "diffusion_race"
NONE = -1


def race_settings(lab: Lab) -> Asked:
    """All methods or strengths, then prompts, scenes and the constants of the methods."""
    scene = asked(lab, choose("Show", PARTS, PART, menu=True))
    assumed = assumed_constants(type(scene.config))
    badge(f"{len(assumed)} constants assumed", "assumed",
          f"{', '.join(assumed)}; the others are those of the authors' code")  # fmt: skip
    return scene


def assumed_constants(config: type[Config]) -> list[str]:
    """Titles of the fields whose help says that they are assumed."""
    found = []
    for field in config.model_fields.values():
        extra = field.json_schema_extra
        help = extra.get("help") if isinstance(extra, dict) else None
        if str(help).startswith("assumed"):
            found.append(str(field.title))
    return found


def show_race(scene: Asked) -> None:
    """The scatter, its sentences, the pictures, the price and the controls."""
    if scene.experiment.name == "strength":
        show_strength(scene)
        return
    found = begin(
        scene,
        "Mitigation race",
        "The same prompts and noises through every method. Left is less similar to the training "
        "pictures, low is a small price: scenes that were never copied still show what they are "
        "told.",
    )
    if found is None:
        return
    obtained, result = found
    columns = result.array("pictures").shape[1]
    cell = _chosen(result)
    method = None if cell is None else grid_place(result, cell[0])
    names = result.notes["methods"]
    show(
        draw_race(result, palette(), selected=None if method is None else names[method]),
        CHART,
        describe_front(result),
        export=lambda: race_table(result),
        on_select=lambda: _select_method(result, columns),
    )
    for words in (describe_plain(result), *describe_methods(result), describe_front(result)):
        say(scene.lab, words)
    if has_scenes(result):
        st.caption(
            "Costs are points of scene attributes against plain sampling, with one standard error."
        )
    _pictures(scene.lab, result, cell)
    _price(scene.lab, result)
    section("Beside the race")
    for words in (
        *describe_controls(result),
        describe_hits(result),
        describe_correlated(result),
        describe_neurons(result),
        describe_steps(result),
        describe_dynamic(result),
    ):
        if words:
            say(scene.lab, words)
    show_claims(mitigation_claims(result))
    explain(scene.lab, "Mitigation")
    with st.expander("All methods as a table", key="diffusion.race_table", on_change="rerun") as at:
        if at.open:
            st.dataframe(race_table(result), hide_index=True, width="stretch")
    take_away(scene.lab, scene.experiment, obtained)


def _chosen(result: Result) -> tuple[int, int] | None:
    rows, columns = race_grid(result).shape
    at = linked(CELL, NONE, low=NONE, high=rows * columns - 1)
    return divmod(at, columns) if at >= 0 else None


def _select_method(result: Result, columns: int) -> None:
    """Choose the first picture of the clicked point's method."""
    event: Any = st.session_state.get(CHART)
    points = event["selection"]["points"] if event else []
    if not points or not points[0].get("customdata"):
        return
    name = str(points[0]["customdata"][0])
    if name in result.notes["methods"]:
        row = result.notes["methods"].index(name) + int("targets" in result.fields)
        select(CELL, row * columns)


def _pictures(lab: Lab, result: Result, cell: tuple[int, int] | None) -> None:
    section("Pictures", "SSIM under each picture. Choose one to see how it was made.")
    grid = race_grid(result)

    def chosen(place: tuple[int, int] | None) -> None:
        select(CELL, NONE if place is None else place[0] * grid.shape[1] + place[1])

    show_pictures(grid, "diffusion_race_grid", size=56, selected=cell, on_select=chosen)
    st.caption(
        f"Seed {result.notes['seeds'][0]}. Nearest: of all training pictures the prompt's own is "
        "the closest, though SSIM is under the line."
    )
    if cell is not None:
        _one(lab, result, cell)


def _one(lab: Lab, result: Result, cell: tuple[int, int]) -> None:
    """The chosen picture: its prompt as it was sampled, and its measures with every seed."""
    row, column = cell
    at = grid_place(result, row)
    prompt = result.notes["prompts"][column]
    if at is None:
        st.markdown(f"Training picture of **{plain(prompt)}**")
        return
    name = result.notes["methods"][at]
    text = result.notes["texts"][at][column]
    told = f"**{METHODS[name].title.capitalize()}** on **{plain(prompt)}**"
    if text != prompt:
        told += f", sampled as **{plain(text)}**"
    level = ", ".join(f"{value:.2f}" for value in result.array("ssim")[at, :, column])
    parts = [told, f"SSIM by seed {level}"]
    if "ratio" in result.fields:
        ratio = ", ".join(f"{value:.2f}" for value in result.array("ratio")[at, :, column])
        parts.append(f"Carlini ratio {ratio}")
    say(lab, "; ".join(parts) + ".")


def _price(lab: Lab, result: Result) -> None:
    if not has_scenes(result):
        return
    section("The price", f"Scenes through the same methods; {sizes(result)}.")
    if words := describe_lost(result):
        say(lab, words)
    show_pictures(scene_grid(result), "diffusion_race_scenes", size=56)
    st.caption(
        "Attributes that the judge does not see as told stand under a picture. "
        "Scenes: " + "; ".join(plain(text) for text in result.notes["captions"])
    )


VIEW = View("Mitigation race", race_settings, show_race)
