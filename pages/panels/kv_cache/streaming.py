"""View 8: a cache that grows token by token, and what it would weigh in a large model."""

from __future__ import annotations

from functools import partial

import streamlit as st

from engine.core import Experiment, Result
from engine.labs.kv_cache.config import StreamingConfig
from engine.labs.kv_cache.views.claims import memory_claims
from engine.labs.kv_cache.views.streaming import (
    describe_flushes,
    draw_bytes,
    draw_drift,
    draw_history_error,
    drift_table,
)
from pages.kit import (
    Obtained,
    explain,
    form,
    obtain,
    palette,
    section,
    show,
    show_claims,
    take_away,
)
from pages.panels.kv_cache.needs_model import needs_model
from pages.panels.kv_cache.scale_up import show_scale_up
from pages.panels.kv_cache.scene import Scene


def show_streaming(scene: Scene) -> None:
    """Bytes, flushes and drift over the tokens; then the calculator."""
    section(
        "A cache that grows",
        "Tokens are appended one by one. The append-only cache never touches old codes; the other "
        "imitates a library that quantises its whole history again at every flush.",
    )
    experiment = scene.lab.experiment("streaming")
    fields = ("key_format", "value_format", "tokens")
    config = form(scene.lab, experiment, fields=fields, layout="row")
    obtained = None if needs_model(scene) else _timeline(scene, experiment, config)
    show_scale_up(scene, config)
    # Last, so that the report holds the calculator's figure too.
    if obtained is not None and obtained.result is not None:
        take_away(scene.lab, experiment, obtained)


def _timeline(scene: Scene, experiment: Experiment, config: StreamingConfig) -> Obtained:
    """The growing cache; returns what was shown."""
    obtained = obtain(scene.lab, experiment, config)
    if obtained.result is None:
        return obtained
    result, m = obtained.result, obtained.result.metrics
    figure = draw_bytes(result, palette())
    show(figure, "kv_cache_bytes", figure.layout.meta["alt"], export=lambda: _table(result))
    figures = [draw_history_error(result, palette()), draw_drift(result, palette())]
    for i, (figure, column) in enumerate(zip(figures, st.columns(2, gap="large"), strict=True)):
        with column:
            if figure is None:
                st.markdown(
                    "The oldest group saw fewer than two flushes, so there is no drift to show. "
                    "More tokens or a shorter residual window give it some."
                )
            else:
                alt = figure.layout.meta["alt"]
                table = (_table, drift_table)[i]
                show(figure, f"kv_cache_growth_{i}", alt, export=partial(table, result))
    st.markdown(
        f"Saved against fp16: **{100 * float(m['bytes_saved']):.1f} %**, "
        f"{m['append_bits']:.3g} bits per value with exact tokens counted; "
        f"mean next-token KL {m['append_kl_mean']:.2g} nat append-only, "
        f"{m['requantised_kl_mean']:.2g} nat re-quantised."
    )
    st.markdown(describe_flushes(result))
    if str(getattr(obtained.config, "key_format", "")).startswith("kivi-2"):
        show_claims(memory_claims(result))
    numbers = {
        name: m[name] for name in ("append_error", "requantised_error") if m[name] is not None
    }
    explain(scene.lab, "Streaming", flushes=int(m["flushes"]), **numbers)
    return obtained


def _table(result: Result) -> dict[str, object]:
    return {
        f"{name} [{field.unit}]": field.array
        for name, field in result.fields.items()
        if field.axes == ("token",)
    }
