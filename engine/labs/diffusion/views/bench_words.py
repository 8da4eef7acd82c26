"""What a cut did, in sentences out of its numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.core.units import count, percent
from engine.labs.diffusion.copying import EXTRACTED
from engine.labs.diffusion.views.bench import (
    MASKS,
    Group,
    Shown,
    short,
)

ALIKE = 0.15
"""Pictures of a set whose SSIM differs by less after a cut are said to be left alike."""

RULE_OF_THREE = 3.0
"""Where none of n samples shows something, up to 3 / n of all may, with 95 % confidence."""


def describe_mask(shown: Shown) -> str:
    """How the mask came about, and how much it cuts."""
    sets = " and ".join(shown.notes["located"])
    steps = f"first {shown.tau} steps" if shown.tau > 1 else "first step"
    if shown.notes["first"]:
        steps = f"steps {shown.notes['first'] + 1} to {shown.tau}"
    words = (
        f"Located from {sets} ({count(shown.notes['prompts'], 'prompt')}) over the {steps} at "
        f"sparsity {percent(shown.sparsity)}: **{percent(shown.share)}** of the "
        f"{int(shown.weights.sum()):,} weights of this kind of layer are cut "
        f"({shown.notes['site_title']})."
    )
    if np.isfinite(shown.stable) and shown.share:
        words += (
            f" {percent(shown.stable)} of the cut weights are also cut in at least 90 % of "
            f"{shown.resamples} resamples of the prompts."
        )
    return words


def describe_copies(shown: Shown, group: Group) -> str:
    """A set before and after: SSIM with its spread, extractions, and nearest pictures."""
    if not group.known:
        return f"**{group.name}**: {count(group.count, 'prompt')} before and after the cut."
    total = shown.seeds * group.count
    before, after = (shown.mean("ssim", mask, group) for mask in ("whole", "located"))
    low, high = shown.spread("ssim", "located", group)
    over, hits = (
        [int(shown.measure(name, mask, group).sum()) for mask in ("whole", "located")]
        for name in ("extracted", "nn_hit")
    )
    near = np.isfinite(shown.measure("nn_hit", "whole", group)).all()
    nearest = (
        f"; the nearest training picture is the target for {hits[0]} before and {hits[1]} after"
        if near
        else ""
    )
    return (
        f"**{group.title}**: SSIM {before:.2f} before, {after:.2f} after ({low:.2f} to {high:.2f} "
        f"over {count(shown.seeds, 'seed')}). Of {total} samples {over[0]} are over {EXTRACTED} "
        f"before and {over[1]} after{nearest}."
    )


def verdict(shown: Shown, group: Group) -> str:
    """What became of the located pictures, in words that promise no more than was seen."""
    if not shown.measure("extracted", "whole", group).any():
        return "The unpruned model copies none of these pictures, so there is nothing to hide."
    if not shown.share:
        return "Nothing is cut here: these are the pictures of the unpruned model."
    before, after = (
        int(shown.measure("extracted", mask, group).sum()) for mask in ("whole", "located")
    )
    hits = int(shown.measure("nn_hit", "located", group).sum())
    total = shown.seeds * group.count
    if after >= before:
        return f"The cut hides no picture: {after} of {total} come out after it, {before} before."
    out = (
        f"None of {total} samples of {group.name} is over SSIM {EXTRACTED} (with as few samples, "
        f"up to {percent(RULE_OF_THREE / total)} of all may be)"
        if not after
        else f"{before - after} of the {before} samples of {group.name} that were over SSIM "
        f"{EXTRACTED} are no longer"
    )
    left = (
        f", yet {hits} of {total} are still nearest to their own training picture: softened, not "
        "gone"
        if hits > after
        else f", and {total - hits} of {total} are nearest to another training picture"
    )
    return f"{out}{left}. Whether an attack brings them back is another question."


def describe_uneven(shown: Shown, group: Group) -> str:
    """The picture that changes most and the one that changes least."""
    samples = shown.measure("ssim", "located", group)
    after = samples.mean(0)
    hits = shown.measure("nn_hit", "located", group)
    low, high = int(after.argmin()), int(after.argmax())
    if after[high] - after[low] < ALIKE:
        return (
            f"The pictures of {group.name} are left alike: SSIM from {after[low]:.2f} to "
            f"{after[high]:.2f}."
        )
    names = [short(caption) for caption in shown.notes["captions"][group.places]]
    near = "" if np.isnan(hits).any() else (
        f"; its nearest training picture is the target in {int(hits[:, low].sum())} of "
        f"{count(shown.seeds, 'seed')}"
    )  # fmt: skip
    return (
        f"A mean hides how uneven this is: in {group.name}, “{names[low]}” is left with SSIM "
        f"{after[low]:.2f}{near}, while “{names[high]}” keeps {after[high]:.2f}. Noises matter as "
        f"much: one picture's samples differ by up to {float(np.ptp(samples, axis=0).max()):.2f}, "
        "so that other seeds may give another picture the lowest place."
    )


def describe_controls(shown: Shown, group: Group) -> str:
    """By how much each mask lowers the located set's SSIM."""
    before = shown.mean("ssim", "whole", group)
    drops = {
        mask: before - shown.mean("ssim", mask, group) for mask in shown.masks if mask != "whole"
    }
    cuts = [percent(row.sum() / shown.weights.sum()) for row in shown.cut]
    parts = [
        f"{MASKS[mask]} {drop:.3f} (cuts {cut})"
        for (mask, drop), cut in zip(drops.items(), cuts, strict=True)
    ]
    words = f"{group.name}'s SSIM falls by: {', '.join(parts)}."
    mine, chance = drops["located"], drops["random"]
    if not shown.share:
        return words
    if mine <= max(chance, 0):
        return f"{words} As many weights at random do as much: nothing specific was located."
    if chance > 0:
        falls = [
            (shown.measure("ssim", "whole", group) - shown.measure("ssim", mask, group)).mean(1)
            for mask in ("located", "random")
        ]
        low, high = falls[0].min(), falls[0].max()
        return (
            f"{words} The located cut does {mine / chance:.1f} times what chance does"
            f"{_strongest(drops)} (its fall by seed: {low:.3f} to {high:.3f}; "
            f"that of chance {falls[1].min():.3f} to "
            f"{falls[1].max():.3f})."
        )
    return f"{words} As many weights at random lower it not at all."


