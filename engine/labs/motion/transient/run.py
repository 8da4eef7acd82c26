"""One unseen scene, forecast by both networks from one moment, and the switch all along it."""

from __future__ import annotations

import numpy as np
import torch

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.motion.config.transient import TransientConfig
from engine.labs.motion.transient.body import scene_positions
from engine.labs.motion.transient.learn import AHEAD, HELD_OUT_SEED, KNOWN, tensors
from engine.labs.motion.transient.network import Forecast, Forecaster, roll
from engine.labs.motion.transient.scenes import RATE, Scenes, make_scenes
from engine.labs.motion.transient.stored import KINDS, load_pair

PARTS = ("root", "hand", "box")


def transient(config: TransientConfig, context: Context) -> Result:
    """Lanes of the window (lane, frame, joint, xyz), errors, and the switch of the whole scene.

    Raises BadInput where the weights are not here.
    """
    networks = load_pair()
    scene = make_scenes(config.scene + 1, HELD_OUT_SEED).part(np.array([config.scene]))
    first = round(config.moment * RATE) - KNOWN + 1
    window = scene.part(slice(None), slice(first, first + KNOWN + AHEAD))
    made = {kind: _forecast(network, window, KNOWN) for kind, network in networks.items()}
    whole = _forecast(networks["duality"], scene, scene.root.shape[1])
    assert whole.gate is not None and made["duality"].gate is not None
    lanes = [_lane(window), *(_lane(window, made[kind]) for kind in KINDS)]
    pelvis = np.stack([one[:, 0] for one in lanes]).astype(np.float32)
    joints = np.stack([one - one[:, :1] for one in lanes]).astype(np.float16)
    share = torch.sigmoid(whole.gate)[0].numpy()
    window_share = torch.sigmoid(made["duality"].gate)[0].numpy()
    return Result(
        fields={
            "pelvis": Field(pelvis, ("lane", "frame", "xyz"), "m"),
            "joints": Field(joints, ("lane", "frame", "joint", "xyz"), "m"),
            "error": Field(
                np.stack([_errors(window, one) for one in made.values()]).astype(np.float32),
                ("kind", "part", "step"),
                "m",
            ),
            "switch": Field(share.astype(np.float32), ("moment",)),
            "window_switch": Field(window_share.astype(np.float32), ("step",)),
            "states": Field(whole.states[0].numpy().astype(np.float32), ("moment", "channel")),
            "contact": Field(scene.contact[0, 1:].astype(np.uint8), ("moment",)),
        },
        metrics={
            "known": KNOWN,
            "ahead": AHEAD,
            "first": first,
            "taken": int(scene.taken[0]),
        },
        notes={"kinds": list(KINDS), "parts": list(PARTS)},
    )


@torch.inference_mode()
def _forecast(network: Forecaster, scenes: Scenes, known: int) -> Forecast:
    return roll(network, tensors(scenes)[0], known)


def _lane(window: Scenes, made: Forecast | None = None) -> np.ndarray:
    """Positions of the window: what happened, and where it is forecast, that instead."""
    root, hand, boxes = (getattr(window, name)[0].copy() for name in ("root", "hand", "boxes"))
    if made is not None:
        root[KNOWN:] = made.root[0, KNOWN - 1 :].numpy()
        hand[KNOWN:] = made.hand[0, KNOWN - 1 :].numpy()
        boxes[KNOWN:] = made.boxes[0, KNOWN - 1 :].numpy()
    return scene_positions(root, hand, boxes, float(window.phase[0, 0]))


def _errors(window: Scenes, made: Forecast) -> np.ndarray:
    """Distances (part, step) in metres over the forecast: root, hand, the box that is carried."""
    taken = int(window.taken[0])
    return np.stack(
        [
            np.linalg.norm((made.root[0].numpy() - window.root[0, 1:])[KNOWN - 1 :, :2], axis=-1),
            np.linalg.norm((made.hand[0].numpy() - window.hand[0, 1:])[KNOWN - 1 :], axis=-1),
            np.linalg.norm(
                (made.boxes[0].numpy() - window.boxes[0, 1:])[KNOWN - 1 :, taken], axis=-1
            ),
        ]
    )
