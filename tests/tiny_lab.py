"""A small lab with a field of every kind, for tests of the shell."""

from __future__ import annotations

import time
from typing import Literal, Self

import numpy as np
from pydantic import Field as Setting
from pydantic import model_validator

from engine.core import Config, Experiment, Field, Lab, Paper, Result
from engine.core.context import Context


class Count(Config):
    """Count to ``steps``."""

    steps: int = Setting(3, ge=1, le=500, title="Steps", json_schema_extra={"unit": "ticks"})
    pause: float = Setting(0.0, ge=0, le=5, title="Pause", json_schema_extra={"unit": "s"})
    sign: Literal["plus", "minus"] = Setting("plus", title="Sign")
    loud: bool = Setting(False, title="Loud")
    width: Literal[8, 16, 32, 64, 128, 256] = Setting(16, title="Width")
    seed: int = Setting(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})
    name: str = Setting("trace", title="Name", min_length=1, max_length=20)
    policy: str = Setting("", title="Policy", json_schema_extra={"widget": "hidden"})

    @model_validator(mode="after")
    def _loud_counts(self) -> Self:
        if self.loud and self.steps > 100:
            raise ValueError("a loud run has at most 100 steps")
        return self


class Walk(Config):
    """Shares ``seed`` and ``name`` with Count, but not the default of ``steps``."""

    steps: int = Setting(7, ge=1, le=20, title="Steps")
    seed: int = Setting(0, ge=0, le=9999, title="Seed")
    name: str = Setting("trace", title="Name", min_length=1, max_length=20)


def run(config: Count, context: Context) -> Result:
    for step in range(config.steps):
        time.sleep(config.pause)
        context.progress(step + 1, config.steps, square=float(step**2))
    sign = 1 if config.sign == "plus" else -1
    return Result(
        {"count": Field(sign * np.arange(config.steps, dtype=np.float32), ("step",), "ticks")},
        {"last": float(sign * (config.steps - 1))},
    )


def run_walk(config: Walk, context: Context) -> Result:
    return Result({"walk": Field(np.arange(config.steps, dtype=np.float32), ("step",), "m")})


COUNT = Experiment(
    "count",
    "Count",
    Count,
    "tests.tiny_lab:run",
    cost_seconds=lambda config: config.steps * (config.pause + 0.01),
)
WALK = Experiment("walk", "Walk", Walk, "tests.tiny_lab:run_walk")
LAB = Lab(
    name="tiny",
    title="Tiny lab",
    sentence="Counts.",
    experiments=(COUNT, WALK),
    papers=(Paper("A paper", "A. Author", 2024, arxiv="2403.20137"),),
)
