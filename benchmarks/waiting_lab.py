"""A lab whose runs wait instead of computing: what is left of their time is the runner's."""

from __future__ import annotations

import time

import numpy as np

from engine.core import Config, Experiment, Field, Lab, Result
from engine.core.context import Context

STEPS = 10


class Wait(Config):
    """Wait ``seconds``; ``number`` only makes one run differ from another."""

    seconds: float = 1.0
    number: int = 0


def run(config: Wait, context: Context) -> Result:
    for step in range(STEPS):
        time.sleep(config.seconds / STEPS)
        context.progress(step + 1, STEPS)
    return Result({"number": Field(np.array([config.number]), ("n",))})


LAB = Lab(
    name="waiting",
    title="Waiting",
    sentence="Waits.",
    experiments=(Experiment("wait", "Wait", Wait, "benchmarks.waiting_lab:run"),),
)
