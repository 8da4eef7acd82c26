"""Watching a sampling against plain sampling, in the same run: the ratio of medians.

python -m benchmarks.diffusion
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from engine.labs.diffusion.locate.sites import find_site
from engine.labs.diffusion.locate.statistics import measure
from engine.labs.diffusion.model.architecture import build_networks
from engine.labs.diffusion.model.folder import save_pipeline
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.sampler import STEPS, sample

REPEATS = 5
PROMPTS = [f"the painting silent river by {name}" for name in ("amari", "costa") * 4]


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def rows() -> list[dict[str, object]]:
    """CPU seconds of 8 pictures by random weights in the embedded model's shape."""
    with tempfile.TemporaryDirectory() as folder:
        save_pipeline(build_networks("full", 0), Path(folder), data_seed=0, copies=True)
        pipeline = load_pipeline(folder)
        site = find_site("ff_out")
        plain, watched = [], []
        for _ in range(REPEATS):
            plain.append(_seconds(lambda: sample(pipeline, PROMPTS)))
            watched.append(_seconds(lambda: measure(pipeline, PROMPTS, site, tau=STEPS)))
    ours, limit = median(watched), median(plain)
    return [
        {
            "what": f"diffusion: {STEPS} watched steps of 8 pictures, against plain sampling",
            "ours": ours,
            "limit": limit,
            "ratio": ours / limit,
            "unit": "s",
            "target": "<= 1.15",
        }
    ]


if __name__ == "__main__":
    from benchmarks.__main__ import line

    for row in rows():
        print(line(row))
