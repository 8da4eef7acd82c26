"""What PIM-GPT's authors print: ranges over eight models. Bars of single models were not readable.

Versions of the paper agree on speed and differ on energy.
"""

from __future__ import annotations

from dataclasses import dataclass

ARXIV = "https://arxiv.org/abs/2310.09385"


@dataclass(frozen=True)
class Band:
    """A published range of ratios, times better than the other machine."""

    low: float
    high: float
    source: str
    url: str = ARXIV

    def __str__(self) -> str:
        return f"{self.low:g}-{self.high:g}x"

    def holds(self, value: float) -> bool:
        """Whether a ratio lies inside."""
        return self.low <= value <= self.high


SPEEDUP = {
    "gpu": Band(41, 137, "PIM-GPT, abstract (all versions)"),
    "cpu": Band(631, 1074, "PIM-GPT, abstract (all versions)"),
}
"""By what is compared with: an NVIDIA T4 and a Xeon."""
