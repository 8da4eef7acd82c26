"""View 4: one block of numbers, its grid, and an outlier that can be dragged."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.figures import stems
from engine.labs.kv_cache.analysis import Setting, inspect, permutation, stored_input
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
        f"{-(-len(values) // size)} block(s) of up to {size} numbers that share a scale."
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
    _numbers(scene, grid, block, size)
    _take_away(scene, own, values, block)


def _take_away(scene: Scene, own: np.ndarray, values: np.ndarray, block: Block) -> None:
    """The captured numbers as a figure and a table, and the capture that they come from."""
    colours, setting = palette(), scene.setting
    back = inspect(scene.capture, scene.side, scene.layer, setting).value[own[:, 0], own[:, 1]]
    lost = int(((back == 0) & (values != 0)).sum())
    finding = f"{lost} of {len(values)} captured numbers are zero in {setting.format.id}."
    offer(
        "kv_cache_block",
        lambda: stems(
            values,
            back,
            colours,
            title=f"Captured numbers in {setting.format.id}",
            x="Place in the block and its neighbours",
            y="Value",
            alt=finding,
        ),
        finding,
        lambda: {
            "token": own[:, 0],
            "place": own[:, 1],
            "captured": values,
            "read back": back,
            "under the microscope": np.array(block.values),
        },
    )
    take_away(scene.lab, scene.experiment, scene.obtained)


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


def _numbers(scene: Scene, grid: Grid, block: Block, size: int) -> None:
    """What the engine says about the numbers that lie in the microscope now."""
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
        f"**{lost}** of {values.size} lost, {format.bits_per_value(values.shape):.4g} bits a value."
    )
    widest = int(np.nanargmax(detail.exponent))
    explain(
        scene.lab,
        "Block microscope",
        exponent=int(detail.exponent.flat[widest]),
        step=float(detail.step.flat[widest]),
        zeros=lost,
        block=values.size,
    )
