"""Write a trained model and its card: ``-m engine.labs.motion.training.ship --name motion-mamba``.

A training that has not ended can be shipped too; its card tells at which step it was.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.core.errors import BadInput
from engine.labs.motion.data.corpus import Example, default_data
from engine.labs.motion.data.training_set import training_examples, val_examples
from engine.labs.motion.evaluation.evaluate import describe, evaluate
from engine.labs.motion.generation.generate import told
from engine.labs.motion.models.build import build_network
from engine.labs.motion.models.sizes import shape_of
from engine.labs.motion.models.stored import (
    GENERATORS,
    SHIPPED,
    Config,
    Model,
    load_model,
    save_model,
    shape_fields,
)
from engine.labs.motion.training.card import SEED_STEP, write_card
from engine.labs.motion.training.tasks import classes
from engine.labs.motion.training.train import DECODER, FOLDER, prepare
from engine.models import averaged
from engine.models.checkpoints import latest

SEEDS = 3
CARD, SPENT = "card.json", "cpu_seconds_a_clip"
ROUNDING = 1e-4
NAMES = ("evaluator", *GENERATORS)
Figures = dict[str, float | None]


def ship(
    folder: Path, name: str, target: Path, data: Path, seeds: int = SEEDS, clips: int | None = None
) -> None:
    """From the newest checkpoint below ``folder`` to a model's folder with its card.

    The val split of ``data`` is evaluated with ``seeds`` seeds; ``clips`` takes the first ones.
    Raises SystemExit where nothing was trained.
    """
    torch.set_num_threads(1)
    found = latest(folder / name / "checkpoints")
    if found is None:
        raise SystemExit(f"no checkpoint of {name} below {folder}; train it first")
    settings = json.loads((folder / name / "settings.json").read_text(encoding="utf-8"))
    examples = training_examples(data, settings["datasets"])
    given = prepare(examples)
    actions, styles = classes(examples) if name == "evaluator" else ((), ())
    shape = None if name == "evaluator" else shape_of(name, settings["size"])
    network = build_network(name, shape, len(given.vocabulary), len(actions), len(styles))
    step = averaged.load_average(found, network)
    refined = latest(folder / DECODER / "checkpoints") if name == "kmm" else None
    more = averaged.load_average(refined, network.codec) if refined is not None else 0
    config = Config.model_validate(
        {
            "kind": name,
            "shape": dict(shape_fields(shape)) if shape is not None else {},
            "words": given.vocabulary.words,
            "actions": actions,
            "styles": styles,
            "datasets": tuple(sorted({one.dataset for one in examples})),
        }
    )
    shutil.rmtree(target, ignore_errors=True)
    save_model(network, config, given.scale, target)
    shutil.copyfile(folder / name / "loss_curve.csv", target / "loss_curve.csv")
    seconds = json.loads((found / "progress.json").read_text(encoding="utf-8"))["cpu_seconds"]
    model = load_model(target)
    held_out = [one for one in val_examples(data, settings["datasets"]) if one.whole]
    card: dict[str, Any] = {
        "name": target.name if target.resolve().parent == SHIPPED else name,
        "digest": model.digest,
        "config_digest": model.config_digest,
        "parameters": sum(value.numel() for value in network.parameters()),
        "steps": step,
        "decoder_steps": more,
        "finished": step >= settings["steps"],
        "cpu_seconds": round(seconds),
        "settings": settings,
        "datasets": config.datasets,
        "training_clips": len(examples),
        "words": len(config.words),
        "val_clips": len(held_out[:clips]),
        "sampling": told(),
        "sampling_seeds": 0 if name == "evaluator" else seeds,
        "figures": measure(model, examples, held_out[:clips], seeds),
    }
    _write_card(card, target)


def measure_again(target: Path, data: Path) -> None:
    """Write the card of a model's folder anew, with the figures of the model as it lies there.

    CPU seconds stay those of the machine that measured them first, and so does every figure that
    differs by rounding alone: results rest on the real clips' jerk. Raises BadInput.
    """
    torch.set_num_threads(1)
    card = json.loads((target / CARD).read_text(encoding="utf-8"))
    examples = training_examples(data, card["settings"]["datasets"])
    clips = [one for one in val_examples(data, card["settings"]["datasets"]) if one.whole]
    model = load_model(target)
    figures = measure(model, examples, clips[: card["val_clips"]], card["sampling_seeds"])
    before = card["figures"]
    card["config_digest"] = model.config_digest
    card["figures"] = {
        name: before[name] if name in before and (name == SPENT or _near(told, before[name]))
        else told
        for name, told in figures.items()
    }  # fmt: skip
    _write_card(card, target)


def _near(one: Figures, other: Figures) -> bool:
    pairs = [(value, other[key]) for key, value in one.items()]
    return all(
        a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=ROUNDING))
        for a, b in pairs
    )


def _write_card(card: dict[str, Any], target: Path) -> None:
    (target / CARD).write_text(json.dumps(card, indent=0) + "\n", encoding="utf-8")
    (target / "README.md").write_text(write_card(card), encoding="utf-8")


def measure(
    model: Model, training: Sequence[Example], clips: Sequence[Example], seeds: int
) -> dict[str, Figures]:
    """Every figure by name: its mean, and the least and the greatest over the seeds.

    Of the evaluator: what it says of real clips.
    """
    if model.kind == "evaluator":
        told = [flat(describe([one.rows for one in clips], clips, model, training, 0))]
    else:
        judge = load_model("evaluator")
        told = [
            flat(evaluate(model, judge, clips, training, seed=SEED_STEP * seed))
            for seed in range(seeds)
        ]
    return {name: spread([one[name] for one in told]) for name in told[0]}


def flat(figures: Mapping[str, Any], before: str = "") -> Figures:
    """Nested figures by names with dots."""
    found: Figures = {}
    for name, value in figures.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{name}.")
        else:
            found[before + name] = value
    return found


def spread(values: Sequence[float | None]) -> Figures:
    """The mean of the values that there are, the least and the greatest; None without any."""
    there = [value for value in values if value is not None]
    if not there:
        return {"mean": None, "least": None, "greatest": None}
    return {"mean": float(np.mean(there)), "least": min(there), "greatest": max(there)}


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.labs.motion.training.ship", description=__doc__
    )
    parser.add_argument("--name", choices=NAMES, required=True)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--target", type=Path, default=None, help="assets/models/motion/NAME")
    parser.add_argument("--data", type=Path, default=None, help="a folder of recordings")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--clips", type=int, default=None, help="only the first so many")
    parser.add_argument(
        "--measure", action="store_true", help="write the card of the model in the target anew"
    )
    given = parser.parse_args(argv)
    target = given.target or SHIPPED / given.name
    try:
        if given.measure:
            measure_again(target, given.data or default_data())
            return
        ship(
            given.folder, given.name, target, given.data or default_data(), given.seeds, given.clips
        )
    except BadInput as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
