"""The weights of a site with the norms of their input channels: everything that a score needs."""

from __future__ import annotations

import numpy as np
import torch

from engine.core import BadInput, Field, Result
from engine.core.context import Context
from engine.labs.diffusion.asked import asked_pipeline, asked_prompts
from engine.labs.diffusion.config.atlas import AtlasConfig
from engine.labs.diffusion.layer_names import in_running_order, short_name
from engine.labs.diffusion.locate.sites import find_site, layers
from engine.labs.diffusion.locate.statistics import measure
from engine.labs.diffusion.sampler import STEPS

SIDES = ("set", "null", "others")
MOST_WEIGHTS = 8_000_000
MOST_PROMPTS = 100


def atlas(config: AtlasConfig, context: Context) -> Result:
    """Weights (layer, row, column) and norms (side, step, layer, channel) of a site.

    The sides are the prompts, as many empty ones, and the ordinary prompts, whose norms are scaled
    to as many; all with guidance's conditional half. Layers that are smaller than the largest are
    filled up with nan; the note "shapes" has the rows, columns and channels of each. A layer's
    columns are its channels, or for a convolution the kernel of each channel in turn.
    """
    pipeline = asked_pipeline(config)
    site = find_site(config.site)
    weights = layers(pipeline, site)
    names = _chosen(in_running_order(weights), config.one_layer)
    matrices = {name: weights[name].weight.detach().flatten(1) for name in names}
    total = sum(matrix.numel() for matrix in matrices.values())
    if total > MOST_WEIGHTS:
        raise BadInput(
            "one_layer",
            f"{len(names)} layers have {total:,} weights, at most {MOST_WEIGHTS:,} are kept: "
            f"choose one of them, from 0 to {len(names) - 1}",
        )
    lists = {
        name: asked_prompts(pipeline, config, name, context.read_input).prompts
        for name in ("prompts", "others")
    }
    for field, prompts in lists.items():
        if len(prompts) > MOST_PROMPTS:
            raise BadInput(field, f"at most {MOST_PROMPTS} prompts are watched ({len(prompts)})")
    count = len(lists["prompts"])
    every = (lists["prompts"], ("",) * count, lists["others"][:count])
    norms = []
    for done, prompts in enumerate(every):
        context.progress(done, len(every))
        seen = measure(pipeline, prompts, site, tau=STEPS, count=STEPS, seed=config.seed)
        scale = (count / len(prompts)) ** 0.5
        norms.append({name: seen.norms()[name] * scale for name in names})
    return Result(
        fields={
            "weights": Field(_packed(list(matrices.values())), ("layer", "row", "column")),
            "norms": Field(
                np.stack(
                    [_filled([side[name] for name in names]).swapaxes(0, 1) for side in norms]
                ),
                ("side", "step", "layer", "channel"),
            ),
        },
        metrics={"layers": len(names), "weights": total, "prompts": count},
        notes={
            "model": pipeline.name,
            "layers": names,
            "layer_names": [short_name(name) for name in names],
            "numbers": [in_running_order(weights).index(name) for name in names],
            "shapes": [
                [*matrices[name].shape, int(weights[name].weight.shape[1])] for name in names
            ],
            "sides": list(SIDES),
            "prompts": list(lists["prompts"]),
            "others": list(every[2]),
            "set": config.prompts,
            "set_of_others": config.others,
            "site": site.title,
            "steps": STEPS,
            "seed": config.seed,
        },
    )


def _chosen(names: list[str], one: int) -> list[str]:
    if one >= len(names):
        raise BadInput("one_layer", f"must be -1 or from 0 to {len(names) - 1} (got {one})")
    return names if one < 0 else [names[one]]


def _packed(matrices: list[torch.Tensor]) -> np.ndarray:
    """float16 where that loses nothing, as for the embedded models, else float32."""
    exact = all(torch.equal(matrix.half().float(), matrix.float()) for matrix in matrices)
    return _filled(matrices).astype(np.float16 if exact else np.float32)


def _filled(parts: list[torch.Tensor]) -> np.ndarray:
    """Arrays of two dimensions in one of three, nan where they have nothing."""
    shape = [max(part.shape[axis] for part in parts) for axis in (0, 1)]
    filled = np.full((len(parts), *shape), np.nan, np.float32)
    for at, part in enumerate(parts):
        filled[at, : part.shape[0], : part.shape[1]] = part.float().numpy()
    return filled
