"""One cut with its controls, out of a run of its own or a cell of the grid, ready to be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core.result import Result
from engine.labs.diffusion.copying import EXTRACTED

MASKS = {
    "whole": "unpruned model",
    "located": "located",
    "random": "at random",
    "unseen": "from never-trained titles",
    "scenes": "from scenes",
}
"""What was cut, as figures say it."""
TAU = 5
"""The grid's column that is shown at first."""


@dataclass(frozen=True)
class Group:
    """A set of pictures: where it stands among all, and whether the mask was located from it."""

    name: str
    places: slice
    located: bool
    known: bool

    @property
    def count(self) -> int:
        """How many pictures it has."""
        return int(self.places.stop - self.places.start)

    @property
    def title(self) -> str:
        """Its name with its role."""
        return f"{self.name} ({'located' if self.located else 'held out'})"


@dataclass(frozen=True, eq=False)
class Shown:
    """A cut and its controls.

    ``copies`` (masks, seeds, pictures, measures) and ``right`` (masks, seeds, scenes, attributes)
    have the unpruned model first. ``pictures`` by mask are uint8 (pictures, height, width, 3); of
    the controls a grid keeps those of the located set alone. ``cut`` (masks but the first,
    layers).
    """

    notes: Mapping[str, Any]
    masks: tuple[str, ...]
    copies: np.ndarray
    right: np.ndarray
    pictures: Mapping[str, np.ndarray]
    targets: np.ndarray
    cut: np.ndarray
    bits: np.ndarray
    stable: float
    resamples: int
    sparsity: float
    tau: int

    @property
    def groups(self) -> tuple[Group, ...]:
        """The sets in the order of the pictures."""
        return groups_of(self.notes)

    @property
    def seeds(self) -> int:
        """Sampling seeds."""
        return int(self.copies.shape[1])

    @property
    def weights(self) -> np.ndarray:
        """Weights of every layer."""
        return np.array([int(np.prod(shape)) for shape in self.notes["shapes"]])

    @property
    def share(self) -> float:
        """The located weights over all of these layers."""
        return float(self.cut[0].sum() / self.weights.sum())

    @property
    def judged(self) -> bool:
        """Whether scenes were judged."""
        return self.right.size > 0

    def measure(self, name: str, mask: str, group: Group | None = None) -> np.ndarray:
        """A measure of a mask's pictures, (seeds, pictures); "extracted" is SSIM over 0.7."""
        if name == "extracted":
            return self.measure("ssim", mask, group) > EXTRACTED
        at = self.notes["measures"].index(name)
        values = self.copies[self.masks.index(mask), :, :, at]
        return values[:, group.places] if group else values

    def mean(self, name: str, mask: str, group: Group) -> float:
        """Over the seeds and the pictures of a group."""
        return float(self.measure(name, mask, group).mean())

    def spread(self, name: str, mask: str, group: Group) -> tuple[float, float]:
        """The lowest and the highest of the seeds' means."""
        means = self.measure(name, mask, group).mean(1)
        return float(means.min()), float(means.max())

    def scenes(self, mask: str) -> np.ndarray:
        """The share of attributes that are as told, of each seed."""
        return self.right[self.masks.index(mask)].mean((1, 2))

    def kept(self, mask: str, group: Group) -> np.ndarray | None:
        """The pictures of a group under a mask, where they were kept."""
        pictures = self.pictures[mask]
        if len(pictures) == self.copies.shape[2]:
            return pictures[group.places]
        return pictures if group.located else None


def groups_of(notes: Mapping[str, Any]) -> tuple[Group, ...]:
    """The sets of a result, in the order of its pictures."""
    found, start = [], 0
    for entry in notes["groups"]:
        places = slice(start, start + entry["count"])
        found.append(Group(entry["name"], places, entry["located"], entry["known"]))
        start = places.stop
    return tuple(found)


def of_run(result: Result, sparsity: float, tau: int) -> Shown:
    """The one cut of a run, which was asked for with this sparsity and tau."""
    masks = tuple(result.notes["masks"])
    return Shown(
        masks=masks,
        copies=result.array("copies"),
        right=result.array("right"),
        pictures=dict(zip(masks, result.array("pictures"), strict=True)),
        cut=result.array("cut"),
        bits=result.array("bits"),
        stable=result.number("stable_share"),
        **_common(result, sparsity, tau),
    )


def sparsities(result: Result) -> tuple[float, ...]:
    """Those of a grid, with 0 for the unpruned model before them."""
    return (0.0, *(float(value) for value in result.array("sparsities")))


def taus(result: Result) -> tuple[int, ...]:
    """Those of a grid."""
    return tuple(int(value) for value in result.array("taus"))


def of_cell(result: Result, sparsity: float, tau: int) -> Shown:
    """A cell of a grid; at sparsity 0 every mask cuts nothing."""
    names = tuple(result.notes["masks"])
    masks = ("whole", *names)
    whole = result.array("whole_pictures")
    copies, right = result.array("whole_copies")[None], result.array("whole_right")[None]
    if sparsity == 0:
        return Shown(
            masks=masks,
            copies=np.repeat(copies, len(masks), axis=0),
            right=np.repeat(right, len(masks), axis=0),
            pictures=dict.fromkeys(masks, whole),
            cut=np.zeros_like(result.array("cut")[0, 0]),
            bits=np.zeros_like(result.array("bits")[0, 0]),
            stable=float("nan"),
            **_common(result, sparsity, tau),
        )
    cell = sparsities(result).index(sparsity) - 1, taus(result).index(tau)
    controls = dict(zip(names[1:], result.array("control_pictures")[cell], strict=True))
    return Shown(
        masks=masks,
        copies=np.concatenate([copies, result.array("copies")[cell]]),
        right=np.concatenate([right, result.array("right")[cell]]),
        pictures={"whole": whole, names[0]: result.array("pictures")[cell], **controls},
        cut=result.array("cut")[cell],
        bits=result.array("bits")[cell],
        stable=float(result.array("stable")[cell]),
        **_common(result, sparsity, tau),
    )


def _common(result: Result, sparsity: float, tau: int) -> dict[str, Any]:
    return {
        "notes": result.notes,
        "targets": result.array("targets"),
        "resamples": int(result.number("resamples")),
        "sparsity": sparsity,
        "tau": tau,
    }


def short(caption: str) -> str:
    """A caption as a column's heading: a painting by its title alone."""
    if caption.startswith("the painting "):
        return " ".join(caption.split()[2:4])
    return caption if len(caption) <= 40 else f"{caption[:37]}..."
