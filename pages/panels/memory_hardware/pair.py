"""One layer of one token on both memories of the what-if board."""

from __future__ import annotations

import streamlit as st

from engine.core import EngramError, Result
from engine.labs.memory_hardware.config import WhatIfConfig
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.schedule import Schedule
from engine.labs.memory_hardware.serving import compiler_on
from engine.labs.memory_hardware.views.pair import (
    Step,
    describe_pair,
    draw_lag,
    draw_pair,
    pair_table,
    steps_of,
)
from engine.labs.memory_hardware.views.token import of_layer
from engine.labs.memory_hardware.walk import AFTER, place_runs
from engine.store import Store
from pages.kit import complain, linked, palette, section, select, show
from pages.panels.memory_hardware.scene import TOKEN, choose_layer


def show_pair(result: Result, config: WhatIfConfig) -> None:
    """Both waterfalls of the chosen layer, and how far B is behind or ahead in it."""
    section(
        "One layer on both",
        "Each step of the layer twice, A above B, on one axis of time.",
    )
    try:
        compilers = [
            compiler_on(config, one, Store.open().inputs.get)
            for one in (config.first, config.second)
        ]
    except EngramError as error:
        complain(error)
        return
    left, right = st.columns(2, gap="large")
    with left:
        token = _choose_token(config.prompt + config.tokens)
    with right:
        layer = choose_layer(compilers[0])
    tck = [float(ns) for ns in result.array("tck_ns")]
    a, b = (_steps(config, compiler, token, layer) for compiler in compilers)
    where = "After the last layer" if layer == AFTER else f"Layer {layer + 1}"
    figure = draw_pair(a, b, palette(), tck_ns=tck, title=f"{where} of token {token + 1}")
    show(figure, "memory_hardware_pair", describe_pair(a, b), export=lambda: pair_table(a, b))
    figure = draw_lag(a, b, palette())
    show(figure, "memory_hardware_lag", figure.layout.meta["alt"],
         export=lambda: pair_table(a, b))  # fmt: skip


def _steps(config: WhatIfConfig, compiler: Compiler, token: int, layer: int) -> list[Step]:
    plan = Schedule(compiler, config.tokens, start=config.start, prompt=config.prompt)
    return steps_of(of_layer(place_runs(plan, token), layer), compiler.device["timing.tck_ns"])


def _choose_token(count: int) -> int:
    """A token from 0, the same that the other views show."""
    token = linked(TOKEN, count - 1, low=0, high=count - 1)
    if count > 1:
        widget = f"{TOKEN}#pair"
        st.session_state[widget] = token + 1
        st.number_input(
            "Token",
            1,
            count,
            key=widget,
            on_change=lambda: select(TOKEN, st.session_state[widget] - 1),
        )
    return token
