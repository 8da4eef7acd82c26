"""Made-up results of the benches, with numbers that a test chooses, in the shapes of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.result import Field, Result

MASKS = ("located", "random", "unseen", "scenes")
SIDE = 8
LAYERS = {
    "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.2": (4, 16),
    "up_blocks.0.attentions.0.transformer_blocks.0.ff.net.2": (4, 16),
    "mid_block.attentions.0.transformer_blocks.0.ff.net.2": (6, 24),
}
BYTES = 34  # of all bits of the layers, eight to a byte
GROUPS = (("A", True), ("B", False), ("C", False))
EACH = 8
PICTURES = EACH * len(GROUPS)


def notes(**more: Any) -> dict[str, Any]:
    """Notes of a bench on three sets of eight."""
    return {
        "masks": list(MASKS),
        "measures": ["ssim", "ratio", "nn_hit"],
        "attributes": ["size", "colour", "shape", "place", "background"],
        "groups": [
            {"name": name, "count": EACH, "located": mine, "known": True} for name, mine in GROUPS
        ],
        "captions": [f"the painting title{at} word by someone" for at in range(PICTURES)],
        "located": ["A"],
        "prompts": EACH,
        "copies": True,
        "known": True,
        "layers": list(LAYERS),
        "shapes": [list(shape) for shape in LAYERS.values()],
        "site": "ff_out",
        "first": 0,
        "site_title": "second feed-forward layer",
        "digest": "0123456789abcdef",
        **more,
    }


def copies(ssim: Any, hit: Any, seeds: int = 2) -> np.ndarray:
    """The same ``ssim`` and ``hit`` (pictures,) for every seed: (seeds, pictures, measures)."""
    table = np.stack(
        [np.broadcast_to(np.asarray(v, np.float32), PICTURES) for v in (ssim, 0.5, hit)], axis=1
    )
    return np.repeat(table[None], seeds, axis=0)


def run_result(after: np.ndarray, whole: np.ndarray | None = None, **more: Any) -> Result:
    """A run whose located mask leaves ``after``; the controls change nothing."""
    first = copies(0.9, 1) if whole is None else whole
    seeds = first.shape[0]
    pictures = np.zeros((5, PICTURES, SIDE, SIDE, 3), np.uint8)
    return Result(
        fields={
            "targets": Field(pictures[0], ("picture", "row", "column", "channel")),
            "pictures": Field(pictures, ("mask", "picture", "row", "column", "channel")),
            "copies": Field(
                np.stack([first, after, first, first, first]),
                ("mask", "seed", "picture", "measure"),
            ),
            "right": Field(np.ones((5, seeds, 3, 5), bool), ("mask", "seed", "scene", "attribute")),
            "cut": Field(np.full((4, 3), 8), ("mask", "layer")),
            "bits": Field(np.full(BYTES, 129, np.uint8), ("byte",)),
        },
        metrics={"stable_share": 0.5, "resamples": 10, "seeds": seeds, "share_cut": 0.09},
        notes=notes(masks=["whole", *MASKS], **more),
    )


def grid_result(after: dict[float, np.ndarray], whole: np.ndarray | None = None) -> Result:
    """A grid with taus 1 and 5 whose located masks leave ``after`` at each sparsity."""
    first = copies(0.9, 1) if whole is None else whole
    seeds, rows, taus = first.shape[0], sorted(after), (1, 5)
    cell = ("sparsity", "tau")
    shape = (len(rows), len(taus))
    every = np.stack([[np.stack([after[row], first, first, first]) for _ in taus] for row in rows])
    picture = ("picture", "row", "column", "channel")
    seed = ("seed", "picture", "measure")
    scene = ("seed", "scene", "attribute")
    pixels = (SIDE, SIDE, 3)
    return Result(
        fields={
            "sparsities": Field(np.array(rows), ("sparsity",)),
            "taus": Field(np.array(taus), ("tau",)),
            "targets": Field(np.zeros((PICTURES, *pixels), np.uint8), picture),
            "whole_pictures": Field(np.zeros((PICTURES, *pixels), np.uint8), picture),
            "whole_copies": Field(first, seed),
            "whole_right": Field(np.ones((seeds, 3, 5), bool), scene),
            "pictures": Field(np.zeros((*shape, PICTURES, *pixels), np.uint8), (*cell, *picture)),
            "control_pictures": Field(
                np.zeros((*shape, 3, EACH, *pixels), np.uint8), (*cell, "control", *picture)
            ),
            "copies": Field(every, (*cell, "mask", *seed)),
            "right": Field(np.ones((*shape, 4, seeds, 3, 5), bool), (*cell, "mask", *scene)),
            "cut": Field(np.full((*shape, 4, 3), 8), (*cell, "mask", "layer")),
            "stable": Field(np.full(shape, 0.5), cell),
            "bits": Field(np.full((*shape, BYTES), 129, np.uint8), (*cell, "byte")),
        },
        metrics={"resamples": 10, "seeds": seeds, "weights": 272},
        notes=notes(),
    )


def sites_result(drops: dict[str, tuple[float, float, float]]) -> Result:
    """By site: SSIM of A and of the others under the located mask, and scenes as told."""
    first, right = copies(0.9, 1), np.ones((2, 2, 5), bool)
    rows, scenes = [], []
    for mine, others, told in drops.values():
        after = first.copy()
        after[:, :EACH, 0], after[:, EACH:, 0] = mine, others
        seen = right.copy()
        seen.reshape(-1)[: round((1 - told) * seen.size)] = False
        rows.append(np.stack([after, first]))
        scenes.append(np.stack([seen, right]))
    return Result(
        fields={
            "copies": Field(np.stack(rows), ("site", "mask", "seed", "picture", "measure")),
            "right": Field(np.stack(scenes), ("site", "mask", "seed", "scene", "attribute")),
            "whole_copies": Field(first, ("seed", "picture", "measure")),
            "whole_right": Field(right, ("seed", "scene", "attribute")),
            "cut": Field(np.full(len(drops), 10), ("site",)),
            "weights": Field(np.full(len(drops), 100), ("site",)),
        },
        metrics={"seeds": 2},
        notes=notes(masks=["located", "random"], sites=list(drops)),
    )
