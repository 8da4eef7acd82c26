"""Train both forecasters: ``python -m engine.labs.motion.transient.learn``, about five CPU minutes.

Three seeds of each, at the same number of weights, scenes and steps; the first of each is kept.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.core.seeds import rng
from engine.labs.motion.transient.network import Forecast, Forecaster, Moment, roll, rotate
from engine.labs.motion.transient.scenes import Scenes, make_scenes
from engine.labs.motion.transient.stored import FOLDER, KINDS, save_pair

SCENES, HELD_OUT, HELD_OUT_SEED = 600, 100, 1
STEPS, BATCH, RATE, SEEDS = 500, 32, 4e-3, 3
KNOWN, AHEAD = 20, 20  # frames: two seconds are seen, two are forecast
GATE = 0.02  # weight of the switch's cross-entropy, in square metres
NEAR = ("root", "hand", "boxes")


def tensors(scenes: Scenes) -> tuple[Moment, Tensor]:
    """Scenes as the network takes them, and the contacts (b, T)."""
    root, hand, boxes, contact = (
        torch.tensor(getattr(scenes, name), dtype=torch.float32)
        for name in ("root", "hand", "boxes", "contact")
    )
    moved = root[:, 1:] - root[:, :-1]
    flat = torch.stack([moved[..., 0], torch.zeros_like(moved[..., 0]), moved[..., 1]], -1)
    # As seen from the frame that the step starts at, which is how the network makes one.
    seen = rotate(flat, -root[:, :-1, 2])
    step = F.pad(torch.stack([seen[..., 0], seen[..., 2], moved[..., 2]], -1), (0, 0, 1, 0))
    return Moment(root, hand, boxes, step), contact


def loss_of(made: Forecast, scene: Moment, contact: Tensor) -> Tensor:
    """Squared metres of root, hand and boxes, and the cross-entropy of the switch."""
    total = F.mse_loss(made.root, scene.root[:, 1:]) + F.mse_loss(made.hand, scene.hand[:, 1:])
    total = total + F.mse_loss(made.boxes, scene.boxes[:, 1:])
    if made.gate is None:
        return total
    return total + GATE * F.binary_cross_entropy_with_logits(made.gate, contact[:, 1:])


def train(kind: str, seed: int, scenes: Scenes, steps: int = STEPS) -> Forecaster:
    """One forecaster; the windows of step n are a function of seed and n."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Forecaster(*KINDS[kind])
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    long = KNOWN + AHEAD
    everything, contact = tensors(scenes)
    for step in range(steps):
        draw = rng(seed, "windows", step)
        chosen = torch.tensor(draw.integers(len(scenes), size=BATCH))[:, None]
        starts = torch.tensor(draw.integers(scenes.root.shape[1] - long, size=BATCH))
        frames = starts[:, None] + torch.arange(long)
        window = Moment(*(getattr(everything, name)[chosen, frames]
                          for name in ("root", "hand", "boxes", "step")))  # fmt: skip
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, 4 * (steps - step) / steps, (step + 1) / 20)
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(roll(network, window, KNOWN), window, contact[chosen, frames])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    return network.eval().requires_grad_(False)


@torch.inference_mode()
def measure(network: Forecaster, scenes: Scenes) -> dict[str, float]:
    """Mean distances in metres over the forecast two seconds, and how often the switch is right.

    From every tenth frame on. "still" is the control: everything stays where it was last seen.
    """
    whole, contact = tensors(scenes)
    told: dict[str, list[float]] = {}
    for start in range(0, whole.root.shape[1] - KNOWN - AHEAD, 10):
        frames = slice(start, start + KNOWN + AHEAD)
        window = Moment(*(getattr(whole, name)[:, frames]
                          for name in ("root", "hand", "boxes", "step")))  # fmt: skip
        made = roll(network, window, KNOWN)
        busy = contact[:, frames][:, KNOWN:] > 0.5
        for name in NEAR:
            true = getattr(window, name)
            width = 2 if name == "root" else 3
            far = (getattr(made, name)[:, KNOWN - 1 :, ..., :width]
                   - true[:, KNOWN:, ..., :width]).norm(dim=-1)  # fmt: skip
            still = (true[:, KNOWN - 1 : KNOWN, ..., :width]
                     - true[:, KNOWN:, ..., :width]).norm(dim=-1)  # fmt: skip
            told.setdefault(name, []).append(float(far.mean()))
            told.setdefault(f"still_{name}", []).append(float(still.mean()))
            touched = far[busy] if name != "boxes" else far.amax(-1)[busy]
            if len(touched):
                told.setdefault(f"{name}_in_contact", []).append(float(touched.mean()))
        if made.gate is not None:
            right = (made.gate > 0) == (contact[:, frames][:, 1:] > 0.5)
            told.setdefault("switch_seen", []).append(float(right[:, : KNOWN - 1].float().mean()))
            told.setdefault("switch_ahead", []).append(float(right[:, KNOWN - 1 :].float().mean()))
    return {name: float(np.mean(values)) for name, values in told.items()}


def compare(
    scenes: int, held_out: int, steps: int, seeds: int
) -> tuple[dict[str, Forecaster], dict[str, Any]]:
    """The first network of each kind, and the card: figures by kind, one for each seed."""
    training, unseen = make_scenes(scenes), make_scenes(held_out, HELD_OUT_SEED)
    kept: dict[str, Forecaster] = {}
    figures: dict[str, list[dict[str, float]]] = {}
    begun = time.process_time()
    for kind in KINDS:
        figures[kind] = []
        for seed in range(seeds):
            network = train(kind, seed, training, steps)
            kept.setdefault(kind, network)
            figures[kind].append(measure(network, unseen))
            print(kind, seed, figures[kind][-1], flush=True)
    card = {
        "scenes": scenes,
        "held_out": held_out,
        "steps": steps,
        "batch": BATCH,
        "rate": RATE,
        "seeds": seeds,
        "seconds_seen": KNOWN / 10,
        "seconds_ahead": AHEAD / 10,
        "contact_share": float(unseen.contact.mean()),
        "parameters": {kind: sum(p.numel() for p in kept[kind].parameters()) for kind in KINDS},
        "cpu_seconds": round(time.process_time() - begun),
        "figures": figures,
    }
    return kept, card


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.labs.motion.transient.learn", description=__doc__
    )
    parser.add_argument("--target", type=Path, default=FOLDER)
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(argv)
    torch.set_num_threads(1)
    kept, card = compare(given.scenes, HELD_OUT, given.steps, given.seeds)
    save_pair(kept, card, given.target)


if __name__ == "__main__":
    main()
