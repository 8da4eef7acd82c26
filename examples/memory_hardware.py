"""What a slower precharge costs a language model that runs inside its memory."""

from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.shapes import SHAPES

pim = load_device("pim-gpt")
for precharge in (11, 18, 25):
    device = pim.changed({"timing.rp": precharge})
    totals = generate(Compiler(SHAPES["gpt2"], device), tokens=16)
    print(f"tRP {precharge} cycles: {totals.cycles:,} cycles, {totals.activates:,} rows opened")
