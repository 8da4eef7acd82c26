"""View 6: speed-up over a GPU and a CPU, the roofline of a token, and a swept constant."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_hardware.baseline import cpu_ns, gpu_ns
from engine.labs.memory_hardware.config import Compared, SpeedupConfig
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.shapes import SHAPES
from engine.labs.memory_hardware.speedup import beside
from engine.labs.memory_hardware.views.claims import speedup_claims
from engine.labs.memory_hardware.views.speedup import (
    MACHINES,
    describe_speedups,
    draw_speedups,
    speedup_table,
)
from pages.kit import (
    View,
    badge,
    explain,
    form,
    palette,
    section,
    show,
    show_claims,
    take_away,
)
from pages.panels.memory_hardware.beside import obtain_beside
from pages.panels.memory_hardware.roofline import show_roofline
from pages.panels.memory_hardware.scene import MODEL
from pages.panels.memory_hardware.sweep import show_sweep

SAMPLE = "gpt2-xl"


@dataclass(frozen=True)
class Ask:
    """The lab and what is compared with what."""

    lab: Lab
    config: SpeedupConfig


def speedup_settings(lab: Lab) -> Ask:
    """A model beside the eight, the memory, the tokens, and the two machines compared with."""
    experiment = lab.experiment("speedup")
    form(lab, experiment, fields=(*MODEL, "tokens", "refresh", "change"))
    badge(
        "GPU and CPU assumed",
        "assumed",
        "How the authors ran them could not be read. The launch of a layer and the CPU's "
        "arithmetic were chosen so that the points land near the published ranges: consistency, "
        "not proof.",
    )
    config = form(lab, experiment, fields=tuple(Compared.model_fields))
    assert isinstance(config, SpeedupConfig)
    return Ask(lab, config)


def show_speedup(ask: Ask) -> None:
    """Both comparisons, then the roofline, then the sweep."""
    lab, experiment = ask.lab, ask.lab.experiment("speedup")
    section(
        "Roofline and speed-up",
        "Eight GPT models and the chosen one generate the same tokens in the memory, on a GPU and "
        "on a CPU. The band is what the paper's abstract states of the eight; the points are "
        "computed here.",
    )
    obtained = obtain_beside(lab, experiment, ask.config, Compared, beside)
    if obtained.result is None:
        return
    result = obtained.result
    for place, versus in zip(st.columns(2, gap="large"), MACHINES, strict=True):
        with place:
            show(
                draw_speedups(result, palette(), versus=versus),
                f"memory_hardware_speedup_{versus}",
                describe_speedups(result, versus),
                export=lambda: speedup_table(result),
            )
    show_claims(speedup_claims(result))
    explain(lab, "Speed-up", **_numbers(ask.config, result))
    show_roofline(lab, ask.config)
    show_sweep(lab, load_device(ask.config.device))
    take_away(lab, experiment, obtained)


def _numbers(config: SpeedupConfig, result: Result) -> dict[str, float | int | str]:
    """The present numbers of both formulas, for one model."""
    shape, given = SHAPES[SAMPLE], config.baselines
    tokens = int(result.number("tokens"))
    numbers: dict[str, float | int | str] = {
        "model": SAMPLE,
        "layers": shape.layers,
        "launch": given.gpu_layer_ms,
        "weights": f"{shape.layers * shape.block_weights / 1e6:,.0f}",
        "bytes": given.gpu_weight_bytes,
        "bandwidth": given.gpu_gb_per_s,
        "gpu_ms": gpu_ns(shape, tokens, given) / tokens / 1e6,
    }
    if not given.cpu_cached:
        numbers |= {
            "seen": f"{(tokens + 1) / 2:,.1f}",
            "tflops": given.cpu_tflops,
            "cpu_ms": cpu_ns(shape, tokens, given=given) / tokens / 1e6,
        }
    return numbers


VIEW = View("Speed-up", speedup_settings, show_speedup)
