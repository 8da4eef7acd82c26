"""Figures of captured tensors: where the error is, and which channels are outliers."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars, heatmap
from engine.labs.kv_cache.analysis import METRICS, Metric, Outliers, Setting, Side, head_errors

SIDES = {"key": "keys", "value": "values"}


def layer_labels(layers: int) -> list[str]:
    """``L0, L1, ...``"""
    return [f"L{layer}" for layer in range(layers)]


def head_labels(heads: int) -> list[str]:
    """``H0, H1, ...``"""
    return [f"H{head}" for head in range(heads)]


def draw_head_map(
    errors: np.ndarray,
    palette: Palette,
    *,
    metric: Metric,
    side: Side,
    format_id: str,
    selected: tuple[int, int] | None = None,
) -> go.Figure:
    """Error per layer and KV head; ``errors: (layer, head)`` in the metric's unit."""
    info = METRICS[metric]
    finite = np.where(np.isfinite(errors), errors, np.nan)
    return heatmap(
        finite,
        palette,
        title=f"{info.title} of {SIDES[side]} in {format_id}",
        x="KV head",
        y="Layer",
        value=info.title,
        unit=info.unit,
        x_labels=head_labels(errors.shape[1]),
        y_labels=layer_labels(errors.shape[0]),
        selected=selected,
        alt=describe_head_map(errors, metric, side, format_id),
    )


def describe_head_map(errors: np.ndarray, metric: Metric, side: Side, format_id: str) -> str:
    """The finding of a head map in one sentence."""
    info = METRICS[metric]
    unit = "" if info.unit == "1" else f" {info.unit}"
    if not np.isfinite(errors).any() or not np.any(errors[np.isfinite(errors)]):
        return f"{format_id} stores these {SIDES[side]} without any error."
    worst_is_low = metric == "sqnr_db"
    ranked = np.where(np.isfinite(errors), errors, np.inf if worst_is_low else -np.inf)
    flat = ranked.argmin() if worst_is_low else ranked.argmax()
    layer, head = np.unravel_index(flat, errors.shape)
    typical = float(np.median(errors[np.isfinite(errors)]))
    return (
        f"{info.title} of the {SIDES[side]} in {format_id}: median {typical:.3g}{unit} over "
        f"{errors.size} KV heads, worst {errors[layer, head]:.3g}{unit} in layer {layer}, "
        f"head {head}."
    )


def draw_token_by_channel(
    values: np.ndarray,
    palette: Palette,
    *,
    title: str,
    value: str,
    tokens: list[str] | None = None,
    channels: list[str] | None = None,
    block: tuple[int, int] | None = None,
    diverging: bool = False,
    limits: tuple[float, float] | None = None,
    selected: tuple[int, int] | None = None,
) -> go.Figure:
    """One head as a picture: rows are tokens, columns are channels, ``values: (token, channel)``.

    ``block`` is the (tokens, channels) shape of one scale block, whose edges are drawn.
    """
    boundaries = None
    if block is not None:
        boundaries = (
            range(block[0], values.shape[0], block[0]) if block[0] > 1 else (),
            range(block[1], values.shape[1], block[1]),
        )
    worst = np.unravel_index(np.abs(values).argmax(), values.shape)
    return heatmap(
        values,
        palette,
        title=title,
        x="Channel, in storage order",
        y="Token",
        value=value,
        x_labels=channels,
        y_labels=tokens,
        boundaries=boundaries,
        diverging=diverging,
        limits=limits,
        selected=selected,
        reduce="max",
        alt=f"{title}: the largest magnitude is {np.abs(values).max():.3g} at token {worst[0]}, "
        f"channel {worst[1]}.",
    )


def draw_outliers(stats: dict[str, Outliers], palette: Palette) -> go.Figure:
    """Largest over median channel rms, a bar per head and tensor (1 means equal channels)."""
    first = next(iter(stats.values())).ratio
    labels = [f"L{layer} H{head}" for layer, head in np.ndindex(first.shape)]
    peak = max(stats, key=lambda name: stats[name].ratio.max())
    return bars(
        labels,
        {name: one.ratio.ravel() for name, one in stats.items()},
        palette,
        title="Channel outliers",
        category="Layer and KV head",
        value=axis("Largest over median channel rms"),
        subtitle="1 would mean that all channels of a head are equally large",
        alt=f"The strongest channel outliers are in {peak}: up to "
        f"{stats[peak].ratio.max():.3g} times the median channel.",
    )


def draw_thumbnail(result: Result, palette: Palette) -> go.Figure:
    """The gallery's picture: the error map of the shipped capture in its default format."""
    from engine.labs.kv_cache.formats import parse_format
    from engine.labs.kv_cache.orders_grammar import parse_order

    setting = Setting(parse_format("bfp12:b32"), parse_order("none"))
    errors = head_errors(result, "key", setting, "rel_rmse")
    return draw_head_map(
        errors, palette, metric="rel_rmse", side="key", format_id=setting.format.id
    )
