"""View 7: where in a window the damage falls, and recall of a planted passage."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.kv_cache.views.positions import (
    bucket_labels,
    describe_recall,
    draw_positions,
    draw_recall,
)
from pages.kit import choose, explain, form, obtain, palette, section, show, take_away
from pages.panels.kv_cache.needs_model import needs_model
from pages.panels.kv_cache.scene import Scene

MEASURES = {"recall_top1": "Share ranked first", "recall_logprob": "Log probability"}


def show_positions(scene: Scene) -> None:
    """Damage by position under protection, and the recall probe."""
    section(
        "Damage by position",
        "The first tokens often hold much of the attention. Keep some of them exact, or the "
        "newest ones, and see which positions profit.",
    )
    if needs_model(scene):
        return
    experiment = scene.lab.experiment("positions")
    config = form(scene.lab, experiment, fields=("window", "windows", "probes"), layout="row")
    obtained = obtain(scene.lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    for kind, column in zip(("sinks", "residual"), st.columns(2, gap="large"), strict=True):
        with column:
            figure = draw_positions(result, palette(), kind=kind)
            show(
                figure,
                f"kv_cache_positions_{kind}",
                figure.layout.meta["alt"],
                export=lambda: _table(result),
            )
    measure = choose("Recall measure", MEASURES, "kv_cache.recall")
    figure = draw_recall(result, palette(), measure=measure)
    show(
        figure,
        "kv_cache_recall",
        figure.layout.meta["alt"],
        export=lambda: _recall_table(result),
    )
    st.markdown(describe_recall(result))
    asked = obtained.config
    bits = result.array("bits_key")[0]
    explain(scene.lab, "Positions", sinks=asked.sinks, residual=asked.residual, bits=float(bits))
    take_away(scene.lab, experiment, obtained)


def _table(result: Result) -> dict[str, object]:
    measures = ("delta_nll", "delta_nll_low", "delta_nll_high", "kl")
    rows: dict[str, list[object]] = {"positions": [], "sinks": [], "residual": []}
    rows |= {f"{name} [nat]": [] for name in measures}
    for i, pair in enumerate(result.notes["protections"]):
        for j, label in enumerate(bucket_labels(result)):
            rows["positions"].append(label)
            rows["sinks"].append(pair["sinks"])
            rows["residual"].append(pair["residual"])
            for name in measures:
                rows[f"{name} [nat]"].append(float(result.array(name)[i, j]))
    return dict(rows)


def _recall_table(result: Result) -> dict[str, object]:
    columns: dict[str, object] = {"distance [token]": result.array("distance")}
    for i, variant in enumerate(result.notes["variants"]):
        columns[f"{variant} top1"] = result.array("recall_top1")[i]
        columns[f"{variant} logprob [nat]"] = result.array("recall_logprob")[i]
    return columns
