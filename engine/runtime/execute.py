"""Computing one result: the same steps in a job process, on a cluster and in a script."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import engine
from engine.core.config import Config
from engine.core.context import Context
from engine.core.errors import EngramError, LimitExceeded
from engine.core.registry import Experiment
from engine.core.result import Result
from engine.core.settings import MB
from engine.store.folder import result_bytes


def execute(
    lab_name: str,
    experiment: Experiment,
    config: Config,
    context: Context,
    *,
    threads: int,
    output_mb: float,
) -> tuple[Result, dict[str, Any]]:
    """Run ``experiment`` and return its result with the manifest that says where it came from.

    Raises what the run raises, LimitExceeded when the result is larger than ``output_mb``.
    """
    seed = int(getattr(config, "seed", 0))
    function = experiment.load_run()
    with repeatable(seed, threads):
        begun = time.perf_counter()
        result = function(config, context)
        spent = time.perf_counter() - begun
    if not isinstance(result, Result):
        raise TypeError(f"{experiment.run} returned {type(result).__name__}, not a Result")
    if result_bytes(result) > output_mb * MB:
        raise LimitExceeded(
            f"the result has {result_bytes(result) / MB:.0f} MB, at most {output_mb:g} MB are kept;"
            " choose a smaller setting"
        )
    manifest = {
        "lab": lab_name,
        "experiment": experiment.name,
        "version": experiment.version,
        "digest": experiment.digest(lab_name, config),
        "config": config.model_dump(mode="json"),
        "seed": seed,
        "threads": threads,
        "seconds": round(spent, 3),
        "created": time.time(),
        **versions(),
    }
    return result, manifest


def versions() -> dict[str, str]:
    """The versions a number may depend on (torch is asked without importing it)."""
    found = {
        "engine_version": engine.__version__,
        "python_version": platform.python_version(),
        "numpy_version": np.__version__,
    }
    for package in ("torch", "transformers"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[f"{package}_version"] = importlib.metadata.version(package)
    return found


@contextlib.contextmanager
def repeatable(seed: int, threads: int) -> Iterator[None]:
    """Seed every generator, fix the thread count and ask torch for deterministic algorithms.

    The state before is restored, so that a script keeps its own random numbers. torch is touched
    only when the run imported it: import the run function first.
    """
    torch = sys.modules.get("torch")
    python_state, numpy_state = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        if torch is None:
            yield
            return
        before = (
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(True, warn_only=True)
            try:
                yield
            finally:
                torch.set_num_threads(before[0])
                torch.use_deterministic_algorithms(before[1], warn_only=before[2])
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


def failure_sentence(error: BaseException, memory_mb: int) -> str | None:
    """One sentence for a failure that a visitor can understand, or None for an internal error."""
    if isinstance(error, EngramError):
        return str(error)
    text = str(error)
    refused = ("can't allocate memory", "bad_alloc", "Cannot allocate memory", "out of memory")
    if isinstance(error, MemoryError) or any(part in text for part in refused):
        return (
            f"the run needed more than the {memory_mb} MB of memory it may use; "
            "choose a smaller setting"
        )
    return None
