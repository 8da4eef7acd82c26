"""The largest model of one GPU, the cuts behind ZeRO-Offload, and its Adam."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_hardware.offload.presets import load_node
from engine.labs.memory_hardware.offload.published import MARKS, table
from engine.labs.memory_hardware.views.capacity import (
    PRINTED_ON,
    adam_rows,
    capacity_table,
    cut_table,
    describe_capacity,
    describe_cuts,
    describe_l2l,
    draw_capacity,
)
from pages.kit import badge, claim, explain, form, obtain, palette, say, section, show

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
    _published(result)
    say(lab, describe_cuts(result))
    st.dataframe(cut_table(result), hide_index=True, width="stretch")
    st.caption(f"{describe_l2l(result)} ({MARKS['secondary']})")
    _slip(result)
    _adam()
    explain(
        lab,
        "Bytes a parameter",
        memory=f"{result.number('gpu_memory_gb'):g}",
        baseline=f"{result.array('largest')[0]:.1f}",
        offload=f"{result.array('largest')[-1]:.1f}",
    )


def _published(result: Result) -> None:
    """The paper's largest models beside those of this run, on the same memory."""
    if result.number("gpu_memory_gb") != PRINTED_ON:
        st.markdown(f"Published largest models are of a GPU with {PRINTED_ON:g} GB.")
        return
    printed, ours = table("capacity"), result.array("largest")
    large, small = printed.rows["ZeRO-Offload"][0], printed.rows["Data parallel"][0]
    off = max(abs(ours[-1] / large - 1), abs(ours[0] / small - 1))
    verdict = f"Ours are within {100 * off:.0f} %; they move with what activations are assumed."
    claim(
        f"{printed.title}: ZeRO-Offload and data parallelism.",
        describe_capacity(result),
        printed.source,
        verdict,
        published=f"{large:g} and {small:g} billion parameters",
        url=printed.url,
        mark=MARKS[printed.mark],
        ours="computed here",
    )


def _slip(result: Result) -> None:
    """Where the printed table contradicts itself."""
    printed = table("partition")
    kept, saving = printed.rows["g16 update"]
    whole = sum(result.notes["parts"].values())
    claim(
        "The last row of the table of cuts: gradients and update on the host.",
        f"{int(result.array('cut_gpu_bytes')[int(result.number('best'))])} bytes a parameter and "
        f"{result.number('least_traffic'):.0f} bytes of traffic, found by trying all cuts.",
        printed.source,
        f"{whole} / {kept:g} is {whole / kept:g}, not {saving:g}: the printed {kept:g} bytes must "
        "be a slip for 2.",
        published=f"{kept:g} bytes, {saving:g}x",
        url=printed.url,
        mark=MARKS[printed.mark],
        ours="computed here",
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
