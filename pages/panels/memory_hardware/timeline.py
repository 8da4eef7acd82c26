"""View 1: every command of a window on its bank, and why each one waited."""

from __future__ import annotations

import streamlit as st

from engine.core.units import si
from engine.labs.memory_hardware.config import GenerationConfig
from engine.labs.memory_hardware.expand import Commands, expand
from engine.labs.memory_hardware.schedule import Schedule
from engine.labs.memory_hardware.views.banks import WORDS, bank_window, describe_window, within
from engine.labs.memory_hardware.views.parts import UNITS
from engine.labs.memory_hardware.views.token import of_layer, row_numbers, run_words
from engine.labs.memory_hardware.views.waits import draw_waits, wait_table
from engine.labs.memory_hardware.walk import Placed, place_runs
from pages.kit import (
    View,
    choose,
    explain,
    linked,
    obtain,
    palette,
    remember_lines,
    section,
    select,
    show,
    show_timeline,
    take_away,
)
from pages.panels.memory_hardware.scene import (
    COMMAND,
    NONE,
    RUN,
    SHIFT,
    Scene,
    choose_layer,
    choose_token,
    chosen_run,
    compiler_of,
    generation_settings,
    look_elsewhere,
)
from pages.panels.memory_hardware.token import assumed_badge

LENGTHS = {"1": "1 µs", "4": "4 µs", "12": "12 µs", "40": "40 µs", "120": "120 µs"}
LANES = {"each": "Each bank", "one": "All banks as one"}
LONGEST_SHIFT = 100_000
BEYOND_NS = 20_000  # longer than any softmax or refresh of the presets


def show_banks(scene: Scene) -> None:
    """A token, a layer, a run of it; then all commands from there on."""
    section(
        "Every command, and why it waited",
        "Choose where to look. Click a command: the arrow leads to the one that held it back. "
        "After a click the wheel zooms, and so do W and S; A and D move.",
    )
    obtained = obtain(scene.lab, scene.experiment, scene.config)
    if obtained.result is None:
        return
    config = obtained.config
    assert isinstance(config, GenerationConfig)
    compiler = compiler_of(config)
    if compiler is None:
        return
    plan = Schedule(compiler, config.tokens, start=config.start, prompt=config.prompt)
    left, middle, right = st.columns([2, 1, 2], vertical_alignment="bottom")
    with left:
        token = choose_token(config)
    with middle:
        layer = choose_layer(compiler)
    with right:
        run = _choose_run(of_layer(place_runs(plan, token), layer))
    tck = compiler.device["timing.tck_ns"]
    first, last = _window(run, tck)
    # Beyond the window, for what its last command leaves to wait for.
    reach = last + round(BEYOND_NS / tck)
    ahead = expand(compiler, config.tokens, first, reach, start=config.start, prompt=config.prompt)
    commands = within(ahead, first, last)
    lanes = choose("Lanes", LANES, "memory_hardware.bank_lanes", label_visibility="collapsed")
    each, room = lanes == "each", len(commands) * compiler.banks
    drawn = bank_window(commands, compiler, each_bank=each)
    assumed_badge(obtained.result)
    chosen = linked(COMMAND, NONE, low=NONE, high=len(drawn.timeline) - 1)
    show_timeline(
        drawn.timeline,
        "memory_hardware_banks",
        describe_window(ahead, first, last, tck),
        label=f"{compiler.shape.name} on {compiler.device.title}, from "
        f"{si(first * tck * 1e-9, 's', 10)}",
        because="waited for",
        waited="waited ns",
        legend=WORDS,
        selected=None if chosen == NONE else chosen,
        on_select=lambda at: select(COMMAND, NONE if at is None else at),
        whole=lambda: bank_window(commands, compiler, each_bank=each, most=room).timeline,
    )
    if drawn.lockstep and each:
        st.caption("So many commands fit as one lane only: all banks do the same here.")
    if drawn.left_out:
        st.caption(f"The last {drawn.left_out:,} commands of the window are not drawn.")
    _waits(ahead, first, last, tck)
    numbers = row_numbers(compiler)
    if numbers:
        explain(scene.lab, "A row", **numbers)
    remember_lines("The commands of this window", _lines(config, first, last))
    take_away(scene.lab, scene.experiment, obtained)


def _choose_run(runs: list[Placed]) -> Placed:
    numbers = [one.number for one in runs]
    place = chosen_run(runs)
    # Several runs of a layer do the same: their place in it tells them apart.
    words = {one.number: f"{at}. {_told(one)}" for at, one in enumerate(runs, 1)}
    widget = f"{RUN}#menu"
    # A run that opens no row has no number of its own here.
    st.session_state[widget] = place if place in words else numbers[0]
    st.selectbox(
        "Run",
        numbers,
        format_func=lambda number: words.get(number, ""),
        key=widget,
        on_change=_chosen_run,
    )
    return next((one for one in runs if one.number == place), runs[0])


def _told(one: Placed) -> str:
    words = run_words(one)
    return words if one.run.in_memory else f"{words}, {UNITS[one.run.unit]}"


def _chosen_run() -> None:
    select(RUN, st.session_state[f"{RUN}#menu"])
    look_elsewhere()


def _window(run: Placed, tck: float) -> tuple[int, int]:
    """First and last cycle: from the run's start, moved by whole windows."""
    before, length, after = st.columns([1, 3, 1], vertical_alignment="bottom")
    with length:
        chosen = choose("Window", LENGTHS, "memory_hardware.window", default="4")
    cycles = max(1, round(float(chosen) * 1000 / tck))
    shift = linked(SHIFT, 0, low=-LONGEST_SHIFT, high=LONGEST_SHIFT)
    for column, label, step in ((before, "Earlier", -1), (after, "Later", 1)):
        column.button(
            label,
            key=f"{SHIFT}#{step}",
            width="stretch",
            on_click=_moved,
            args=(shift + step,),
        )
    first = max(0, run.start + shift * cycles)
    return first, first + cycles


def _moved(shift: int) -> None:
    select(SHIFT, shift)
    select(COMMAND, NONE)


def _waits(commands: Commands, first: int, last: int, tck: float) -> None:
    section("What the time of the window goes to")
    figure = draw_waits(commands, first, last, tck, palette())
    show(
        figure,
        "memory_hardware_waits",
        figure.layout.meta["alt"],
        export=lambda: wait_table(commands, first, last, tck),
    )


def _lines(config: GenerationConfig, first: int, last: int) -> str:
    changed = "".join(f"{name}={value!r}, " for name, value in config.changed().items())
    return (
        "from engine.labs.memory_hardware.config import GenerationConfig\n"
        "from engine.labs.memory_hardware.expand import expand\n"
        "from engine.labs.memory_hardware.serving import build_compiler\n"
        "from engine.labs.memory_hardware.table import as_table\n"
        "from engine.store import Store\n\n"
        f"config = GenerationConfig({changed.rstrip(', ')})\n"
        "compiler = build_compiler(config, Store.open().inputs.get)\n"
        'tck = compiler.device["timing.tck_ns"]\n'
        f"commands = expand(compiler, config.tokens, {first}, {last},  # cycles\n"
        "                  start=config.start, prompt=config.prompt)\n"
        "print(as_table(commands, tck).to_pandas())"
    )


VIEW = View("Bank timeline", generation_settings, show_banks)
