"""View 1: the chosen layer, token by channel, before and after ordering; and what it does."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
from pages.kit import explain, linked, offer, palette, section, select
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
    setting = scene.setting
    part = _part(scene, setting)
    _values(scene, setting, part)
    _errors(scene, setting, part)
    explain(scene.lab, "Token by channel", **_numbers(scene, setting, *part.chosen))
    damage(scene)


@dataclass(frozen=True)
class Part:
    """The tokens and channels on display, and what is chosen among them.

    ``rows`` and ``columns`` count in the whole tensor, ``chosen`` is (token, place in storage),
    ``block`` the tokens and channels of a block, ``labels`` the tokens on display as text.
    """

    rows: slice
    columns: slice
    block: tuple[int, int]
    chosen: tuple[int, int]
    labels: list[str] | None

    @property
    def index(self) -> tuple[slice, slice]:
        """The part of an array (token, width)."""
        return self.rows, self.columns

    @property
    def selected(self) -> tuple[int, int]:
        """The chosen cell, counted in the part."""
        return self.chosen[0] - self.rows.start, self.chosen[1] - self.columns.start

    @property
    def edges(self) -> tuple[list[int], list[int]]:
        """Rows and columns of the part before which a block begins."""
        tall, wide = self.block
        rows, columns = self.rows, self.columns
        across = [t - rows.start for t in range(rows.start + 1, rows.stop) if t % tall == 0]
        down = [c - columns.start for c in range(columns.start + 1, columns.stop) if c % wide == 0]
        return across if tall > 1 else [], down if wide > 1 else []

    def choose(self, cell: Selection) -> None:
        """Make a clicked cell the page's choice."""
        select("kv_cache.token", self.rows.start + cell.row)
        select("kv_cache.channel", self.columns.start + cell.column)

    def long(self, values: np.ndarray, name: str) -> dict[str, np.ndarray]:
        """A table with one row for each cell of the part."""
        token, place = np.indices(values.shape)
        return {
            "token": token.ravel() + self.rows.start,
            "place": place.ravel() + self.columns.start,
            name: values.ravel(),
        }


def _part(scene: Scene, setting: Setting) -> Part:
    """All tokens and channels, or as many as can be told apart."""
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
    last, end = min(first + MOST_TOKENS, tokens), min(start + MOST_CHANNELS, width)
    block = setting.format.block_shape((tokens, width), head_dim=scene.head_dim, role=scene.side)
    token = linked("kv_cache.token", first, low=first, high=last - 1)
    channel = linked("kv_cache.channel", start, low=start, high=end - 1)
    labels = [f"{i} {text}" for i, text in enumerate(scene.tokens)][first:last] or None
    return Part(slice(first, last), slice(start, end), block, (token, channel), labels)


def _values(scene: Scene, setting: Setting, part: Part) -> None:
    """What the format is given, with what it made of each number in the line below."""
    given = stored_input(scene.capture, scene.side, scene.layer, setting)[part.index]
    detail = inspect(scene.capture, scene.side, scene.layer, setting)
    order = permutation(scene.capture, scene.layer, setting)
    kept = np.broadcast_to(setting.kept(part.rows.stop)[part.rows, None], given.shape)
    readouts = {
        "read back": np.where(kept, given, detail.value[part.index]),
        "code": detail.code[part.index],
        "step": detail.step[part.index],
        "shared exponent": detail.exponent[part.index],
        "clipped": detail.clipped[part.index],
    }
    shown = {name: plane for name, plane in readouts.items() if _speaks(plane)}
    title = f"What is stored: {setting.format.id}, order {setting.order.id}"
    finding = (
        f"The largest magnitude is {np.abs(given).max():.3g}; blocks are {part.block[0]} tokens "
        f"by {part.block[1]} channels."
    )
    matrix(
        given,
        key="kv_cache_values",
        palette=palette(),
        title=title,
        row_title="Token",
        column_title="Channel, in storage order",
        value="Value",
        row_labels=part.labels,
        column_labels=[_channel_name(scene, c) for c in order[part.columns]],
        diverging=True,
        readouts=shown | ({"kept exact": kept} if kept.any() else {}),
        boundaries=part.edges,
        selected=part.selected,
        on_select=part.choose,
        alt=finding,
    )
    colours = palette()
    offer(
        "kv_cache_stored",
        lambda: draw_token_by_channel(
            given, colours, title=title, value="Value", block=part.block, diverging=True
        ),
        finding,
        lambda: {
            **part.long(given, "value"),
            **{name: np.broadcast_to(plane, given.shape).ravel() for name, plane in shown.items()},
        },
    )


def _errors(scene: Scene, setting: Setting, part: Part) -> None:
    """Absolute errors in the model's order and in the chosen one, on one colour scale."""
    panels = {"model's order": replace(setting, order=NONE)}
    if setting.order != NONE:
        panels[f"order {setting.order.id}"] = setting
    errors = {}
    for name, one in panels.items():
        back = restored(scene.capture, scene.side, scene.layer, one)
        error = np.abs(back - exact(scene.capture, scene.side, scene.layer))
        order = permutation(scene.capture, scene.layer, one)
        errors[name] = width_of(error)[:, order][part.index]
    rms = {name: float(np.sqrt(np.square(error).mean())) for name, error in errors.items()}
    only = next(iter(panels.values())) if len(panels) == 1 else None
    names = permutation(scene.capture, scene.layer, only)[part.columns] if only else ()
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
        row_labels=part.labels,
        boundaries=part.edges,
        selected=part.selected,
        on_select=part.choose,
        alt=finding,
    )
    tall, wide = part.block
    st.caption(f"{finding}. Block edges are drawn; a block is {tall} by {wide}.")
    colours, top = palette(), max(float(error.max()) for error in errors.values()) or 1.0
    for i, (name, error) in enumerate(errors.items()):
        offer(
            f"kv_cache_error_{i}",
            lambda name=name, error=error: draw_token_by_channel(
                error,
                colours,
                title=f"Absolute error, {setting.format.id}, {name}",
                value="Absolute error",
                block=part.block,
                limits=(0.0, top),
            ),
            finding,
            lambda error=error: part.long(error, "absolute_error"),
            label=f"Export: {name}" if not only else "Export",
        )


def _channel_name(scene: Scene, channel: int) -> str:
    return f"H{channel // scene.head_dim}:{channel % scene.head_dim}"


def _speaks(plane: np.ndarray) -> bool:
    """A notion that the format does not have is NaN everywhere; it needs no line."""
    return plane.dtype.kind != "f" or bool(np.isfinite(plane).any())


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
