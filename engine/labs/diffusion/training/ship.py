"""Write a trained model and its card: ``-m engine.labs.diffusion.training.ship --name full``.

A training that has not ended can be shipped too; its card tells at which step it was.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save

from engine.core.packing import pack
from engine.labs.diffusion.model.folder import load_snapshot, save_pipeline
from engine.labs.diffusion.model.load import SHIPPED, load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import ARRIVAL
from engine.labs.diffusion.training import measure
from engine.labs.diffusion.training.card import write_card
from engine.labs.diffusion.training.train import NAMED, Settings

SEEDS = 3
# Eight snapshots of 312 pictures each: the steps of a training are spread enough.
ARRIVAL_SEEDS = 1


def ship(folder: Path, name: str, target: Path, seeds: int = SEEDS, full: bool = True) -> None:
    """From the newest snapshot below ``folder`` to a pipeline folder with its card.

    ``full`` adds the bench, the attacks and the arrival over snapshots to the ladder. A model with
    border keys, whose pictures are others, has the keys of every rung in the place of all that.
    """
    torch.set_num_threads(1)
    settings = NAMED[name]
    snapshots = sorted((folder / name / "snapshots").glob("step-*.safetensors"))
    if not snapshots:
        raise SystemExit(f"no snapshot of {name} below {folder}; train it first")
    step = _step(snapshots[-1])
    shutil.rmtree(target, ignore_errors=True)
    networks = load_snapshot(snapshots[-1], settings.preset)
    save_pipeline(networks, target, settings.data_seed, settings.copies)
    pipeline = load_pipeline(str(target))
    curve = folder / name / "loss_curve.csv"
    shutil.copyfile(curve, target / "loss_curve.csv")
    seconds = float(curve.read_text(encoding="utf-8").splitlines()[-1].split(",")[1])
    card: dict[str, Any] = {
        "name": name,
        "digest": pipeline.digest,
        "parameters": {
            "unet": sum(p.numel() for p in networks.unet.parameters()),
            "text_encoder": sum(p.numel() for p in networks.text.parameters()),
        },
        "steps": step,
        "finished": step == settings.steps,
        "cpu_seconds": round(seconds),
        "settings": asdict(settings),
        "sampling_seeds": seeds,
    }
    if settings.keys:
        card |= measure.border_keys(pipeline, seeds)
    else:
        card["ladder"] = measure.ladder(pipeline, seeds)
    if full and not settings.keys:
        card["bench"] = measure.bench(pipeline, seeds)
        card["attacks"] = measure.attacks(pipeline)
        card["arrival"], kept = _arrival(snapshots, settings, ARRIVAL_SEEDS)
        (target / ARRIVAL).write_bytes(pack(save(kept)))
    _write(card, target)


def ship_arrival(folder: Path, name: str, target: Path, seeds: int = ARRIVAL_SEEDS) -> None:
    """Measure the snapshots anew; model and card in ``target`` stay as they are otherwise."""
    torch.set_num_threads(1)
    snapshots = sorted((folder / name / "snapshots").glob("step-*.safetensors"))
    if not snapshots:
        raise SystemExit(f"no snapshot of {name} below {folder}; train it first")
    rows, kept = _arrival(snapshots, NAMED[name], seeds)
    (target / ARRIVAL).write_bytes(pack(save(kept)))
    card = target / "card.json"
    if card.is_file():
        _write({**json.loads(card.read_text(encoding="utf-8")), "arrival": rows}, target)


def _write(card: dict[str, Any], target: Path) -> None:
    (target / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (target / "README.md").write_text(write_card(card), encoding="utf-8")


def _arrival(
    snapshots: list[Path], settings: Settings, seeds: int
) -> tuple[list[measure.Figures], dict[str, np.ndarray]]:
    """Of the regular snapshots and the last one: a training that was stopped left others too."""
    by_step = {
        step: path
        for path in snapshots
        if (step := _step(path)) % settings.snapshot_every == 0 or path == snapshots[-1]
    }
    with tempfile.TemporaryDirectory() as scratch:

        def open_snapshot(step: int) -> Pipeline:
            folder = Path(scratch) / str(step)
            networks = load_snapshot(by_step[step], settings.preset)
            save_pipeline(networks, folder, settings.data_seed, settings.copies)
            return load_pipeline(str(folder))

        return measure.arrival(open_snapshot, sorted(by_step), seeds)


def _step(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.labs.diffusion.training.ship", description=__doc__
    )
    parser.add_argument("--name", choices=sorted(NAMED), required=True)
    parser.add_argument("--folder", type=Path, default=Path("training/diffusion"))
    parser.add_argument("--target", type=Path, default=None, help="assets/models/diffusion/NAME")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--ladder-only", action="store_true")
    what.add_argument("--arrival-only", action="store_true", help="of a model that is there")
    given = parser.parse_args(argv)
    target = given.target or SHIPPED / given.name
    if given.arrival_only:
        ship_arrival(given.folder, given.name, target)
        return
    ship(given.folder, given.name, target, given.seeds, full=not given.ladder_only)


if __name__ == "__main__":
    main()
