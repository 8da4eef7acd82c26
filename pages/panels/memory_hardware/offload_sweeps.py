"""The update over the stride and over the ratio."""

from __future__ import annotations

from engine.core import Lab, Result
from engine.labs.memory_hardware.views.offload_sweeps import (
    describe_ratios,
    describe_strides,
    draw_ratios,
    draw_strides,
    ratio_table,
    stride_table,
)
from pages.kit import palette, say, section, show


def show_sweeps(lab: Lab, result: Result) -> None:
    """Two curves with what is best on them."""
    section(
        "Which stride, which ratio?",
        "Stride: every how many subgroups one is updated on the GPU. Ratio: how much of the state "
        "lies on the host at all.",
    )
    figure = draw_strides(result, palette())
    show(
        figure,
        "memory_hardware_strides",
        figure.layout.meta["alt"],
        export=lambda: stride_table(result),
    )
    say(lab, describe_strides(result))
    figure = draw_ratios(result, palette())
    show(
        figure,
        "memory_hardware_ratios",
        figure.layout.meta["alt"],
        export=lambda: ratio_table(result),
    )
    say(lab, describe_ratios(result))
