"""View 2: one token under the microscope, from the whole generation to a layer's runs."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.memory_hardware.config import GenerationConfig
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.views.parts import (
    describe,
    draw_parts,
    draw_tokens,
    part_table,
    token_ns,
)
from engine.labs.memory_hardware.views.token import draw_layer, layer_table, of_layer
from engine.labs.memory_hardware.walk import Placed, clock_at, place_runs
from pages.kit import badge, explain, linked, obtain, palette, say, section, select, show, take_away
from pages.panels.memory_hardware.scene import (
    LAYER,
    RUN,
    TOKEN,
    Scene,
    View,
    compiler_of,
    generation_settings,
)  # fmt: skip

AFTER = -1


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
    if result.notes["assumed"]:
        badge(
            f"{len(result.notes['assumed'])} constants assumed",
            "assumed",
            "Their values could not be read in the paper; each can be changed under Changed "
            f"constants: {', '.join(result.notes['assumed'])}.",
        )
    figure = draw_parts(result, palette())
    show(
        figure,
        "memory_hardware_parts",
        figure.layout.meta["alt"],
        export=lambda: part_table(result),
    )
    token = choose_token(result, config)
    compiler = compiler_of(config)
    if compiler is None:
        return
    placed = placed_runs(compiler, result, config, token)
    _layer(compiler, placed, token)
    explain(
        scene.lab,
        "A row",
        **row_numbers(compiler),
    )
    take_away(scene.lab, scene.experiment, obtained)


def choose_token(result: Result, config: GenerationConfig) -> int:
    """A token of the generation, from 0, marked in the figure of all of them."""
    count = int(result.array("token_end").size)
    token = linked(TOKEN, count - 1, low=0, high=count - 1)
    if count > 1:
        widget = f"{TOKEN}#slider"
        st.session_state[widget] = token + 1
        st.slider(
            "Token",
            1,
            count,
            key=widget,
            on_change=lambda: select(TOKEN, st.session_state[widget] - 1),
        )
        figure = draw_tokens(result, palette(), start=config.start, token=token)
        show(
            figure,
            "memory_hardware_tokens",
            figure.layout.meta["alt"],
            export=lambda: {"token": range(1, count + 1), "ns": token_ns(result)},
        )
    return token


def placed_runs(
    compiler: Compiler, result: Result, config: GenerationConfig, token: int
) -> list[Placed]:
    """Where the runs of a token stand in time."""
    clock = clock_at(
        token,
        result.array("token_end"),
        result.array("token_refreshes"),
        compiler.device.cycles(),
        refresh=config.refresh,
    )
    return place_runs(compiler, config.start + token + 1, clock)


def choose_layer(compiler: Compiler) -> int:
    """A layer from 0, or -1 for what follows the last."""
    layers = compiler.shape.layers
    layer = linked(LAYER, 0, low=AFTER, high=layers - 1)
    options = [*range(layers), AFTER]
    widget = f"{LAYER}#menu"
    st.session_state[widget] = layer
    st.selectbox(
        "Layer",
        options,
        format_func=lambda i: "After the last layer" if i == AFTER else f"{i + 1} of {layers}",
        key=widget,
        on_change=lambda: select(LAYER, st.session_state[widget]),
    )
    return layer


def _layer(compiler: Compiler, placed: list[Placed], token: int) -> None:
    section(
        "A layer, run by run",
        "Click a run to choose it; the bank timeline opens where it is.",
    )
    layer = choose_layer(compiler)
    runs = of_layer(placed, layer)
    chosen = linked(RUN, runs[0].number, low=runs[0].number, high=runs[-1].number)
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


def _picked() -> None:
    points = st.session_state["memory_hardware_layer"].selection.points
    if points:
        select(RUN, int(points[0]["customdata"][1]))


def row_numbers(compiler: Compiler) -> dict[str, float | int | str]:
    """The present numbers of the equation of a row."""
    t = compiler.device.cycles()
    columns = compiler.row_columns
    if "rcd_mac" not in t:
        return {}
    open_for = max(t["rcd_mac"] + (columns - 1) * t["ccd"] + t["rtp"], t["ras"])
    return {
        "rcd": t["rcd_mac"],
        "columns": columns,
        "ccd": t["ccd"],
        "rtp": t["rtp"],
        "ras": t["ras"],
        "rp": t["rp"],
        "row": open_for + t["rp"],
        "useful": f"{100 * columns * t['ccd'] / (open_for + t['rp']):.0f}",
    }


VIEW = View("One token", generation_settings, show_token)
