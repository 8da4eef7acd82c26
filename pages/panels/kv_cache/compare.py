"""Two settings side by side: maps, their difference, and both damages."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Result
from engine.figures import heatmap
from engine.labs.kv_cache.analysis import METRICS, Metric
from engine.labs.kv_cache.config import EvaluateConfig
from engine.labs.kv_cache.views.damage import compare_table, draw_kl_percentiles
from engine.labs.kv_cache.views.tensors import head_labels, layer_labels
from pages.kit import obtain, offer, palette, show
from pages.kit.components.matrix import matrix
from pages.panels.kv_cache.scene import Scene


def compare_maps(scene: Scene, other: EvaluateConfig, metric: Metric) -> None:
    """Both error maps on one scale, and the second minus the first."""
    info = METRICS[metric]
    first, second = scene.stored_as(scene.settings), scene.stored_as(other)
    a, b = (scene.errors(setting, scene.side, metric) for setting in (first, second))
    a, b = (np.where(np.isfinite(x), x, np.nan) for x in (a, b))
    both, difference = st.columns([3, 2], gap="large")
    labels = {"row_labels": layer_labels(len(a)), "column_labels": head_labels(a.shape[1])}
    worse, total = int((b > a).sum()), a.size
    with both:
        matrix(
            {f"A: {_name(scene, scene.settings)}": a, f"B: {_name(scene, other)}": b},
            key="kv_cache_compare",
            palette=palette(),
            title=f"{info.title}, both on one scale",
            row_title="Layer",
            column_title="KV head",
            value=info.title,
            unit=info.unit,
            selected=(scene.layer, scene.head),
            on_select=lambda cell: scene.choose(cell.row, cell.column),
            height=200,
            alt=f"Mean {np.nanmean(a):.3g} for A and {np.nanmean(b):.3g} for B.",
            **labels,
        )
    with difference:
        matrix(
            b - a,
            key="kv_cache_difference",
            palette=palette(),
            title="B minus A",
            row_title="Layer",
            column_title="KV head",
            value=f"{info.title}, difference",
            unit=info.unit,
            diverging=True,
            selected=(scene.layer, scene.head),
            on_select=lambda cell: scene.choose(cell.row, cell.column),
            height=200,
            alt=f"B is larger than A in {worse} of {total} heads.",
            **labels,
        )
    colours = palette()
    offer(
        "kv_cache_difference",
        lambda: heatmap(
            b - a,
            colours,
            title=f"{info.title}: {_name(scene, other)} minus {_name(scene, scene.settings)}",
            x="KV head",
            y="Layer",
            value=f"{info.title}, difference",
            unit=info.unit,
            x_labels=labels["column_labels"],
            y_labels=labels["row_labels"],
            diverging=True,
        ),
        f"B is larger than A in {worse} of {total} heads.",
        lambda: {**_head_columns(a), "a": a.ravel(), "b": b.ravel(), "b_minus_a": (b - a).ravel()},
    )
    st.markdown(
        f"{info.title}, mean over heads: **{np.nanmean(a):.3g}** for A, **{np.nanmean(b):.3g}** "
        f"for B; B is larger in {worse} of {total} heads."
    )


def compare_damage(scene: Scene, other: EvaluateConfig, first: Result) -> None:
    """The evaluation of the second setting beside that of the first."""
    obtained = obtain(scene.lab, scene.lab.experiment("evaluate"), other, fall_back=False)
    if obtained.result is None:
        return
    a, b = f"A: {_name(scene, scene.settings)}", f"B: {_name(scene, other)}"
    left, right = st.columns(2, gap="large")
    with left:
        st.dataframe(compare_table(first, obtained.result, a, b), hide_index=True, width="stretch")
    with right:
        results = {a: first, b: obtained.result}
        figure = draw_kl_percentiles(results, palette())
        show(
            figure,
            "kv_cache_compare_kl",
            figure.layout.meta["alt"],
            export=lambda: {name: one.array("kl").ravel() for name, one in results.items()},
        )


def _head_columns(errors: np.ndarray) -> dict[str, np.ndarray]:
    layer, head = np.indices(errors.shape)
    return {"layer": layer.ravel(), "head": head.ravel()}


def _name(scene: Scene, settings: EvaluateConfig) -> str:
    if scene.side == "value":
        return settings.value_format
    order = "" if settings.order == "none" else f" {settings.order}"
    return f"{settings.key_format}{order}"
