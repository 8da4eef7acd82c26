"""View 7: the energy of a token by class of command, beside both versions of the paper."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_hardware.config import EnergyConfig, Powered
from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.ledgers import beside
from engine.labs.memory_hardware.serving import build_device
from engine.labs.memory_hardware.views.claims import energy_claims
from engine.labs.memory_hardware.views.energy import (
    By,
    conflict,
    describe_devices,
    describe_energy,
    describe_ratios,
    draw_energy,
    draw_ratios,
    energy_table,
    known,
    ratio_table,
)
from engine.labs.memory_hardware.views.speedup import MACHINES
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    form,
    palette,
    plain,
    say,
    section,
    show,
    show_claims,
    take_away,
)
from pages.panels.memory_hardware.beside import obtain_beside
from pages.panels.memory_hardware.scene import LAID, MODEL

BY: dict[str, str] = {"model": "By model", "part": "By part", "device": "By memory"}
SHOWN_BY = "memory_hardware.energy_by"


@dataclass(frozen=True)
class Ask:
    """The lab and what is counted."""

    lab: Lab
    config: EnergyConfig


def energy_settings(lab: Lab) -> Ask:
    """The model, the memory, and the power and time of the GPU and the CPU."""
    experiment = lab.experiment("energy")
    form(lab, experiment, fields=(*MODEL, "tokens", *LAID))
    badge(
        "GPU and CPU assumed",
        "assumed",
        "Their times are those of the view Speed-up; their power is a constant.",
    )
    config = form(lab, experiment, fields=tuple(Powered.model_fields))
    assert isinstance(config, EnergyConfig)
    return Ask(lab, config)


def show_energy(ask: Ask) -> None:
    """Stacked bars, then the ratios with both printed ranges, then why these differ."""
    lab, experiment = ask.lab, ask.lab.experiment("energy")
    section(
        "Energy",
        "Every command is counted and priced by the currents of the memory; what is drawn all the "
        "time is the background.",
    )
    obtained = obtain_beside(lab, experiment, ask.config, Powered, beside)
    if obtained.result is None:
        return
    shown, result = obtained.config, obtained.result
    assert isinstance(shown, EnergyConfig)
    _ledger(lab, result)
    explain(lab, "Energy", **_row_numbers(build_device(shown)))
    if known(result):
        _ratios(result)
    section("Why two ranges")
    explain(lab, "Energy conflict", **conflict())
    take_away(lab, experiment, obtained)


def _ledger(lab: Lab, result: Result) -> None:
    if assumed := result.notes["assumed"]:
        badge(f"{len(assumed)} constants assumed", "assumed", ", ".join(assumed))
    offered = BY if known(result) else {"device": BY["device"]}
    by: By = choose("Bars", offered, SHOWN_BY)  # type: ignore[assignment]
    figure = draw_energy(result, palette(), by=by)
    show(figure, f"memory_hardware_energy_{by}", figure.layout.meta["alt"],
         export=lambda: energy_table(result, by))  # fmt: skip
    say(lab, describe_devices(result) if by == "device" else describe_energy(result, by))
    sentences = result.notes["notes"] if by != "device" else [
        f"{name}: {note}"
        for name, notes in zip(
            result.notes["devices"], result.notes["device_notes"], strict=True
        )
        for note in notes
    ]  # fmt: skip
    for sentence in dict.fromkeys(sentences):
        st.caption(plain(sentence))


def _ratios(result: Result) -> None:
    section(
        "Beside the published ratios",
        "Two versions of the paper print different ranges. Both are shown; points are computed "
        "here.",
    )
    for place, versus in zip(st.columns(2, gap="large"), MACHINES, strict=True):
        with place:
            show(
                draw_ratios(result, palette(), versus=versus),
                f"memory_hardware_ratios_{versus}",
                describe_ratios(result, versus),
                export=lambda: ratio_table(result),
            )
    show_claims(energy_claims(result))


def _row_numbers(device: Device) -> dict[str, float | int | str]:
    """The present numbers of the price of a row."""
    i, t, tck = device.section("currents"), device.cycles(), device["timing.tck_ns"]
    if not {"vdd", "idd0", "idd2n", "idd3n", "row_pj"} <= i.keys():
        return {}
    ras, rp = t["ras"] * tck, t["rp"] * tck
    by_currents = i["vdd"] * (i["idd0"] * (ras + rp) - i["idd3n"] * ras - i["idd2n"] * rp)
    row = i["row_pj"]
    if not row:
        cost = {"row_counted": max(0.0, by_currents)}
    else:
        preset = device.constants["currents.row_pj"].source != "changed"
        cost = {"row_pj" if preset else "row_set": row}
    return {
        "vdd": i["vdd"],
        "idd0": i["idd0"],
        "idd2n": i["idd2n"],
        "idd3n": i["idd3n"],
        "rc": ras + rp,
        "ras": ras,
        "rp": rp,
        "by_currents": by_currents,
        **cost,
    }


VIEW = View("Energy", energy_settings, show_energy)
