"""What the views of the memory-hardware page share: the model, the memory, the chosen token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from engine.core import Config, EngramError, Experiment, Lab, get_lab
from engine.labs.memory_hardware.config import GenerationConfig, Served
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.serving import build_compiler
from engine.store import Store
from pages.kit import complain, form

MODEL = ("model", "device")
LAID = ("key_layout", "value_layout", "head", "refresh", "change")
TOKEN = "memory_hardware.token"
LAYER = "memory_hardware.layer"
RUN = "memory_hardware.run"
S = TypeVar("S")


@dataclass(frozen=True)
class View(Generic[S]):
    """One view of the page: its ``settings`` fill the left column, ``show`` the rest."""

    title: str
    settings: Callable[[Lab], S]
    show: Callable[[S], None]


@dataclass(frozen=True)
class Scene:
    """The lab, and what is to be generated."""

    lab: Lab
    experiment: Experiment
    config: GenerationConfig


def generation_settings(lab: Lab) -> Scene:
    """The model, the memory, the tokens, and how all is laid out."""
    experiment = lab.experiment("generation")
    config = form(lab, experiment, fields=(*MODEL, "tokens", "start", *LAID))
    assert isinstance(config, GenerationConfig)
    return Scene(lab, experiment, config)


def only_lab(lab: Lab) -> Lab:
    """For a view that draws its own settings."""
    return lab


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


def on_phone() -> bool:
    """Whether the settings would stand between the title and the first figure."""
    return "Mobi" in st.context.headers.get("User-Agent", "")
