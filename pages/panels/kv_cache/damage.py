"""What the setting does to the model's loss: an evaluation on windows of the chosen text."""

from __future__ import annotations

import streamlit as st

from engine.labs.kv_cache.claims import CLAIMS
from engine.labs.kv_cache.orders_grammar import is_no_op, parse_order
from engine.labs.kv_cache.views.damage import (
    damage_table,
    describe_damage,
    draw_kl_percentiles,
)
from pages.kit import claim, explain, form, obtain, palette, section, show, take_away
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
    _seed_claim(scene, obtained.config.key_format, obtained.config.order, m)
    take_away(scene.lab, experiment, obtained)


def _seed_claim(scene: Scene, key_format: str, order: str, metrics: dict) -> None:
    """The seed paper's claim beside this run."""
    paper = next(one for one in CLAIMS if one.id == "k-sort-blocks")
    block = scene.key_setting.format.block_shape(
        (scene.capture["v"].size("token"), scene.capture["v"].size("head") * scene.head_dim),
        head_dim=scene.head_dim,
        role="key",
    )
    parsed = parse_order(order)
    if parsed.scope == "none":
        verdict = "No order is applied; choose in-head:w-norm on the left to test the claim."
    elif is_no_op(parsed, block[1], scene.head_dim):
        verdict = (
            f"A block of {block[1]} covers whole heads of {scene.head_dim} channels: the sort is "
            "a no-op by theory, as the paper finds at a block of 128."
        )
    else:
        verdict = f"A block of {block[1]} is smaller than a head of {scene.head_dim} channels, "
        verdict += "so the order can matter; compare with order none."
    claim(
        paper.statement,
        f"{key_format} with order {order}: loss {metrics['delta_nll']:+.4f} nat per token, "
        f"relative key error {metrics['relative_rmse_key']:.3g}, at "
        f"{metrics['bits_key']:.3g} bits per value.",
        paper.source,
        verdict,
        published="; ".join(f"{name}: {figure}" for name, figure in paper.figures.items()),
        url=paper.url,
        mark=paper.mark,
        caveat=paper.caveat,
    )
