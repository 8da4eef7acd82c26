"""What the mitigation race measured, by method or by cell of a sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.result import Result
from engine.labs.diffusion.copying import EXTRACTED
from engine.labs.diffusion.mitigate.names import PLAIN

# A price within so many standard errors of its own may be chance.
ERRORS = 2.0
# Points of scene attributes: what a page calls a small price.
SMALL = 10.0


@dataclass(frozen=True)
class Price:
    """Points of scene attributes lost against plain sampling, and their standard error."""

    points: float
    error: float

    @property
    def shows(self) -> bool:
        """Whether it is more than chance does."""
        return abs(self.points) > ERRORS * self.error

    @property
    def small(self) -> bool:
        """Whether it is under ``SMALL`` points, chance included."""
        return self.points + ERRORS * self.error < SMALL

    @property
    def words(self) -> str:
        """ "costs 12.5 ± 3.0 points" and the like."""
        size = f"{abs(self.points):.1f} ± {self.error:.1f} points"
        if self.shows:
            return f"costs {size}" if self.points > 0 else f"gains {size}"
        if not self.points:
            return f"costs {size}"
        return (
            f"{'costs' if self.points > 0 else 'gains'} {size}, too few scenes to tell from chance"
        )


@dataclass(frozen=True)
class Hiding:
    """Copies that a method leaves, and by how much it leaves fewer than another.

    ``fewer`` is a share of the pictures with its standard error over prompts: the seeds of one
    prompt tell the same story and are averaged first.
    """

    left: int
    fewer: float
    error: float

    @property
    def shows(self) -> bool:
        """Whether there are fewer copies, by more than chance does."""
        return self.fewer > ERRORS * self.error


def has_targets(result: Result) -> bool:
    """Whether the pictures that belong to the prompts are known."""
    return "targets" in result.fields


def has_scenes(result: Result) -> bool:
    """Whether scenes were judged."""
    return "right" in result.fields


def similarity(result: Result) -> np.ndarray:
    """Mean SSIM to the training picture, or to the plain one where none is known."""
    return result.array("ssim").mean((1, 2), dtype=float)


def extracted(result: Result) -> np.ndarray:
    """Pictures over the line, of all seeds."""
    return (result.array("ssim") > EXTRACTED).sum((1, 2))


def pictures(result: Result) -> int:
    """Pictures of each method, all seeds."""
    return int(np.prod(result.array("ssim").shape[1:]))


def hits(result: Result) -> np.ndarray | None:
    """Pictures whose nearest training picture is the prompt's own; None where none is known."""
    return result.array("nn_hit").sum((1, 2)) if "nn_hit" in result.fields else None


def missed(result: Result) -> np.ndarray:
    """Share of scene attributes that are not as told, in per cent."""
    return 100 * (1 - result.array("right").mean((1, 2, 3)))


def missed_error(result: Result) -> np.ndarray:
    """Standard error of ``missed`` over pictures, in points."""
    shares = result.array("right").mean(-1).reshape(len(result.array("right")), -1)
    return _error(100 * shares)


def price(result: Result, at: int) -> Price:
    """Of the method or cell ``at``, picture by picture against the first."""
    shares = 100 * result.array("right").mean(-1).reshape(len(result.array("right")), -1)
    lost = shares[0] - shares[at]
    return Price(float(lost.mean()), float(_error(lost[None])[0]))


def hiding(result: Result, name: str, beside: str = PLAIN) -> Hiding:
    """What the method ``name`` hides that ``beside`` lets out; one prompt has an infinite error."""
    copies = result.array("ssim") > EXTRACTED  # method seed picture
    one, other = (copies[result.notes["methods"].index(which)] for which in (name, beside))
    fewer = other.mean(0) - one.mean(0)
    error = float(_error(fewer[None])[0]) if len(fewer) > 1 else float("inf")
    return Hiding(int(one.sum()), float(fewer.mean()), error)


def relative_cost(result: Result) -> np.ndarray:
    """CPU seconds of a picture over those of plain sampling, measured in the same run."""
    seconds = np.array(result.notes["seconds"], dtype=float)
    return seconds / seconds[0]


def aim(result: Result) -> str:
    """What pictures are compared with."""
    return "the training picture" if has_targets(result) else "the picture without a method"


def _error(values: np.ndarray) -> np.ndarray:
    """Standard error of the means of rows; 0 for a single value."""
    count = values.shape[1]
    return values.std(1, ddof=1) / count**0.5 if count > 1 else np.zeros(len(values))
