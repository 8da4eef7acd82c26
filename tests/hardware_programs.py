"""Random small models on random memories, with and without MAC units."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from engine.core.errors import BadInput
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import Shape

CYCLES = {
    "timing.rcd_mac": (1, 40),
    "timing.rcd_wr": (1, 40),
    "timing.rp": (1, 40),
    "timing.ras": (10, 120),
    "timing.ccd": (1, 4),
    "timing.rtp": (0, 20),
    "timing.cwl": (0, 20),
    "timing.bl": (0, 4),
    "timing.wr": (0, 40),
    "timing.rfc": (1, 600),
    "organisation.channels": (1, 3),
    "organisation.banks": (1, 4),
    "mac.lanes": (1, 16),
}


READ_CYCLES = {
    "timing.rcd_rd": (1, 40),
    "timing.rcd_wr": (1, 40),
    "timing.rp": (1, 40),
    "timing.ras": (10, 120),
    "timing.ccd_s": (1, 4),
    "timing.ccd_l": (1, 9),
    "timing.rtp": (0, 20),
    "timing.cwl": (0, 20),
    "timing.cl": (0, 40),
    "timing.bl": (1, 4),
    "timing.wr": (0, 40),
    "timing.rrd": (0, 20),
    "timing.faw": (0, 90),
    "timing.rfc": (1, 600),
    "organisation.channels": (1, 3),
    "organisation.banks": (1, 8),
    "controller.stretch_rows": (1, 9),
}


@st.composite
def compilers(draw: st.DrawFn) -> Compiler:
    in_banks = draw(st.booleans())
    bounds = CYCLES if in_banks else READ_CYCLES
    changes: dict[str, float] = {
        name: draw(st.integers(*values)) for name, values in bounds.items()
    }
    changes["timing.refi"] = changes["timing.rfc"] + draw(st.sampled_from([9, 50, 700, 7000]))
    changes["organisation.row_bytes"] = 32 * draw(st.integers(1, 20))
    if in_banks:
        changes["link.gb_per_s"] = draw(st.sampled_from([0.5, 3.0, 32.0]))
        changes["buffer.bytes"] = draw(st.sampled_from([32, 64, 2048]))
    kv_heads = draw(st.integers(1, 2))
    shape = Shape(
        "any",
        layers=draw(st.integers(1, 3)),
        width=draw(st.integers(1, 40)),
        heads=kv_heads * draw(st.integers(1, 3)),
        kv_heads=kv_heads,
        head_dim=draw(st.integers(1, 8)),
        inner=draw(st.integers(1, 60)),
        vocabulary=draw(st.integers(1, 99)),
        gated=draw(st.booleans()),
    )
    layouts = st.sampled_from(["row", "column"])
    choices = Choices(
        draw(layouts),
        draw(layouts),
        draw(st.booleans()),
        draw(st.sampled_from(["columns", "rows"])),
        overlap=in_banks and draw(st.booleans()),
    )
    try:
        device = load_device("pim-gpt" if in_banks else "gddr6-ramulator-1v35").changed(changes)
        return Compiler(shape, device, choices)
    except BadInput:
        assume(False)
        raise AssertionError from None
