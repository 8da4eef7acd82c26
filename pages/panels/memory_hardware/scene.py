"""What the views of the memory-hardware page share: the model, the memory, the chosen token."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Config, EngramError, Experiment, Lab, get_lab
from engine.labs.memory_hardware.config import GenerationConfig, Served
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.serving import build_compiler
from engine.labs.memory_hardware.walk import AFTER, Placed
from engine.store import Store
from pages.kit import complain, form, linked, select

MODEL = ("model", "device")
LAID = ("key_layout", "value_layout", "weights", "overlap", "head", "refresh", "change")
TOKEN = "memory_hardware.token"
LAYER = "memory_hardware.layer"
RUN = "memory_hardware.run"
COMMAND = "memory_hardware.bank_command"
SHIFT = "memory_hardware.shift"
NONE = -1


@dataclass(frozen=True)
class Scene:
    """The lab, and what is to be generated."""

    lab: Lab
    experiment: Experiment
    config: GenerationConfig


def generation_settings(lab: Lab) -> Scene:
    """The model, the memory, the tokens, and how all is laid out."""
    experiment = lab.experiment("generation")
    config = form(lab, experiment, fields=(*MODEL, "prompt", "tokens", "start", *LAID))
    assert isinstance(config, GenerationConfig)
    return Scene(lab, experiment, config)


def compiler_of(config: Config) -> Compiler | None:
    """The model on its device; a complaint where there is none."""
    assert isinstance(config, Served)
    try:
        return build_compiler(config, Store.open().inputs.get)
    except EngramError as error:
        complain(error)
        return None


def hardware_lab() -> Lab:
    """The lab of this page."""
    return get_lab("memory_hardware")


def look_elsewhere() -> None:
    """Another token, layer or run: what was chosen among its commands means nothing any more."""
    select(SHIFT, 0)
    select(COMMAND, NONE)


def choose_token(config: GenerationConfig) -> int:
    """A token, from 0, those of the prompt first; the last one where nobody chose."""
    count = config.prompt + config.tokens
    token = linked(TOKEN, count - 1, low=0, high=count - 1)
    if count > 1:
        widget = f"{TOKEN}#slider"
        st.session_state[widget] = token + 1
        st.slider(
            "Token",
            1,
            count,
            key=widget,
            on_change=lambda: (select(TOKEN, st.session_state[widget] - 1), look_elsewhere()),
        )
    return token


def chosen_run(runs: list[Placed]) -> int:
    """The number of the chosen run; where nobody chose, the first write, as most follows it."""
    writes = (one.number for one in runs if one.run.unit == "write")
    first, last = runs[0].number, runs[-1].number
    return linked(RUN, next(writes, first), low=first, high=last)


def choose_layer(compiler: Compiler) -> int:
    """A layer from 0, or AFTER for what follows the last."""
    layers = compiler.shape.layers
    layer = linked(LAYER, 0, low=AFTER, high=layers - 1)
    widget = f"{LAYER}#menu"
    st.session_state[widget] = layer
    st.selectbox(
        "Layer",
        [*range(layers), AFTER],
        format_func=lambda i: "After the last" if i == AFTER else f"{i + 1} of {layers}",
        key=widget,
        on_change=lambda: (select(LAYER, st.session_state[widget]), look_elsewhere()),
    )
    return layer
