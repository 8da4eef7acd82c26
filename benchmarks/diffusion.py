"""Watching a sampling against plain sampling in the same run, and CPU seconds against limits.

python -m benchmarks.diffusion
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from engine.labs.diffusion.attack import attack
from engine.labs.diffusion.locate.locating import How, locate
from engine.labs.diffusion.locate.prune import prune
from engine.labs.diffusion.locate.sites import find_site
from engine.labs.diffusion.locate.statistics import measure
from engine.labs.diffusion.model.architecture import build_networks
from engine.labs.diffusion.model.folder import save_pipeline
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.sampler import STEPS, sample

REPEATS = 5
# CPU seconds on one thread: to locate for eight prompts and cut, and to attack one picture.
LOCATE_SECONDS, ATTACK_SECONDS = 20, 6
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
        located = _seconds(lambda: prune(pipeline, site, locate(pipeline, [PROMPTS], How())))
        attacked = _seconds(lambda: attack(pipeline, find_prompts(pipeline, "A"), pictures=1))
    ours, limit = median(watched), median(plain)
    return [
        {
            "what": f"diffusion: {STEPS} watched steps of 8 pictures, against plain sampling",
            "ours": ours,
            "limit": limit,
            "ratio": ours / limit,
            "unit": "s",
            "target": "<= 1.15",
        },
        _within("diffusion: locate for 8 prompts, and cut", located, LOCATE_SECONDS),
        _within("diffusion: one attack of 50 steps", attacked, ATTACK_SECONDS),
    ]


def _within(what: str, ours: float, limit: float) -> dict[str, object]:
    return {
        "what": what,
        "ours": ours,
        "limit": limit,
        "ratio": ours / limit,
        "unit": "CPU s",
        "target": "<= 1",
    }


if __name__ == "__main__":
    from benchmarks.__main__ import line

    for row in rows():
        print(line(row))
