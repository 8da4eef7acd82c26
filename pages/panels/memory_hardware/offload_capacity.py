"""The largest model of one GPU, the cuts behind ZeRO-Offload, and its Adam."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.memory_hardware.offload.presets import load_node
from engine.labs.memory_hardware.offload.published import MARKS, table
from engine.labs.memory_hardware.views.capacity import (
    PRINTED_ON,
    adam_rows,
    capacity_table,
    cut_table,
    describe_cuts,
    describe_l2l,
    draw_capacity,
)
from engine.labs.memory_hardware.views.claims import capacity_claims, partition_claims
from pages.kit import badge, explain, form, obtain, palette, say, section, show, show_claims

ADAM_NODE = "v100"


def show_capacity(lab: Lab) -> None:
    """How large a model fits, and why."""
    section(
        "The largest model on one GPU",
        "Without offload, mixed-precision Adam holds 16 bytes a parameter on the GPU. "
        "ZeRO-Offload leaves 2.",
    )
    experiment = lab.experiment("capacity")
    config = form(lab, experiment, layout="row")
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    badge(
        "activations assumed",
        "assumed",
        "Reserve and buckets are guesses. Activations follow s b h (34 + 5 a s / h) bytes a layer; "
        "a model is 64 times as wide as deep, with heads of 64.",
    )
    figure = draw_capacity(result, palette())
    show(
        figure,
        "memory_hardware_capacity",
        figure.layout.meta["alt"],
        export=lambda: capacity_table(result),
    )
    if result.number("gpu_memory_gb") != PRINTED_ON:
        st.markdown(f"Published largest models are of a GPU with {PRINTED_ON:g} GB.")
    show_claims(capacity_claims(result))
    say(lab, describe_cuts(result))
    st.dataframe(cut_table(result), hide_index=True, width="stretch")
    st.caption(f"{describe_l2l(result)} ({MARKS['secondary']})")
    show_claims(partition_claims(result))
    _adam()
    explain(
        lab,
        "Bytes a parameter",
        memory=f"{result.number('gpu_memory_gb'):g}",
        baseline=f"{result.array('largest')[0]:.1f}",
        offload=f"{result.array('largest')[-1]:.1f}",
    )


def _adam() -> None:
    """Published seconds of an Adam step beside those of the node's rates."""
    preset, printed = load_node(ADAM_NODE), table("adam")
    st.subheader("One Adam step", anchor=False)
    badge(f"published: {MARKS[printed.mark]}", "published")
    st.dataframe(
        adam_rows(preset.node.cpu_adam, preset.node.gpu_adam), hide_index=True, width="stretch"
    )
    st.caption(
        f"{printed.source}. Ours: parameters over the rates of {preset.title}, "
        f"{preset.node.cpu_adam:g} and {preset.node.gpu_adam:g} billion a second, which are the "
        "published seconds of 10 billion turned round; the other rows test them."
    )
