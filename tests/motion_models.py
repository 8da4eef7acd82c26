"""Small untrained models of motion and invented clips for tests."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import torch

from engine.labs.motion.clip import place
from engine.labs.motion.data.corpus import Example, measure_scale
from engine.labs.motion.data.words import build_vocabulary
from engine.labs.motion.features import encode
from engine.labs.motion.models.build import build_network
from engine.labs.motion.models.denoiser import Shape
from engine.labs.motion.models.kmm import KmmShape
from engine.labs.motion.models.stored import Config, Model, load_model, save_model, shape_fields
from tests.motion_clips import moving

ACTIONS = ("walk", "walk-turn-left", "walk-turn-right", "wave-left-hand")
STYLES = ("normal", "sad")
CAPTIONS = {
    "walk": "a person walks forward",
    "walk-turn-left": "a person walks and turns left",
    "walk-turn-right": "a person walks and turns right",
    "wave-left-hand": "a person waves with the left hand",
}
SHAPES = {
    "motion-mamba": Shape("motion-mamba", 16, 16, 4, (3, 1), "inner", 1, 8),
    "transformer": Shape("transformer", 16, 16, 4, (1,), "none", 1, 8),
    "kmm": KmmShape(16, 16, 2, 16, 32, 8),
}


def examples(count: int = 24, frames: int = 40) -> list[Example]:
    """Clips of every action and style; their motion has nothing to do with their words."""
    made = []
    for at in range(count):
        action = ACTIONS[at % len(ACTIONS)]
        style = STYLES[at // len(ACTIONS) % 2]
        rows = encode(place(moving(frames + at, seed=at, swing=0.2))).astype(np.float32)
        captions = (CAPTIONS[action], f"{CAPTIONS[action]} in a {style} way")
        made.append(
            Example(f"c{at}", "own", rows, captions, action, style, True, at % 5 == 4, True)
        )
    return made


def save_tiny(kind: str, folder: Path, seed: int = 0) -> Path:
    """A model's folder with random weights that all do something."""
    clips = examples()
    torch.manual_seed(seed)
    shape = SHAPES.get(kind)
    words = build_vocabulary(text for clip in clips for text in clip.captions).words
    classes = (ACTIONS, STYLES) if kind == "evaluator" else ((), ())
    config = Config(
        kind=kind,
        shape=dict(shape_fields(shape)) if shape else {},
        words=words,
        actions=classes[0],
        styles=classes[1],
        datasets=("own",),
    )
    network = build_network(kind, shape, len(words) + 2, *map(len, classes))
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                parameter.normal_(std=0.2)
    save_model(network, config, measure_scale(clips), folder)
    return folder


def tiny(kind: str, folder: Path, seed: int = 0) -> Model:
    """The same, opened."""
    return load_model(save_tiny(kind, folder / kind, seed))


def save_recordings(folder: Path, frames: int = 40, **splits: int) -> Path:
    """A folder in the schema of the lab's data: so many clips of invented motion for each split.

    The second half of a test split is of held-out pairs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines, windows = [], []
    for split, clips in splits.items():
        joints = []
        for at in range(clips):
            action, name = ACTIONS[at % len(ACTIONS)], f"{split}{at}"
            joints.append(place(moving(frames, seed=at, swing=0.2)))
            lines.append(
                {
                    "seq_id": name,
                    "dataset": "own",
                    "split": split,
                    "shard": f"own_{split}.npz",
                    "offset": at * frames,
                    "frames": frames,
                    "fps": 20,
                    "captions": [{"text": CAPTIONS[action], "source": "us"}],
                    "leg_length": 0.81,
                    "segments": [],
                    "comb_holdout": split == "test" and at >= clips // 2,
                    "lead_in": 0,
                    "content": action,
                    "style": STYLES[at % 2],
                }
            )
            windows.append(
                {
                    "clip_id": f"{name}:full",
                    "seq_id": name,
                    "start": 0,
                    "end": frames,
                    "captions": [CAPTIONS[action]],
                    "kind": "trial",
                }
            )
        everything = np.concatenate(joints)
        root = everything[:, 0].astype(np.float32)
        local = (everything[:, 1:] - everything[:, :1]).astype(np.float16)
        np.savez_compressed(folder / f"own_{split}.npz", root=root, local=local)
    for name, rows in (("sequences", lines), ("clips", windows)):
        text = "\n".join(map(json.dumps, rows)).encode()
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(text))
    return folder
