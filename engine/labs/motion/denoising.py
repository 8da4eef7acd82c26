"""What a model would give as its clip at every step of sampling, with and without the caption."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.motion.config.denoise import DenoiseConfig
from engine.labs.motion.evaluation.quality import jerk
from engine.labs.motion.features import decode
from engine.labs.motion.generation.diffuse import Step, denoise
from engine.labs.motion.generation.generate import finish
from engine.labs.motion.generation.unmask import Unmasking, rows_of, unmask
from engine.labs.motion.lanes import split_positions
from engine.labs.motion.models.codec import STRIDE
from engine.labs.motion.models.denoiser import build_scheduler
from engine.labs.motion.models.stored import Model, load_model
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.threads import one_thread


@dataclass(frozen=True, eq=False)
class Film:
    """``guided`` and ``free`` are the clips (steps, frames, 22, 3) in metres at every step.

    ``free`` is what the model would give without the caption from the same noise; a masked model
    has none. ``text`` (steps,) is how much the caption changes, in ``text_unit``.
    """

    guided: np.ndarray
    free: np.ndarray | None
    text: np.ndarray
    text_unit: str
    more: dict[str, Field]


def film(config: DenoiseConfig, context: Context) -> Result:
    """The clip of every step, its distance to the last one, its jerk, and what the text changed.

    Raises BadInput for a model that is not here and a text without a known word.
    """
    model = load_model(config.model)
    reading = model.vocabulary.read(config.text)
    ids = torch.tensor([reading.ids])
    rows = round(config.seconds * FPS)
    watched = _unmasked if model.kind == "kmm" else _denoised
    with one_thread():
        made = watched(model, ids, rows, config, context)
    final = made.guided[-1]
    clips = split_positions(made.guided, "step")
    if made.free is not None:
        free = split_positions(made.free, "step")
        clips |= {f"free_{name}": field for name, field in free.items()}
    return Result(
        fields={
            **clips,
            "to_final": Field(apart(made.guided, final), ("step",), "m"),
            "to_final_frames": Field(
                apart_frames(made.guided, final).astype(np.float32), ("step", "frame"), "m"
            ),
            "jerk": Field(
                np.array([jerk(one).mean() for one in made.guided]), ("step",), "m/frame³"
            ),
            "text": Field(made.text, ("step",), made.text_unit),
            **made.more,
        },
        metrics={"steps": config.steps, "frames": rows + 1},
        notes={
            "model": model.name,
            "kind": model.kind,
            "digest": model.digest,
            "text": config.text,
            "taken": reading.taken,
            "unknown": reading.unknown,
            "cut": reading.cut,
        },
    )


def apart_frames(clips: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The mean distance of a joint in metres (..., frames), clips (..., frames, 22, 3)."""
    return np.linalg.norm(clips - other, axis=-1).mean(-1)


def apart(clips: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The mean distance of a joint over all frames, in metres (...,)."""
    return apart_frames(clips, other).mean(-1)


def _positions(model: Model, rows: torch.Tensor) -> np.ndarray:
    """The clip (frames, 22, 3) of normalised rows (1, rows, 137), finished as every clip is."""
    return decode(finish(model, rows[0].numpy()).astype(np.float64))


def _denoised(
    model: Model, ids: torch.Tensor, rows: int, config: DenoiseConfig, context: Context
) -> Film:
    guided: list[np.ndarray] = []
    free: list[np.ndarray] = []

    def watch(step: Step) -> None:
        guided.append(_positions(model, step.guided))
        free.append(_positions(model, step.free))
        context.progress(step.number + 1, config.steps)

    denoise(
        model.network,
        ids,
        torch.tensor([rows]),
        [config.seed],
        steps=config.steps,
        guidance=config.guidance,
        watch=watch,
    )
    scheduler = build_scheduler("ddim")
    scheduler.set_timesteps(config.steps)
    kept = scheduler.alphas_cumprod[scheduler.timesteps].double()
    clips, without = np.stack(guided), np.stack(free)
    noise = Field((1 - kept).sqrt().numpy(), ("step",))
    return Film(clips, without, apart(clips, without), "m", {"noise": noise})


def _unmasked(
    model: Model, ids: torch.Tensor, rows: int, config: DenoiseConfig, context: Context
) -> Film:
    network = model.network
    guided: list[np.ndarray] = []
    text: list[float] = []
    open_: list[np.ndarray] = []
    before = torch.ones(1, -(-rows // STRIDE), dtype=torch.bool)
    counts = torch.tensor([before.shape[1]])

    def watch(step: Unmasking) -> None:
        drawn = rows_of(network, step.codes, counts)[:, :rows]
        guided.append(_positions(model, drawn))
        # Of the tokens that were open in this step: what is kept does not change any more.
        was_open = before if not open_ else torch.tensor(open_[-1])[None]
        moved = (step.guided.softmax(-1) - step.free.softmax(-1)).abs().sum(-1) / 2
        text.append(float(moved[was_open].mean()) if was_open.any() else 0.0)
        open_.append(step.masked[0].numpy().copy())
        context.progress(step.number + 1, config.steps)

    unmask(
        network,
        ids,
        torch.tensor([rows]),
        [config.seed],
        steps=config.steps,
        guidance=config.guidance,
        watch=watch,
    )
    masked = Field(np.stack(open_), ("step", "token"))
    return Film(np.stack(guided), None, np.array(text), "1", {"masked": masked})
