"""View 6: which head hurts, and a mixed-precision policy under a byte budget."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Result
from engine.labs.kv_cache.allocate import ADDITIVE, Allocation, allocate, walk
from engine.labs.kv_cache.config import EvaluateConfig
from engine.labs.kv_cache.views.sensitivity import (
    budget_table,
    describe_sensitivity,
    draw_budget,
    draw_sensitivity,
    sensitivity_table,
)
from pages.kit import explain, form, obtain, palette, section, show, take_away
from pages.panels.kv_cache.needs_model import needs_model
from pages.panels.kv_cache.scene import Scene


def show_sensitivity(scene: Scene) -> None:
    """Damage of each head alone, the greedy walk, and its measurement."""
    section("Sensitivity", "One key or value head at a time is stored in a format of the ladder.")
    if needs_model(scene):
        return
    experiment = scene.lab.experiment("sensitivity")
    config = form(scene.lab, experiment, fields=("ladder", "granularity", "windows"), layout="row")
    obtained = obtain(scene.lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    ladder = list(result.notes["ladder"])
    rung = st.segmented_control(
        "Format", ladder, default=ladder[0], required=True, key=f"kv_cache.rung.{len(ladder)}"
    )
    at = ladder.index(rung) if rung in ladder else 0
    finding = describe_sensitivity(result, at)
    show(
        draw_sensitivity(result, palette(), rung=at),
        "kv_cache_sensitivity",
        finding,
        export=lambda: sensitivity_table(result),
    )
    st.markdown(finding)
    _budget(scene, result, config.window, config.windows)
    take_away(scene.lab, experiment, obtained)


def _budget(scene: Scene, result: Result, window: int, windows: int) -> None:
    """A budget slider, the policy it gives, and what the whole policy really costs."""
    section(
        "A policy under a byte budget",
        "The budget is spent where it saves most loss per byte. The policy can be measured as a "
        "whole and taken away as JSON.",
    )
    path = walk(result)
    model = result.notes["model"]
    values = 2 * model["layers"] * model["kv_heads"] * model["head_dim"]
    known = 8 * result.array("policy_bytes") / values
    low, high = float(known[0]), float(known[-1])
    bits = st.slider(
        "Budget (bits per value, mean)",
        low,
        high,
        value=float(known[len(known) // 2]),
        key=f"kv_cache.budget.{low:.3f}.{high:.3f}",
    )
    chosen = allocate(result, max(bits * values / 8, float(path.bytes[0])) + 1e-6)
    measured = _measured(result, chosen)
    star = None if measured is None else (chosen.bits_mean, measured)
    show(
        figure := draw_budget(
            result,
            path,
            palette(),
            values=values,
            budget_bytes=bits * values / 8,
            chosen=star,
        ),
        "kv_cache_budget",
        figure.layout.meta["alt"],
        export=lambda: budget_table(result, path, values, star),
    )
    if measured is None:
        measured = _measure(scene, chosen, window, windows)
    words = "not measured yet" if measured is None else f"{measured:+.4f} nat measured"
    st.markdown(
        f"At {chosen.bits_mean:.3g} bits per value, {chosen.bytes_per_token:,.0f} bytes a token: "
        f"{chosen.predicted_delta_nll:+.4f} nat predicted, {words}. {ADDITIVE}"
    )
    st.download_button(
        "Policy (JSON)",
        chosen.policy.to_json(),
        file_name="kv-cache-policy.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
    )
    explain(
        scene.lab,
        "Sensitivity",
        budget=float(chosen.bits_mean),
        **({} if measured is None else {"delta_nll": f"{measured:+.4f}"}),
    )


def _measured(result: Result, chosen: Allocation) -> float | None:
    """The sweep's own measurement, where the chosen policy is one that it measured."""
    near = np.abs(result.array("policy_bytes") - chosen.bytes_per_token) < 1e-6
    return float(result.array("policy_measured")[near][0]) if near.any() else None


def _measure(scene: Scene, chosen: Allocation, window: int, windows: int) -> float | None:
    """The policy as a whole through ``evaluate``, on the windows of the sweep."""
    config = EvaluateConfig.build(
        model=scene.settings.model,
        text=scene.settings.text,
        key_format="fp32",
        value_format="fp32",
        window=window,
        windows=windows,
        policy=chosen.policy.to_json(),
    )
    obtained = obtain(scene.lab, scene.lab.experiment("evaluate"), config, fall_back=False)
    if obtained.result is None:
        return None
    return float(obtained.result.metrics["delta_nll"])
