"""What PIM-GPT's two versions report, as bands over its eight models.

Both give the same speed-ups. On energy they disagree: the first preprint (October 2023) has other
figures than its second version and the journal. Per-model figures could not be read. Energy over
speed-up is how much more power the baseline draws: against a GPU of 70 W (assumed) the first
version amounts to 8 to 9 W for the whole memory, the later ones to 23 to 25 W [derived].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Against = Literal["GPU", "CPU"]


@dataclass(frozen=True)
class Band:
    """A range of ratios, PIM-GPT against a GPU or a CPU, and where it is printed."""

    against: Against
    low: float
    high: float
    source: str

    def __str__(self) -> str:
        return f"{self.low:g}-{self.high:g}x"

    def holds(self, ratio: float) -> bool:
        """Whether a ratio lies in the band."""
        return self.low <= ratio <= self.high


URL = "https://arxiv.org/abs/2310.09385"
FIRST = "arXiv 2310.09385v1"
LATER = "arXiv 2310.09385v2 and npj Unconventional Computing"
SPEEDUP = (
    Band("GPU", 41, 137, f"{FIRST}, v2 and journal"),
    Band("CPU", 631, 1074, f"{FIRST}, v2 and journal"),
)
ENERGY = (
    Band("GPU", 123, 383, LATER),
    Band("CPU", 320, 602, LATER),
    Band("GPU", 339, 1085, FIRST),
    Band("CPU", 890, 1632, FIRST),
)


def bands(of: tuple[Band, ...], against: Against) -> tuple[Band, ...]:
    """Those of ``SPEEDUP`` or ``ENERGY`` against one machine, the later version first."""
    return tuple(band for band in of if band.against == against)
