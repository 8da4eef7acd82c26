"""The strip at the top: error per layer and head; a click chooses the head for every view."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import streamlit as st

from engine.core import Result
from engine.core.units import count
from engine.labs.kv_cache.analysis import METRICS, Metric, Outliers, Side, outliers
from engine.labs.kv_cache.views.tensors import (
    describe_head_map,
    draw_head_map,
    draw_outliers,
    head_labels,
    layer_labels,
)
from pages.kit import badge, choose, offer, palette, plain, remember_lines, say, show, show_terms
from pages.kit.components.matrix import matrix
from pages.panels.kv_cache.compare import compare_maps
from pages.panels.kv_cache.scene import SIDES, Scene

LABELS = {"model": ("real weights", "measured"), "synthetic": ("synthetic head", "synthetic")}


def overview(scene: Scene) -> Scene:
    """Draw the strip and return the scene with the side and head that were chosen in it."""
    words, kind = LABELS[scene.source]
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with left:
        side: Side = choose("Side", SIDES, "kv_cache.side")
    titles = {name: info.title for name, info in METRICS.items() if side in info.sides}
    with right:
        metric: Metric = choose("Error measure", titles, "kv_cache.metric", menu=True)
    scene = replace(scene, side=side)
    errors = scene.errors(scene.setting, side, metric)
    finding = describe_head_map(errors, metric, side, scene.setting.format.id)

    picture, said = st.columns([3, 2], gap="large")
    with picture:
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
            on_select=lambda cell: scene.choose(cell.row, cell.column),
            height=240,
            alt=finding,
        )
        colours = palette()
        offer(
            "kv_cache_head_map",
            lambda: draw_head_map(
                errors,
                colours,
                metric=metric,
                side=side,
                format_id=scene.setting.format.id,
                selected=(scene.layer, scene.head),
            ),
            finding,
            lambda: head_table(errors, metric),
        )
    with said:
        badge(words, kind)
        say(scene.lab, finding)
        say(scene.lab, _outlier_sentence(scene))
        st.caption(_source_sentence(scene))
        show_terms(scene.lab)
    remember_lines(f"{METRICS[metric].title} of every head, as in the map", _lines(scene, metric))
    if scene.other is not None:
        compare_maps(scene, scene.other, metric)
    # Only an expander that reruns the page knows whether it is open.
    key = "kv_cache.outliers"
    with st.expander("The outliers behind this map", key=key, on_change="rerun") as more:
        if more.open:
            stats = _outliers(scene.address, scene.capture)
            figure = draw_outliers(stats, palette())
            show(
                figure,
                "kv_cache_outliers",
                figure.layout.meta["alt"],
                export=lambda: {name: one.ratio.ravel() for name, one in stats.items()},
            )
    return scene


@st.cache_data(max_entries=8, show_spinner=False)
def _outliers(address: str, _capture: Result) -> dict[str, Outliers]:
    """Outlier statistics of every tensor of a capture."""
    tensors = {"keys before RoPE": "k_pre", "keys after RoPE": "k_post", "values": "v"}
    return {name: outliers(_capture.array(field)) for name, field in tensors.items()}


def _lines(scene: Scene, metric: Metric) -> str:
    """A script that computes the map."""
    config, setting = scene.obtained.config, scene.setting
    given = "".join(f", {name}={value!r}" for name, value in config.changed().items())
    side = f"parse_format({setting.format.id!r}), parse_order({setting.order.id!r})"
    kept = f", {setting.sinks}, {setting.residual}" if setting.sinks or setting.residual else ""
    return (
        "import engine\n"
        "from engine.labs.kv_cache import parse_format, parse_order\n"
        "from engine.labs.kv_cache.analysis import Setting, head_errors\n\n"
        f"capture = engine.run({scene.lab.name!r}, {scene.experiment.name!r}{given})\n"
        f"setting = Setting({side}{kept})\n"
        f"print(head_errors(capture, {scene.side!r}, setting, {metric!r}))\n"
    )


def _outlier_sentence(scene: Scene) -> str:
    ratios = {name: one.ratio for name, one in _outliers(scene.address, scene.capture).items()}
    parts = [f"{name} {ratio.min():.1f} to {ratio.max():.1f}" for name, ratio in ratios.items()]
    return f"Outliers, largest over median channel rms by head: {'; '.join(parts)}."


def _source_sentence(scene: Scene) -> str:
    model = scene.capture.notes["model"]
    tokens = scene.capture["v"].size("token")
    what = (
        f"{model['parameters'] / 1e6:.2g} M parameters, " if model["parameters"] else "synthetic, "
    )
    return (
        f"{plain(Path(model['name']).name)}: {what}{count(model['layers'], 'layer')}, "
        f"{model['query_heads']} query and {model['kv_heads']} KV heads of {model['head_dim']} "
        f"channels. {tokens} tokens; sort keys from {plain(scene.capture.notes['calibration'])}."
    )


def head_table(errors: np.ndarray, metric: Metric) -> dict[str, np.ndarray]:
    """One row a head: layer, head and error."""
    layer, head = np.indices(errors.shape)
    unit = METRICS[metric].unit
    return {
        "layer": layer.ravel(),
        "head": head.ravel(),
        f"{metric} [{unit}]": errors.ravel(),
    }
