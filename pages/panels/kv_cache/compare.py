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

_COLUMNS = ("A", "B", "B - A")


def compare_maps(scene: Scene, other: EvaluateConfig, metric: Metric) -> None:
    """Both error maps on one scale, and the second minus the first."""
    info = METRICS[metric]
    first, second = scene.stored_as(scene.settings), scene.stored_as(other)
    a, b = (scene.errors(setting, scene.side, metric) for setting in (first, second))
    a, b = (np.where(np.isfinite(x), x, np.nan) for x in (a, b))
    first_name, second_name = f"A: {_name(scene, scene.settings)}", f"B: {_name(scene, other)}"
    means = f"Mean {np.nanmean(a):.3g} for A and {np.nanmean(b):.3g} for B."
    colours = palette()
    both, difference = st.columns([3, 2], gap="large")
    labels = {"row_labels": layer_labels(len(a)), "column_labels": head_labels(a.shape[1])}
    worse, total = int((b > a).sum()), a.size
    with both:
        matrix(
            {first_name: a, second_name: b},
            key="kv_cache_compare",
            palette=colours,
            title=f"{info.title}, both on one scale",
            row_title="Layer",
            column_title="KV head",
            value=info.title,
            unit=info.unit,
            selected=(scene.layer, scene.head),
            on_select=lambda cell: scene.choose(cell.row, cell.column),
            height=200,
            alt=means,
            **labels,
        )
        offer(
            "kv_cache_compare",
            lambda: heatmap(
                np.concatenate([a, b], axis=1),
                colours,
                title=f"{info.title}, both on one scale",
                subtitle=f"{first_name}; {second_name}",
                x="KV head",
                y="Layer",
                value=info.title,
                unit=info.unit,
                x_labels=[f"{one} {head}" for one in "AB" for head in labels["column_labels"]],
                y_labels=labels["row_labels"],
                boundaries=((), (a.shape[1],)),
                alt=means,
            ),
            means,
            lambda: _table(a, b, info.unit),
        )
    with difference:
        matrix(
            b - a,
            key="kv_cache_difference",
            palette=colours,
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
            lambda: _table(a, b, info.unit),
        )
    st.markdown(
        f"{info.title}, mean over heads: **{np.nanmean(a):.3g}** for A, **{np.nanmean(b):.3g}** "
        f"for B; B is larger in {worse} of {total} heads."
    )


def compare_damage(scene: Scene, other: EvaluateConfig, first: Result) -> None:
    """The evaluation of the second setting beside that of the first."""
    above = st.container()
    obtained = obtain(scene.lab, scene.lab.experiment("evaluate"), other, fall_back=False)
    if obtained.result is None:
        above.markdown(
            f"**Setting B** ({_both_sides(other)}) has not been measured on these windows. Its "
            "damage appears here beside that of A after a run:"
        )
        return
    a, b = f"A: {_name(scene, scene.settings)}", f"B: {_name(scene, other)}"
    left, right = st.columns([5, 4], gap="large")
    with left:
        numbers = {
            name: st.column_config.NumberColumn(format="%.4g", width=96) for name in _COLUMNS
        }
        st.dataframe(
            compare_table(first, obtained.result),
            hide_index=True,
            width="stretch",
            height="content",
            column_config=numbers,
        )
        st.caption(
            f"A: {_both_sides(scene.settings)}. B: {_both_sides(other)}. KL is that of the next "
            "token, bits are true bits, bytes are of all layers, RMSE is relative."
        )
    with right:
        results = {a: first, b: obtained.result}
        figure = draw_kl_percentiles(results, palette())
        show(
            figure,
            "kv_cache_compare_kl",
            figure.layout.meta["alt"],
            export=lambda: {name: one.array("kl").ravel() for name, one in results.items()},
        )


def _table(a: np.ndarray, b: np.ndarray, unit: str) -> dict[str, np.ndarray]:
    """One row a head: both errors and their difference."""
    layer, head = np.indices(a.shape)
    return {
        "layer": layer.ravel(),
        "head": head.ravel(),
        f"a [{unit}]": a.ravel(),
        f"b [{unit}]": b.ravel(),
        f"b_minus_a [{unit}]": (b - a).ravel(),
    }


def _both_sides(settings: EvaluateConfig) -> str:
    order = "" if settings.order == "none" else f", order {settings.order}"
    return f"keys {settings.key_format}, values {settings.value_format}{order}"


def _name(scene: Scene, settings: EvaluateConfig) -> str:
    if scene.side == "value":
        return settings.value_format
    order = "" if settings.order == "none" else f" {settings.order}"
    return f"{settings.key_format}{order}"
