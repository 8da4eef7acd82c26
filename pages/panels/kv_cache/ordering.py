"""View 5: who shares an exponent with whom, whether sorting can matter, and that it is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from engine.labs.kv_cache.analysis import EnergyCurve, Setting, energy_curve
from engine.labs.kv_cache.exports import permutation_file
from engine.labs.kv_cache.orders_grammar import MEANINGS, is_no_op, parse_order
from engine.labs.kv_cache.views.claims import outlier_claims
from engine.labs.kv_cache.views.ordering import draw_energy_curve, draw_waste
from pages.kit import badge, explain, form, obtain, palette, section, show, show_claims, take_away
from pages.panels.kv_cache.scene import Scene

EXACT = 1e-5
CONTROL = "in-head:random"
COMPARED = (
    "none",
    CONTROL,
    "in-head:w-norm",
    "in-head:rms-post",
    "pairs:rms-post",
    "across-heads:w-norm",
    "across-heads:rms-post",
)


def show_ordering(scene: Scene) -> None:
    """Energy curves with block cuts, the cost of sharing, the no-op law, the exactness check."""
    setting = scene.key_setting
    order = setting.order
    section(
        "Ordering workbench",
        f"Order **{order.id}**: {MEANINGS[order.scope]}"
        + (f"; sorted by {MEANINGS[order.key]}." if order.scope != "none" else "."),
    )
    shape = (scene.capture["v"].size("token"), scene.capture["v"].size("head") * scene.head_dim)
    block = setting.format.block_shape(shape, head_dim=scene.head_dim, role="key")[1]
    if block <= 1:
        st.markdown(
            f"{setting.format.id} keeps a scale per channel: no channel shares one with another, "
            "so their order cannot matter."
        )
        return
    _law(scene, block)
    curves = _curves(scene, block)
    left, right = st.columns([3, 2], gap="large")
    with left:
        figure = draw_energy_curve(curves, palette(), block=block)
        show(
            figure,
            "kv_cache_energy",
            figure.layout.meta["alt"],
            export=lambda: {
                "position": np.arange(shape[1]),
                **{name: curve.rms for name, curve in curves.items()},
            },
        )
    with right:
        figure = draw_waste(curves, palette())
        show(
            figure,
            "kv_cache_waste",
            figure.layout.meta["alt"],
            export=lambda: {
                "block": np.arange(len(curves[order.id].waste)),
                **{f"{name} [bit]": curve.waste for name, curve in curves.items()},
            },
        )
    _errors(scene)
    explain(
        scene.lab,
        "Ordering workbench",
        block=block,
        head_dim=scene.head_dim,
        waste=float(curves[order.id].waste.mean()),
    )
    if scene.source == "model":
        _exactness(scene)
        show_claims(outlier_claims(scene.capture))


def _law(scene: Scene, block: int) -> None:
    order = scene.key_setting.order
    if order.scope == "none":
        badge("the model's own order", "exact")
    elif is_no_op(order, block, scene.head_dim):
        badge(
            "no-op by theory",
            "warn",
            help=f"A block of {block} channels covers whole heads of {scene.head_dim}: moving "
            "channels inside a head moves them inside their block, and nothing changes.",
        )
    elif not order.free:
        badge("storage order: not free", "warn", help="Every read gathers the channels back.")
    else:
        badge("folded into the weights: free", "good")


def _curves(scene: Scene, block: int) -> dict[str, EnergyCurve]:
    setting = scene.key_setting
    orders = dict.fromkeys(["none", setting.order.id, CONTROL])
    return {
        name: energy_curve(
            scene.capture, scene.layer, Setting(setting.format, parse_order(name)), block
        )
        for name in orders
    }


def _errors(scene: Scene) -> None:
    """Every order on the present format: error of the keys and of the logits, worst and mean."""
    rows = []
    format = scene.key_setting.format
    names = dict.fromkeys([*COMPARED, scene.key_setting.order.id])
    for name in names:
        setting = replace(scene.key_setting, order=parse_order(name))
        rms = scene.errors(setting, "key", "rel_rmse")
        logit = scene.errors(setting, "key", "logit_error")
        rows.append(
            {
                "Order": name,
                "Relative RMSE, mean over heads": float(np.mean(rms)),
                "RMS logit error, mean over heads": float(np.mean(logit)),
                "Costs at run time": "a gather per read" if not setting.order.free else "nothing",
            }
        )
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={
            name: st.column_config.NumberColumn(format="%.4f")
            for name in ("Relative RMSE, mean over heads", "RMS logit error, mean over heads")
        },
    )
    st.caption(
        f"All layers and heads of the captured text in {format.id}, computed on this page; "
        "in-head:random is the control."
    )


def _exactness(scene: Scene) -> None:
    experiment = scene.lab.experiment("order_check")
    config = form(scene.lab, experiment, fields=())
    # Without an order there is nothing to check; the paper's is checked instead.
    order = config.order if scene.settings.order == "none" else scene.settings.order
    section(
        "Is the order exact?",
        f"**{order}** is applied, nothing is rounded, and the logits are compared with those of "
        "the original model.",
    )
    obtained = obtain(scene.lab, experiment, config.model_copy(update={"order": order}))
    if obtained.result is None:
        return
    order = obtained.config.order
    result, m = obtained.result, obtained.result.metrics
    difference = result.number("max_logit_difference")
    badge(
        f"largest logit difference {difference:.2g}",
        "good" if difference < EXACT else "bad",
        help=f"{'float64' if m['folded'] else 'float32'}, nothing rounded to a cache format",
    )
    if m["folded"]:
        single = result.number("max_logit_difference_float32")
        st.markdown(
            f"Over {m['tokens']} tokens the model with {order} folded into W_q and W_k differs "
            f"from the original by at most **{difference:.2g}** in float64 and {single:.2g} in "
            "float32, "
            f"where the model itself is {result.number('float32_floor'):.2g} away from "
            f"its float64 twin; the largest logit is {result.number('largest_logit'):.3g}."
        )
    else:
        st.markdown(
            f"With {order} the keys are put in storage order and gathered back on every read: the "
            f"logits differ by at most **{difference:.2g}**."
        )
    st.download_button(
        "Permutation and weights (safetensors)",
        lambda: permutation_file(result),
        file_name=f"kv-cache-order-{order.replace(':', '-')}.safetensors",
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
    )
    take_away(scene.lab, experiment, obtained)
