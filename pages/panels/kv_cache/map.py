"""View 1: the chosen layer, token by channel, before and after ordering; and what it does."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.labs.kv_cache.analysis import (
    Setting,
    exact,
    inspect,
    permutation,
    restored,
    stored_input,
    width_of,
)
from engine.labs.kv_cache.orders_grammar import parse_order
from engine.labs.kv_cache.views.tensors import draw_token_by_channel
from pages.kit import explain, linked, palette, section, select, show
from pages.kit.components.matrix import Selection, matrix
from pages.panels.kv_cache.damage import damage
from pages.panels.kv_cache.scene import SIDES, Scene

MOST_TOKENS = 128
MOST_CHANNELS = 256
NONE = parse_order("none")


def show_map(scene: Scene) -> None:
    """The heatmaps of the chosen layer, the note, and the damage of the setting."""
    section(
        f"{SIDES[scene.side]} of layer {scene.layer}, token by channel",
        "Rows are tokens, columns are channels of all KV heads side by side. Click a number to "
        "choose it; the view Block microscope then shows its block.",
    )
    first, last, columns = _part(scene)
    setting = scene.setting
    block = setting.format.block_shape(
        stored_input(scene.capture, scene.side, scene.layer, setting).shape,
        head_dim=scene.head_dim,
        role=scene.side,
    )
    token = linked("kv_cache.token", first, low=first, high=last - 1)
    channel = linked("kv_cache.channel", columns.start, low=columns.start, high=columns.stop - 1)
    labels = [f"{i} {text}" for i, text in enumerate(scene.tokens)] or None
    _values(scene, setting, first, last, columns, block, (token, channel), labels)
    _errors(scene, setting, first, last, columns, block, (token, channel), labels)
    explain(scene.lab, "Token by channel", **_numbers(scene, setting, token, channel))
    damage(scene)


def _part(scene: Scene) -> tuple[int, int, slice]:
    """The tokens and channels on display: all of them, or as many as can be told apart."""
    tokens = scene.capture["v"].size("token")
    width = scene.capture["v"].size("head") * scene.head_dim
    first = 0
    if tokens > MOST_TOKENS:
        first = st.slider(
            f"First token shown (of {tokens})",
            0,
            tokens - MOST_TOKENS,
            key="kv_cache.first_token",
            bind="query-params",
        )
    start = 0
    if width > MOST_CHANNELS:
        start = min(scene.head * scene.head_dim // MOST_CHANNELS * MOST_CHANNELS, width - 1)
        st.caption(
            f"Channels {start} to {min(start + MOST_CHANNELS, width) - 1} of {width}: the part "
            f"that holds head {scene.head}."
        )
    return first, min(first + MOST_TOKENS, tokens), slice(start, min(start + MOST_CHANNELS, width))


def _edges(
    block: tuple[int, int], first: int, last: int, columns: slice
) -> tuple[list[int], list[int]]:
    rows = [t - first for t in range(first + 1, last) if block[0] > 1 and t % block[0] == 0]
    cuts = range(columns.start + 1, columns.stop)
    return rows, [c - columns.start for c in cuts if block[1] > 1 and c % block[1] == 0]


def _choose(cell: Selection, first: int, columns: slice) -> None:
    select("kv_cache.token", first + cell.row)
    select("kv_cache.channel", columns.start + cell.column)


def _values(
    scene: Scene,
    setting: Setting,
    first: int,
    last: int,
    columns: slice,
    block: tuple[int, int],
    chosen: tuple[int, int],
    labels: list[str] | None,
) -> None:
    given = stored_input(scene.capture, scene.side, scene.layer, setting)
    detail = inspect(scene.capture, scene.side, scene.layer, setting)
    order = permutation(scene.capture, scene.layer, setting)
    part = (slice(first, last), columns)
    readouts = {
        "read back": detail.value[part],
        "code": detail.code[part],
        "step": detail.step[part],
        "shared exponent": detail.exponent[part],
        "clipped": detail.clipped[part],
    }
    matrix(
        given[part],
        key="kv_cache_values",
        palette=palette(),
        title=f"What is stored: {setting.format.id}, order {setting.order.id}",
        row_title="Token",
        column_title="Channel, in storage order",
        value="Value",
        row_labels=labels[first:last] if labels else None,
        column_labels=[_channel_name(scene, c) for c in order[columns]],
        diverging=True,
        readouts={name: plane for name, plane in readouts.items() if _speaks(plane)},
        boundaries=_edges(block, first, last, columns),
        selected=(chosen[0] - first, chosen[1] - columns.start),
        on_select=lambda cell: _choose(cell, first, columns),
        alt=f"The largest magnitude is {np.abs(given[part]).max():.3g}; blocks are {block[0]} "
        f"tokens by {block[1]} channels.",
    )


def _errors(
    scene: Scene,
    setting: Setting,
    first: int,
    last: int,
    columns: slice,
    block: tuple[int, int],
    chosen: tuple[int, int],
    labels: list[str] | None,
) -> None:
    """Absolute errors in the model's order and in the chosen one, on one colour scale."""
    panels = {"model's order": Setting(setting.format, NONE)}
    if setting.order != NONE:
        panels[f"order {setting.order.id}"] = setting
    part = (slice(first, last), columns)
    errors = {}
    for name, one in panels.items():
        back = restored(scene.capture, scene.side, scene.layer, one)
        error = np.abs(back - exact(scene.capture, scene.side, scene.layer))
        order = permutation(scene.capture, scene.layer, one)
        errors[name] = width_of(error)[:, order][part]
    rms = {name: float(np.sqrt(np.square(error).mean())) for name, error in errors.items()}
    only = next(iter(panels.values())) if len(panels) == 1 else None
    names = permutation(scene.capture, scene.layer, only)[columns] if only else ()
    finding = "RMS error " + ", ".join(f"{value:.3g} in {name}" for name, value in rms.items())
    matrix(
        next(iter(errors.values())) if only else errors,
        key="kv_cache_errors",
        palette=palette(),
        title=f"Absolute error of what attention reads, {setting.format.id}",
        row_title="Token",
        column_title="Channel" if only else "Place in the storage order of the panel",
        column_labels=[_channel_name(scene, c) for c in names] or None,
        value="Absolute error",
        row_labels=labels[first:last] if labels else None,
        boundaries=_edges(block, first, last, columns),
        selected=(chosen[0] - first, chosen[1] - columns.start),
        on_select=lambda cell: _choose(cell, first, columns),
        alt=finding,
    )
    st.caption(f"{finding}. Block edges are drawn; a block is {block[0]} by {block[1]}.")
    with st.expander("As figures") as more:
        if more.open:
            top = max(float(error.max()) for error in errors.values()) or 1.0
            for i, (name, error) in enumerate(errors.items()):
                figure = draw_token_by_channel(
                    error,
                    palette(),
                    title=f"Absolute error, {setting.format.id}, {name}",
                    value="Absolute error",
                    block=block,
                    limits=(0.0, top),
                )
                show(
                    figure,
                    f"kv_cache_error_{i}",
                    figure.layout.meta["alt"],
                    export=lambda error=error: _long(error, first, columns),
                )


def _channel_name(scene: Scene, channel: int) -> str:
    return f"H{channel // scene.head_dim}:{channel % scene.head_dim}"


def _speaks(plane: np.ndarray) -> bool:
    """A notion that the format does not have is NaN everywhere; it needs no line."""
    return plane.dtype.kind != "f" or bool(np.isfinite(plane).any())


def _long(error: np.ndarray, first: int, columns: slice) -> dict[str, np.ndarray]:
    token, channel = np.indices(error.shape)
    return {
        "token": token.ravel() + first,
        "place": channel.ravel() + columns.start,
        "absolute_error": error.ravel(),
    }


def _numbers(scene: Scene, setting: Setting, token: int, channel: int) -> dict[str, float | int]:
    """The block of the chosen cell in numbers; no step where the format has none."""
    detail = inspect(scene.capture, scene.side, scene.layer, setting)
    given = stored_input(scene.capture, scene.side, scene.layer, setting)
    own = detail.block == detail.block[token, channel]
    step = float(detail.step[token, channel])
    found = {
        "zeros": int(((detail.value == 0) & (given != 0))[own].sum()),
        "clipped": int(detail.clipped[own].sum()),
    }
    return {**found, "step": step} if np.isfinite(step) else {}
