"""The strip at the top: error per layer and head; a click chooses the head for every view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from engine.labs.kv_cache.analysis import METRICS, Metric, outliers
from engine.labs.kv_cache.views.tensors import (
    describe_head_map,
    draw_head_map,
    draw_outliers,
    head_labels,
    layer_labels,
)
from pages.kit import badge, palette, show
from pages.kit.components.matrix import Selection, matrix
from pages.panels.kv_cache.scene import SIDES, Scene

LABELS = {"model": ("real weights", "measured"), "synthetic": ("synthetic head", "synthetic")}


def overview(scene: Scene) -> Scene:
    """Draw the strip and return the scene with the side and head that were chosen in it."""
    words, kind = LABELS[scene.source]
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with left:
        side = st.segmented_control(
            "Side",
            list(SIDES),
            format_func=SIDES.__getitem__,
            default="key",
            required=True,
            key="kv_cache.side",
            bind="query-params",
        )
    metrics = [name for name, info in METRICS.items() if side in info.sides]
    with right:
        metric: Metric = st.selectbox(
            "Error measure",
            metrics,
            format_func=lambda name: METRICS[name].title,
            key="kv_cache.metric",
            bind="query-params",
        )
    scene = replace(scene, side=side)
    errors = scene.errors(scene.setting, side, metric)
    finding = describe_head_map(errors, metric, side, scene.setting.format.id)

    def choose(cell: Selection) -> None:
        scene.choose(cell.row, cell.column)

    matrix(
        np.where(np.isfinite(errors), errors, np.nan),
        key="kv_cache_map",
        palette=palette(),
        title=f"{METRICS[metric].title} by layer and KV head",
        row_title="Layer",
        column_title="KV head",
        value=METRICS[metric].title,
        unit=METRICS[metric].unit,
        row_labels=layer_labels(errors.shape[0]),
        column_labels=head_labels(errors.shape[1]),
        selected=(scene.layer, scene.head),
        on_select=choose,
        height=220,
        alt=finding,
    )
    badge(words, kind)
    st.markdown(finding)
    with st.expander("This map as a figure, and the outliers behind it") as more:
        if more.open:
            figure = draw_head_map(
                errors,
                palette(),
                metric=metric,
                side=side,
                format_id=scene.setting.format.id,
                selected=(scene.layer, scene.head),
            )
            show(figure, "kv_cache_head_map", finding, export=lambda: _table(errors, metric))
            stats = {
                "keys before RoPE": outliers(scene.capture.array("k_pre")),
                "keys after RoPE": outliers(scene.capture.array("k_post")),
                "values": outliers(scene.capture.array("v")),
            }
            figure = draw_outliers(stats, palette())
            show(
                figure,
                "kv_cache_outliers",
                figure.layout.meta["alt"],
                export=lambda: {name: one.ratio.ravel() for name, one in stats.items()},
            )
    return scene


def _table(errors: np.ndarray, metric: Metric) -> dict[str, np.ndarray]:
    layer, head = np.indices(errors.shape)
    unit = METRICS[metric].unit
    return {
        "layer": layer.ravel(),
        "head": head.ravel(),
        f"{metric} [{unit}]": errors.ravel(),
    }
