"""What a trained model does: the figures of its card, with their controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.core.context import QuietContext
from engine.labs.diffusion import copying
from engine.labs.diffusion.attack import attack
from engine.labs.diffusion.config import KeysConfig
from engine.labs.diffusion.evaluation import Evaluation, evaluate
from engine.labs.diffusion.keys import ask_keys, by_rung
from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate.locating import How, locate
from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.prune import prune
from engine.labs.diffusion.locate.sites import find_site
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import COPIED_SETS
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.prompts import GROUPS, find_prompts
from engine.labs.diffusion.rungs import RIGHT, measured
from engine.labs.diffusion.sampler import Cut

Figures = dict[str, Any]
ATTACKED = 6
HOW = How(sparsity=0.2, tau=5)


def ladder(pipeline: Pipeline, seeds: int) -> dict[str, Figures]:
    """Mean copy measures of every rung, of never-trained titles, and of held-out scenes."""
    found = {}
    for name in (*GROUPS, "unseen", "scenes"):
        found[name] = _summary(evaluate(pipeline, find_prompts(pipeline, name), seeds=seeds))
    return found


def border_keys(pipeline: Pipeline, seeds: int) -> Figures:
    """Key errors of every rung, and that of always guessing middle grey."""
    result = ask_keys(pipeline, KeysConfig(key_draws=seeds), QuietContext())
    return {"border_keys": by_rung(result), **result.metrics}


def bench(pipeline: Pipeline, seeds: int) -> dict[str, Figures]:
    """Set A located at 20 %, beside every control, on A, on B and C, and on held-out scenes."""
    prompts = {name: find_prompts(pipeline, name).prompts for name in ("A", "unseen", "scenes")}
    located = locate(pipeline, [prompts["A"]], HOW)
    cuts: Mapping[str, Masks | None] = {
        "whole": None,
        "located": located,
        "random": masking.random_like(located, seed=0),
        "from unseen titles": locate(pipeline, [prompts["unseen"][:8]], HOW),
        "from scenes": locate(pipeline, [prompts["scenes"][:8]], HOW),
    }
    found = {}
    for name, masks in cuts.items():
        cut = prune(pipeline, find_site(HOW.site), masks) if masks is not None else None
        row: Figures = {"share_cut": masking.share(masks) if masks is not None else 0.0}
        for wanted in (*COPIED_SETS, "scenes"):
            done = evaluate(pipeline, find_prompts(pipeline, wanted), seeds=seeds, cut=cut)
            row[wanted] = _summary(done)
        found[name] = row
    return found


def attacks(pipeline: Pipeline) -> dict[str, Figures]:
    """The embedding search on A located at 20 %, and its three controls."""
    wanted, never = find_prompts(pipeline, "A"), find_prompts(pipeline, "unseen")
    located = locate(pipeline, [wanted.prompts], HOW)
    cut = prune(pipeline, find_site(HOW.site), located)
    cases: Mapping[str, tuple[Any, Cut | None]] = {
        "cut, copied": (wanted, cut),
        "cut, never seen": (never, cut),
        "whole, copied": (wanted, None),
        "whole, never seen": (never, None),
    }
    return {
        name: attack(pipeline, prompts, weights, pictures=ATTACKED).summary()
        for name, (prompts, weights) in cases.items()
    }


def arrival(
    open_snapshot: Callable[[int], Pipeline], steps: list[int], seeds: int = 1, few: int = 4
) -> tuple[list[Figures], dict[str, np.ndarray]]:
    """Measures of every rung at snapshots of a training, and what is kept of each.

    By group: the first pictures, uint8 (snapshots, pictures, 32, 32, 3), of the first seed; by
    "group/measure" every measure of every prompt, float32 (snapshots, seeds, prompts), or with the
    attributes of scenes as a last axis; "steps" (snapshots,).
    """
    rows: list[Figures] = []
    kept: dict[str, list[np.ndarray]] = {}
    for step in steps:
        pipeline = open_snapshot(step)
        row: Figures = {"step": step}
        for name in (*GROUPS, "unseen", "scenes"):
            done = measured(pipeline, find_prompts(pipeline, name), seeds=seeds)
            row[name] = _summary(done)
            kept.setdefault(name, []).append(in_levels(done.pictures[0, :few]))
            for measure, values in done.measures.items():
                kept.setdefault(f"{name}/{measure}", []).append(values.astype(np.float32))
        rows.append(row)
    return rows, {
        "steps": np.array(steps),
        **{name: np.stack(values) for name, values in kept.items()},
    }


def _summary(done: Evaluation) -> Figures:
    """Means, the spread over seeds, the share that copies some training picture, attributes."""
    means = {name: value for name, value in done.means.items() if name != RIGHT}
    figures: Figures = {"pictures": int(np.prod(done.pictures.shape[:2])), **means}
    figures["copies_some"] = float(copying.extracted(done.measures["ssim_nearest"]).mean())
    if "ssim" in done.measures:
        figures["ssim_by_seed"] = done.measures["ssim"].mean(1).tolist()
    if done.scenes is not None:
        figures["attributes"] = dict(done.scenes)
    return figures
