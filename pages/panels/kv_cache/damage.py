"""What the setting does to the model's loss: an evaluation on windows of the chosen text."""

from __future__ import annotations

import streamlit as st

from engine.labs.kv_cache.views.claims import setting_claims
from engine.labs.kv_cache.views.damage import (
    damage_table,
    describe_damage,
    draw_kl_percentiles,
)
from pages.kit import explain, form, obtain, palette, section, show, show_claims, take_away
from pages.panels.kv_cache.compare import compare_damage
from pages.panels.kv_cache.scene import Scene


def damage(scene: Scene) -> None:
    """Measures side by side, because error is not damage."""
    section("What it does to the model", "Both caches read the same windows of the chosen text.")
    if scene.source != "model":
        st.markdown("A synthetic head belongs to no model, so there is no loss to measure.")
        return
    experiment = scene.lab.experiment("evaluate")
    config = form(scene.lab, experiment, fields=("window", "windows", "protocol"), layout="row")
    obtained = obtain(scene.lab, experiment, config)
    if obtained.result is None:
        return
    result, m = obtained.result, obtained.result.metrics
    columns = st.columns(4)
    columns[0].metric("Loss change (nat per token)", f"{m['delta_nll']:+.4f}")
    columns[1].metric("Mean next-token KL (nat)", f"{m['kl']:.3g}")
    columns[2].metric("Top-1 agreement", f"{100 * m['top1']:.1f} %")
    columns[3].metric("Bytes per token, all layers", f"{m['bytes_per_token']:,.0f}")
    st.markdown(describe_damage(result))
    left, right = st.columns(2, gap="large")
    with left:
        st.dataframe(damage_table(result), hide_index=True, width="stretch")
        st.caption("Errors are means over all layers and heads; attention measures speak of keys.")
    with right:
        figure = draw_kl_percentiles({obtained.config.key_format: result}, palette())
        show(
            figure,
            "kv_cache_kl",
            figure.layout.meta["alt"],
            export=lambda: {
                "kl [nat]": result.array("kl").ravel(),
                "nll_exact [nat]": result.array("nll_exact").ravel(),
                "nll_quantised [nat]": result.array("nll_quantised").ravel(),
            },
        )
    if scene.other is not None and obtained.fresh:
        compare_damage(scene, scene.other, result)
    explain(
        scene.lab,
        "Metrics",
        rel_rmse=m["relative_rmse_key"],
        logit_error=m["logit_error"],
        delta_nll=f"{m['delta_nll']:+.4f}",
    )
    with st.expander("Protocol"):
        explain(
            scene.lab, "Protocol", windows=obtained.config.windows, window=obtained.config.window
        )
        st.json({**result.notes, "format": obtained.config.key_format}, expanded=False)
    block = scene.key_setting.format.block_shape(
        (scene.capture["v"].size("token"), scene.capture["v"].size("head") * scene.head_dim),
        head_dim=scene.head_dim,
        role="key",
    )
    show_claims(
        setting_claims(
            m,
            obtained.config.key_format,
            obtained.config.order,
            block=block[1],
            head_dim=scene.head_dim,
        )
    )
    take_away(scene.lab, experiment, obtained)
