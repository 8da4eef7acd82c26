"""View 2: one token under the microscope, from the whole generation to a layer's runs."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.memory_hardware.config import GenerationConfig
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.schedule import Schedule
from engine.labs.memory_hardware.views.parts import (
    describe,
    draw_parts,
    draw_tokens,
    part_table,
    token_ns,
)
from engine.labs.memory_hardware.views.token import draw_layer, layer_table, of_layer, row_numbers
from engine.labs.memory_hardware.walk import AFTER, place_runs
from pages.kit import View, badge, explain, obtain, palette, say, section, select, show, take_away
from pages.panels.memory_hardware.scene import (
    RUN,
    Scene,
    choose_layer,
    choose_token,
    chosen_run,
    compiler_of,
    generation_settings,
    look_elsewhere,
)


def show_token(scene: Scene) -> None:
    """The whole generation, then a token, then a layer of it."""
    section(
        "One token under the microscope",
        "A token passes through every layer of the model: products in the banks, results over the "
        "link, softmax and norms in the ASIC, its key and value into the memory.",
    )
    obtained = obtain(scene.lab, scene.experiment, scene.config)
    if obtained.result is None:
        return
    result, config = obtained.result, obtained.config
    assert isinstance(config, GenerationConfig)
    say(scene.lab, describe(result))
    assumed_badge(result)
    figure = draw_parts(result, palette())
    show(
        figure,
        "memory_hardware_parts",
        figure.layout.meta["alt"],
        export=lambda: part_table(result),
    )
    token = choose_token(config)
    count = config.prompt + config.tokens
    if count > 1:
        figure = draw_tokens(result, palette(), start=config.start, token=token)
        show(
            figure,
            "memory_hardware_tokens",
            figure.layout.meta["alt"],
            export=lambda: {"token": range(1, count + 1), "ns": token_ns(result)},
        )
    if compiler := compiler_of(config):
        _layer(compiler, config, token)
        explain(scene.lab, "A row", **row_numbers(compiler))
    take_away(scene.lab, scene.experiment, obtained)


def assumed_badge(result: Result) -> None:
    """How many of the device's constants nobody printed, and what else to know of it."""
    if names := result.notes["assumed"]:
        badge(
            f"{len(names)} constants assumed",
            "assumed",
            "Their values could not be read in the paper; each can be changed under Changed "
            f"constants: {', '.join(names)}. {' '.join(result.notes['remarks'])}",
        )


def _layer(compiler: Compiler, config: GenerationConfig, token: int) -> None:
    section(
        "A layer, run by run",
        "Click a run to choose it.",
    )
    plan = Schedule(compiler, config.tokens, start=config.start, prompt=config.prompt)
    layer = choose_layer(compiler)
    runs = of_layer(place_runs(plan, token), layer)
    chosen = chosen_run(runs)
    tck = compiler.device["timing.tck_ns"]
    where = "After the last layer" if layer == AFTER else f"Layer {layer + 1}"
    figure = draw_layer(
        runs, palette(), tck_ns=tck, title=f"{where} of token {token + 1}", selected=chosen
    )
    show(
        figure,
        "memory_hardware_layer",
        figure.layout.meta["alt"],
        export=lambda: layer_table(runs, tck),
        on_select=_picked,
    )
    st.button(
        "See the commands of the chosen run",
        icon=":material/arrow_forward:",
        on_click=lambda: (select("memory_hardware.view", "timeline"), look_elsewhere()),
    )


def _picked() -> None:
    points = st.session_state["memory_hardware_layer"].selection.points
    if points:
        select(RUN, int(points[0]["customdata"][1]))


VIEW = View("One token", generation_settings, show_token)
