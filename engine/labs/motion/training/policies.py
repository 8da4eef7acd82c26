"""Key frames, random tokens or the least key ones masked, at equal budget:

``python -m engine.labs.motion.training.policies``. A rerun goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.core.assets import ASSETS
from engine.labs.motion.data.corpus import default_data, load_examples
from engine.labs.motion.evaluation.evaluate import evaluate, read_split
from engine.labs.motion.models.keyframes import POLICIES
from engine.labs.motion.models.stored import Config, Model, load_model
from engine.labs.motion.training.ship import Figures, flat, spread
from engine.labs.motion.training.train import (
    CODEC,
    EVALUATOR,
    FOLDER,
    NAMED,
    Settings,
    Trainer,
    prepare,
)

MEASURED = ASSETS / "measured" / "motion_policies.json"
STEPS, SEEDS = 1000, 3


def compare(
    folder: Path,
    data: Path,
    steps: int,
    seeds: int,
    clips: int | None = None,
    device: str = "cpu",
    workers: int = 0,
) -> dict[str, Any]:
    """Figures of the val split by policy, a list with one for each training seed.

    All share the codec and the evaluator that were trained below ``folder``, the batches of their
    seed, and the seed of sampling. Raises SystemExit where nothing was trained, or at SIGTERM.
    """
    told = [
        compare_once(folder, data, steps, seed, clips, device, workers) for seed in range(seeds)
    ]
    return summary(told, steps, len(read_split(data, "val")[:clips]))


def compare_once(
    folder: Path,
    data: Path,
    steps: int,
    seed: int,
    clips: int | None = None,
    device: str = "cpu",
    workers: int = 0,
) -> dict[str, Figures]:
    """Figures of the val split by policy, all trained with one seed."""
    examples = load_examples(data, "train")
    held_out = read_split(data, "val")[:clips]
    given, judge = prepare(examples), load_model(EVALUATOR)
    told = {}
    for policy in POLICIES:
        settings = replace(NAMED["kmm"], steps=steps, seed=seed, policy=policy)
        trainer = _trained(folder, settings, examples, device, workers)
        network = trainer.task.network.cpu()
        network.load_state_dict(
            {k: v.cpu() for k, v in {**trainer.average, **trainer.buffers}.items()}
        )
        config = Config(kind="kmm", words=given.vocabulary.words)
        model = Model(policy, config, network.eval(), given.scale, policy)
        told[policy] = flat(evaluate(model, judge, held_out, None))
    return told


def summary(told: Sequence[Mapping[str, Figures]], steps: int, clips: int) -> dict[str, Any]:
    """The means over seeds with the least and the greatest, and the figures of each seed."""
    by_policy = {policy: [one[policy] for one in told] for policy in POLICIES}
    return {
        "steps": steps,
        "seeds": len(told),
        "val_clips": clips,
        "policies": {
            policy: {name: spread([one[name] for one in figures]) for name in figures[0]}
            for policy, figures in by_policy.items()
        },
        "by_seed": by_policy,
    }


def _trained(
    folder: Path, settings: Settings, examples: Sequence[Any], device: str, workers: int
) -> Trainer:
    place = folder / "policies" / f"{settings.policy}-{settings.seed}"
    for name in (EVALUATOR, CODEC):
        if not (folder / name / "checkpoints").is_dir():
            raise SystemExit(f"no {name} below {folder}; train it first")
        shutil.copytree(folder / name, place / name, dirs_exist_ok=True)
    trainer = Trainer(settings, place, examples, device, workers)
    signal.signal(signal.SIGTERM, lambda *_: setattr(trainer, "stopped", True))
    trainer.run()
    if trainer.stopped:
        raise SystemExit(f"stopped at step {trainer.progress.step} of {settings.policy}")
    return trainer


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.labs.motion.training.policies", description=__doc__
    )
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--data", type=Path, default=None, help="a folder of recordings")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--target", type=Path, default=MEASURED)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw batches ahead")
    given = parser.parse_args(argv)
    found = compare(
        given.folder,
        given.data or default_data(),
        given.steps,
        given.seeds,
        device=given.device,
        workers=given.workers,
    )
    given.target.parent.mkdir(parents=True, exist_ok=True)
    given.target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
