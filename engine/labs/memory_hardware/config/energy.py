"""Energy by class of command, for the eight GPT models and for every device."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from engine.labs.memory_hardware.baseline import Baselines
from engine.labs.memory_hardware.config.baseline import Compared, assumed_number
from engine.labs.memory_hardware.config.generation import MOST_TOKENS, Served


class Powered(Compared):
    """The GPU and the CPU with their power."""

    gpu_watts: float = assumed_number(
        70, 0.1, 10_000, "GPU: power", "W", "assumed: the limit of a T4, all the time"
    )
    cpu_watts: float = assumed_number(
        12.5, 0.1, 10_000, "CPU: power", "W",
        "assumed: the published energy and speed-up fit a sixth of the GPU's power; a Xeon's limit "
        "is 200 W",
    )  # fmt: skip

    @property
    def baselines(self) -> Baselines:
        """The same as the engine takes it."""
        return replace(super().baselines, gpu_watts=self.gpu_watts, cpu_watts=self.cpu_watts)


class EnergyConfig(Served, Powered):
    """``model`` on every device, and the eight GPT models on ``device``."""

    tokens: int = Field(1024, ge=1, le=MOST_TOKENS, title="Tokens")
