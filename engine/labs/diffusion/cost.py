"""CPU seconds of a picture, from which every experiment's cost is estimated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.labs.diffusion.names import EMBEDDED

STEPS = 20
PICTURE = 0.11
"""A picture of 20 steps with guidance by the larger embedded model, measured with one thread."""
OTHER_PICTURE = 60.0
"""The same by a pipeline of the size of Stable Diffusion on a processor: assumed."""
OTHER_MB = 10_240
"""Memory of a run: such a pipeline takes 5 GB in float32 before its activations."""

Cost = Callable[[Any], float]


def priced(cost: Cost) -> Cost:
    """``cost`` of the embedded models, scaled by a picture's seconds where it is another one."""
    return lambda config: (
        cost(config) * (1.0 if config.model in EMBEDDED else OTHER_PICTURE / PICTURE)
    )
