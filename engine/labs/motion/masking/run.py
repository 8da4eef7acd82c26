"""A clip with masked tokens, restored, and the same share masked by every policy."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.core.context import Context
from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.motion.config.restore import RestoreConfig, own_tokens
from engine.labs.motion.data.batches import stack_rows
from engine.labs.motion.data.procedural import procedural_motion
from engine.labs.motion.data.procedural_words import captions
from engine.labs.motion.features import decode, encode
from engine.labs.motion.generation.generate import generate
from engine.labs.motion.lanes import split_positions
from engine.labs.motion.masking.kernel import raw_kernel
from engine.labs.motion.masking.restore import restore_codes, straight_rows, token_errors
from engine.labs.motion.models.keyframes import POLICIES, choose_masked, keyframe_scores
from engine.labs.motion.models.stored import Model, load_model

DRAWS = 10  # random masks beside the one of each other policy
LANES = ("original", "restored", "codec")


def restore(config: RestoreConfig, context: Context) -> Result:
    """Lanes (lane, frame, joint, xyz), scores and errors by token, and errors by policy.

    Raises BadInput where KMM is not here, for a text that it does not know, and for own tokens
    that the clip does not have.
    """
    model = load_model("kmm")
    rows, caption = clip_rows(config, model)
    text, unread = condition(model, caption if config.told else "")
    made, lengths = stack_rows([rows], model.scale)
    with torch.inference_mode():
        latents, counts = model.network.codec.encode(made, lengths)
        codes = model.network.codec.nearest(latents)
    scores = keyframe_scores(latents[0], config.bandwidth / 100)
    count = int(counts[0])
    wanted = _own(config, count)
    number = len(wanted) if wanted else max(1, min(count - 1, round(config.share / 100 * count)))
    shown = _mask(config.policy, scores, number, config.seed, wanted)
    every = [shown, *_masks(scores, number, config.seed)]
    masks = torch.stack(every)
    context.progress(1, 2)
    restored = restore_codes(
        model.network, codes.expand(len(masks), -1), masks, text.expand(len(masks), -1),
        config.passes,
    )  # fmt: skip
    clips = _rows(model, torch.cat([restored, codes]), len(rows))
    floor = token_errors(clips[-1], rows)
    errors = np.stack([token_errors(one, rows) for one in clips[:-1]])
    straight = np.stack([token_errors(straight_rows(rows, one.numpy()), rows) for one in masks])
    hidden = masks.numpy()
    by_mask = np.stack([_mean(errors, hidden), _mean(straight, hidden)])
    raw = raw_kernel(latents[0])
    context.progress(2, 2)
    lanes = np.stack([decode(one.astype(np.float64)) for one in (rows, clips[0], clips[-1])])
    return Result(
        fields={
            **split_positions(lanes, "lane"),
            "score": Field(scores.numpy(), ("token",)),
            "masked": Field(hidden[0].astype(np.uint8), ("token",)),
            "right": Field(
                (restored[0] == codes[0]).numpy().astype(np.uint8), ("token",)
            ),
            "error": Field(errors[0].astype(np.float32), ("token",), "m"),
            "straight": Field(straight[0].astype(np.float32), ("token",), "m"),
            "floor": Field(floor.astype(np.float32), ("token",), "m"),
            "by_mask": Field(by_mask[:, 1:].astype(np.float32), ("by", "mask"), "m"),
        },
        metrics={
            "tokens": count,
            "masked": number,
            "raw_least": raw.least,
            "raw_median": raw.median,
            "raw_most": raw.most,
            "raw_alone": raw.alone,
            "raw_distance": raw.distance,
        },
        notes={
            "caption": caption,
            "unread": unread,
            "masks": [POLICIES[0], *["random"] * DRAWS, "inverse"],
            "lanes": list(LANES),
            "digest": model.digest,
        },
    )  # fmt: skip


def clip_rows(config: RestoreConfig, model: Model) -> tuple[np.ndarray, str]:
    """The clip's rows (rows, 137) in metres, and what it is called."""
    if config.source == "sentence":
        return generate(model, config.text, config.seconds, config.seed).rows, config.text
    positions = procedural_motion(
        config.action, config.style, seconds=config.seconds, seed=config.seed
    )
    return encode(positions).astype(np.float32), captions(config.action, config.style)[0]


def condition(model: Model, caption: str) -> tuple[Tensor, bool]:
    """The caption as the model reads it (1, width), and whether it knows none of the words.

    It then takes no caption, as for an empty one.
    """
    with torch.inference_mode():
        if caption:
            try:
                ids = torch.tensor([model.vocabulary.read(caption).ids])
                return model.network.text(ids), False
            except BadInput:
                pass
        return model.network.text.none(1), bool(caption)


def _own(config: RestoreConfig, count: int) -> list[int]:
    return own_tokens(config.tokens, count) if config.policy == "own" else []


def _mask(policy: str, scores: Tensor, number: int, seed: int, wanted: list[int]) -> Tensor:
    if policy == "own":
        mask = torch.zeros(len(scores), dtype=torch.bool)
        mask[wanted] = True
        return mask
    return choose_masked(scores, number, policy, torch.Generator().manual_seed(seed))


def _masks(scores: Tensor, number: int, seed: int) -> list[Tensor]:
    draws = [torch.Generator().manual_seed(seed + at) for at in range(DRAWS)]
    return [
        choose_masked(scores, number, "key", draws[0]),
        *(choose_masked(scores, number, "random", draw) for draw in draws),
        choose_masked(scores, number, "inverse", draws[0]),
    ]


def _rows(model: Model, codes: Tensor, count: int) -> np.ndarray:
    """Rows (batch, rows, 137) in metres of codes (batch, tokens)."""
    codec = model.network.codec
    with torch.inference_mode():
        made = codec.decode(codec.codebook[codes], torch.full((len(codes),), codes.shape[1]))
    return model.scale.restore(made[:, :count].numpy())


def _mean(errors: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """The mean error of the masked tokens of each mask."""
    return (errors * hidden).sum(1) / hidden.sum(1)
