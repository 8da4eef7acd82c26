"""The race: times of this machine, ratios in the same run, and the growth with length."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np
import torch

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.motion.config.race import RaceConfig
from engine.labs.motion.race.contestants import NAMES, Sizes, chosen_backend, missing
from engine.labs.motion.race.slopes import FIT_FROM, fit_slope
from engine.labs.motion.race.timing import MODES, time_all


def race(config: RaceConfig, context: Context) -> Result:
    """CPU seconds (mode, contestant, length, repeat), slopes, who was left out, and the machine."""
    absent = missing()
    names = [name for name in NAMES if name not in absent]
    threads, load = torch.get_num_threads(), os.getloadavg()
    torch.set_num_threads(1)
    try:
        timed = time_all(
            names,
            config.lengths,
            lambda length: Sizes(config.batch, length, config.channels, config.states),
            repeats=config.repeats,
            budget=config.budget_s,
            seed=config.seed,
            progress=lambda done, total: context.progress(done, total),
        )
    finally:
        torch.set_num_threads(threads)
    lengths = np.array(config.lengths)
    late = lengths >= FIT_FROM
    typical = _medians(timed.seconds)
    slopes = np.array(
        [[fit_slope(lengths[late], row[late]) for row in typical[mode]] for mode in (0, 1)]
    )
    return Result(
        {
            "length": Field(lengths, ("length",), "frames"),
            "seconds": Field(timed.seconds, ("mode", "contestant", "length", "repeat"), "s"),
            "slope": Field(slopes, ("mode", "contestant", "end")),
        },
        {"channels": config.channels, "states": config.states, "batch": config.batch},
        {
            "modes": list(MODES),
            "contestants": names,
            "chosen": chosen_backend(),
            "missing": absent,
            "left_out": [[one.mode, one.name, one.length, one.reason] for one in timed.left],
            "fitted_from": FIT_FROM,
            "processor": processor(),
            "cores": os.cpu_count(),
            "load": [round(value, 2) for value in (*load[:1], *os.getloadavg()[:1])],
            "torch": torch.__version__,
        },
    )


def processor() -> str:
    """The processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _medians(seconds: np.ndarray) -> np.ndarray:
    """(mode, contestant, length); NaN stays where nothing was run."""
    held = np.isfinite(seconds).all(-1)
    return np.where(held, np.median(np.where(held[..., None], seconds, 0), axis=-1), np.nan)
