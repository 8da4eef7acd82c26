"""View 4: one block of numbers, its grid, and an outlier that can be dragged."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Result
from engine.core.units import count
from engine.figures import stems
from engine.labs.kv_cache.analysis import Setting, Side, inspect, permutation, stored_input
from engine.labs.kv_cache.formats import parse_format
from pages.kit import explain, linked, offer, palette, section, take_away
from pages.kit.components.microscope import Block, Grid, microscope
from pages.panels.kv_cache.grids import grid_of
from pages.panels.kv_cache.scene import SIDES, Scene

MOST = 128
MOST_SHOWN = 256


def show_microscope(scene: Scene) -> None:
    """The block that holds the chosen token and channel."""
    setting = scene.setting
    given = stored_input(scene.capture, scene.side, scene.layer, setting)
    section(
        "Block microscope",
        "Drag a stem, or focus it and use the arrow keys, and watch the numbers that share its "
        "scale. A click in the error map chooses the place, too.",
    )
    token, channel = _choice(scene, given.shape)
    own, size = _neighbours(scene, setting, given.shape, token, channel)
    values = given[own[:, 0], own[:, 1]].astype(np.float64)
    st.markdown(
        f"{SIDES[scene.side]} of layer {scene.layer}, token {token}: "
        f"{count(-(-len(values) // size), 'block')} of up to {size} numbers that share a scale."
    )
    held = setting.kept(len(given))
    if held[token]:
        st.markdown(
            f"**Token {token} is kept in fp16** by the exact tokens of the setting: none of its "
            f"numbers is rounded to {setting.format.id}. Below is what the format would do to them."
        )
    elif held[own[:, 0]].any():
        kept = count(int(held[own[:, 0]].sum()), "number")
        st.markdown(
            f"{kept} of these {len(values)} belong to tokens that are kept in fp16 by the setting; "
            "below is what the format would do to them."
        )
    grid = grid_of(setting.format)
    if grid is None:
        grid = Grid.bfp(4)
        st.caption(
            f"{setting.format.id} has no single grid that a block shares, so these numbers are "
            "shown on the grid of bfp12."
        )
    elif setting.format.hadamard:
        st.caption(
            "The format rotates each head before it rounds; the numbers here are not rotated, so "
            "that you can see what the rotation is for."
        )
    order = permutation(scene.capture, scene.layer, setting)
    name = f"{scene.source}.{setting.format.id}.{setting.order.id}.{scene.side}"
    block = microscope(
        Block(tuple(values)),
        key=f"kv_cache_block.{name}.{scene.layer}.{token}.{channel}",
        palette=palette(),
        grid=grid,
        size=size,
        title=f"Stored numbers in {grid.name}",
        position_title="Place in storage",
        labels=[_label(scene, order, *place) for place in own],
    )
    _numbers(scene, grid, block, size, kept=bool(held[token]))
    _take_away(scene, own, values, block)


def _take_away(scene: Scene, own: np.ndarray, values: np.ndarray, block: Block) -> None:
    """The captured numbers as a figure and a table, and the capture that they come from."""
    colours, setting = palette(), scene.setting
    rows = own[:, 0], own[:, 1]
    held = setting.kept(scene.capture["v"].size("token"))[own[:, 0]]
    alone = inspect(scene.capture, scene.side, scene.layer, setting).value[rows]
    back = read_back(scene.capture, scene.side, scene.layer, setting)[rows]
    lost = int(((back == 0) & (values != 0)).sum())
    finding = f"{lost} of {len(values)} captured numbers are zero in {setting.format.id}"
    if held.any():
        finding = (
            f"{lost} of {len(values)} captured numbers are read back as zero; "
            f"{int(held.sum())} of them are kept in fp16, the others are in {setting.format.id}"
        )
    offer(
        "kv_cache_block",
        lambda: stems(
            values,
            back,
            colours,
            title=f"Captured numbers in {setting.format.id}",
            x="Place in the block and its neighbours",
            y="Value",
            alt=f"{finding}.",
        ),
        f"{finding}.",
        lambda: {
            "token": own[:, 0],
            "place": own[:, 1],
            "captured": values,
            "read back": back,
            "kept in fp16": held,
            f"in {setting.format.id}": alone,
            "under the microscope": np.array(block.values),
        },
    )
    take_away(scene.lab, scene.experiment, scene.obtained)


def read_back(capture: Result, side: Side, layer: int, setting: Setting) -> np.ndarray:
    """The numbers of one layer as they are read back, ``(token, width)`` in storage order."""
    back = np.array(inspect(capture, side, layer, setting).value)
    held = setting.kept(len(back))
    back[held] = stored_input(capture, side, layer, setting)[held].astype(np.float16)
    return back


def _neighbours(
    scene: Scene, setting: Setting, shape: tuple[int, ...], token: int, channel: int
) -> tuple[np.ndarray, int]:
    """Places [n, (token, channel)] of the block and its neighbours, and the size of a block."""
    tall, wide = setting.format.block_shape(shape, head_dim=scene.head_dim, role=scene.side)
    if tall == 1 and wide > 1:
        start = channel // MOST * MOST if MOST % wide == 0 else channel // wide * wide
        places = np.arange(start, min(start + max(MOST, wide), shape[1]))[:MOST_SHOWN]
        return np.stack([np.full_like(places, token), places], axis=1), wide
    block = inspect(scene.capture, scene.side, scene.layer, setting).block
    own = np.argwhere(block == block[token, channel])[:MOST_SHOWN]
    return own, len(own)


def _choice(scene: Scene, shape: tuple[int, ...]) -> tuple[int, int]:
    tokens, width = shape
    left, right = st.columns(2)
    # The same keys as a click on the heatmap, so that either finds the block.
    linked("kv_cache.token", 0, low=0, high=tokens - 1)
    linked("kv_cache.channel", 0, low=0, high=width - 1)
    token = left.number_input("Token", 0, tokens - 1, key="kv_cache.token")
    channel = right.number_input("Place in storage", 0, width - 1, key="kv_cache.channel")
    return int(token), int(channel)


def _label(scene: Scene, order: np.ndarray, token: int, place: int) -> str:
    channel = int(order[place]) if scene.side == "key" else int(place)
    return f"token {token}, H{channel // scene.head_dim}:{channel % scene.head_dim}"


def _numbers(scene: Scene, grid: Grid, block: Block, size: int, *, kept: bool) -> None:
    """What the engine says about the numbers that lie in the microscope now.

    ``kept``: the chosen token is stored in fp16, so that the numbers are only what would be.
    """
    values = np.array([block.values], dtype=np.float32)
    if block.sorted:
        values = np.take_along_axis(values, np.argsort(-np.abs(values), kind="stable"), axis=1)
    if grid.n is None:
        explain(scene.lab, "Block microscope")
        return
    format = parse_format(f"bfp{grid.n + 8}:b{size}")
    detail = format.inspect(values)
    lost = int(((detail.value == 0) & (values != 0)).sum())
    error = np.linalg.norm(detail.value - values) / max(float(np.linalg.norm(values)), 1e-30)
    st.markdown(
        f"Computed by the engine for the numbers as they stand: relative RMSE **{error:.3g}**, "
        f"**{lost}** of {values.size} {'would be lost' if kept else 'lost'}, "
        f"{format.bits_per_value(values.shape):.4g} bits a value."
    )
    widest = int(np.nanargmax(detail.exponent))
    explain(
        scene.lab,
        "Block microscope",
        exponent=int(detail.exponent.flat[widest]),
        step=float(detail.step.flat[widest]),
        # Without it the note leaves its sentence on lost numbers out.
        **({} if kept else {"zeros": lost}),
        block=values.size,
    )
