"""A tiny lab whose runs misbehave on request; imported by the tests and by their job processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field as Setting

from engine.core import BadInput, Config, Experiment, Field, Lab, Result
from engine.core.context import Context
from engine.core.seeds import rng


class Steps(Config):
    """Count to ``steps`` with a pause after each, then do what ``then`` says."""

    steps: int = Setting(5, ge=0, le=100_000)
    pause: float = Setting(0.0, ge=0, le=10)
    then: Literal[
        "finish", "crash", "crash_once", "hog", "deaf", "raise", "refuse", "large", "gate"
    ] = "finish"
    folder: str = ""
    text: str = ""
    seed: int = 0


def run(config: Steps, context: Context) -> Result:
    for step in range(config.steps):
        _note(config, f"step {step}")
        context.progress(step + 1, config.steps, square=step**2)
        time.sleep(config.pause)
    _note(config, "end of attempt")
    match config.then:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "crash_once":
            if context.load_checkpoint() is None:
                context.save_checkpoint({"at": np.array([config.steps])})
                os.kill(os.getpid(), signal.SIGKILL)
        case "hog":
            hold = []
            while True:
                hold.append(np.ones(4_000_000))
        case "gate":  # wait for somebody to open it
            while not (Path(config.folder) / "gate").exists():
                context.progress(config.steps, config.steps + 1)
                time.sleep(0.02)
        case "deaf":
            while True:
                time.sleep(1)
        case "raise":
            raise RuntimeError("a detail that only the log may show")
        case "refuse":
            raise BadInput("steps", "an even number is required")
        case "large":
            return Result({"big": Field(np.zeros(3_000_000), ("n",))})
    noise = rng(config.seed, "noise").standard_normal((config.steps, 4), dtype=np.float32)
    return Result(
        {"noise": Field(noise, ("step", "channel"), "V")},
        {"pid": os.getpid(), "steps": config.steps},
        {"text": context.read_input(config.text).decode() if config.text else ""},
    )


def _note(config: Steps, text: str) -> None:
    if config.folder:
        with (Path(config.folder) / "notes").open("a") as file:
            file.write(text + "\n")


LAB = Lab(
    name="runner_lab",
    title="Runner lab",
    sentence="Counts, and misbehaves when told to.",
    experiments=(
        Experiment("count", "Count", Steps, "tests.conformance.runner_lab:run", memory_mb=256),
    ),
)
