"""How costs grow with the number of passages, as it was measured, and where one machine ends.

``python -m benchmarks.growth --json`` writes the table that ships; a test holds it to the shape of
what the benchmark writes today.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.assets import ASSETS
from engine.core.errors import EngramError

MEASURED = ASSETS / "measured" / "memory_graph_growth.json"


@dataclass(frozen=True, eq=False)
class Growth:
    """``passages`` (sizes,) and each figure (sizes,): CPU seconds, MB (``*_mb``) or counts."""

    passages: np.ndarray
    figures: Mapping[str, np.ndarray]
    setup: Mapping[str, Any]

    def exponent(self, name: str) -> float:
        """The slope of log figure over log passages by least squares: 1 grows as they do."""
        x, y = np.log(self.passages), np.log(np.maximum(self.figures[name], 1e-9))
        return float(np.polyfit(x, y, 1)[0])

    def last_exponent(self, name: str) -> float:
        """The slope between the two largest sizes."""
        x, y = np.log(self.passages[-2:]), np.log(np.maximum(self.figures[name][-2:], 1e-9))
        return float((y[1] - y[0]) / (x[1] - x[0]))

    def reach(self, name: str, limit: float) -> float:
        """At how many passages a figure comes to ``limit``.

        Between measured sizes along the line on logarithmic axes; beyond them extrapolated with the
        slope of the two largest sizes, which is no measurement.
        """
        x, y = np.log(self.passages), np.log(np.maximum(self.figures[name], 1e-9))
        wanted = np.log(limit)
        if y[0] < wanted <= y[-1]:
            at = int(np.argmax(y >= wanted))
            share = (wanted - y[at - 1]) / (y[at] - y[at - 1])
            return float(np.exp(x[at - 1] + share * (x[at] - x[at - 1])))
        slope = max(self.last_exponent(name), 1e-3)
        return float(np.exp(x[-1] + (wanted - y[-1]) / slope))


def load_growth(path: Path = MEASURED) -> Growth:
    """The measured table that ships; raises EngramError where it cannot be read."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        passages = np.array(table["passages"], np.float64)
        figures = {name: np.array(row, np.float64) for name, row in table["figures"].items()}
        setup = dict(table["setup"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngramError(f"the measured growth {path.name} cannot be read ({error})") from error
    if len(passages) < 2 or any(row.shape != passages.shape for row in figures.values()):
        raise EngramError(f"the measured growth {path.name} is cut short")
    return Growth(passages, figures, setup)