def _strongest(drops: Mapping[str, float]) -> str:
    """The located cut beside the control that does most, where that is not the random one."""
    others = {mask: drop for mask, drop in drops.items() if mask not in ("located", "random")}
    if not others or max(others.values()) <= 0:
        return ""
    most = max(others, key=lambda mask: others[mask])
    return f", and {drops['located'] / others[most]:.1f} times what the mask {MASKS[most]} does"


def describe_held_out(shown: Shown) -> str:
    """How much of the drop carries to copied pictures that were not located from."""
    mine = [group for group in shown.groups if group.located and group.known]
    others = [group for group in shown.groups if not group.located and group.known]
    if not mine or not others or not shown.share:
        return ""

    def drop(groups: list[Group]) -> float:
        falls = [shown.measure("ssim", "whole", g) - shown.measure("ssim", "located", g)
                 for g in groups]  # fmt: skip
        return float(np.concatenate(falls, axis=1).mean())

    own, carried = drop(mine), drop(others)
    if own <= 0.005:
        return ""
    names = " and ".join(group.name for group in others)
    return (
        f"Of the fall in {' and '.join(group.name for group in mine)}, {percent(carried / own)} "
        f"carries to {names}, whose prompts were not used."
    )


def describe_scenes(shown: Shown) -> str:
    """What the cut costs in scenes that were never copied."""
    if not shown.judged:
        return "This model's scenes are not known here, so what else the cut changes is not judged."
    parts = [f"{MASKS[mask]} {percent(shown.scenes(mask).mean())}" for mask in shown.masks]
    drawn = shown.right.shape[1] * shown.right.shape[2]
    return f"Attributes as told in {drawn} pictures of held-out scenes: {', '.join(parts)}."
