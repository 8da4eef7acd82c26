"""Every token of several clips erased in turn: do key frames matter more than other frames?"""

from __future__ import annotations

import numpy as np

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.core.seeds import rng
from engine.labs.motion.config.lens import EraseConfig
from engine.labs.motion.memory.lens import erase_each, erased_marks, look
from engine.labs.motion.memory.poses import apart, seen_from_body
from engine.labs.motion.memory.reading import Memory
from engine.labs.motion.memory.sampling import (
    open_studio,
    positions_of,
    read_take,
    token_scores,
)
from engine.labs.motion.memory.spread import interval, rank_correlation

DRAWS = 500
GROUPS = ("key", "others", "random")


def erase(config: EraseConfig, context: Context) -> Result:
    """Change of pose (clip, erased, frame) and what goes with it; raises BadInput."""
    studio = open_studio(config.model)
    asked = [
        read_take(studio, text, config.seconds, seed, config.steps)
        for text in config.texts_of()
        for seed in range(config.clips)
    ]
    tokens = studio.tokens(asked[0].rows)
    marks = erased_marks(tokens, config.span)
    changes, scores, reads = [], [], []
    for at, take in enumerate(asked):
        context.progress(at, len(asked))
        rows, memories = look(studio, take)
        whole, without = erase_each(studio, take, marks, config.erased_in == "everywhere")
        poses = [seen_from_body(positions_of(one)) for one in (whole, without)]
        changes.append(apart(poses[1], poses[0]))
        scores.append(token_scores(studio, rows))
        reads.append(read_of_each(memories))
    change = np.stack(changes)  # clip erased frame
    where = np.minimum(np.arange(change.shape[-1]) // studio.patch, tokens - 1)
    score, read = np.stack(scores), np.stack(reads)
    effect = effects(change, marks[:, where])
    key = key_tokens(score, config.key_share)
    groups, drawn = compare(effect, key)
    later = np.arange(tokens)[:, None] < where[None]
    fields = {
        "change": Field(change.astype(np.float16), ("clip", "erased", "frame"), "m"),
        "effect": Field(effect.astype(np.float32), ("clip", "erased"), "m"),
        "score": Field(score.astype(np.float32), ("clip", "token")),
        "read": Field(read.astype(np.float32), ("clip", "token")),
        "key": Field(key, ("clip", "token")),
        "group": Field(groups.astype(np.float32), ("group", "clip"), "m"),
        "drawn": Field(drawn.astype(np.float32), ("draw",), "m"),
    }
    metrics: dict[str, float] = {
        "clips": len(asked),
        "tokens": tokens,
        "patch": studio.patch,
        "span": config.span,
        "keys": int(key[0].sum()),
        "later": _mean(change, later & ~marks[:, where]),
        "earlier": _mean(change, ~later & ~marks[:, where]),
        "own": _mean(change, marks[:, where]),
        "chance": float((drawn >= groups[0].mean()).mean()),
        "untouched": float((effect == 0).mean()),
    }
    for name, values in zip(GROUPS, groups, strict=True):
        metrics |= _told(name, values)
    metrics |= _told("advantage", groups[0] - groups[2])
    for name, told in (("score", score), ("read", read)):
        pairs = zip(told, effect, strict=True)
        metrics |= _told(f"{name}_rank", np.array([rank_correlation(*pair) for pair in pairs]))
    notes = {
        "model": studio.model.kind,
        "texts": [text for text in config.texts_of() for _ in range(config.clips)],
        "seeds": [seed for _ in config.texts_of() for seed in range(config.clips)],
        "datasets": list(studio.model.config.datasets),
    }
    return Result(fields, metrics, notes)


def read_of_each(memories: list[Memory]) -> np.ndarray:
    """How much all others read of each token (tokens,): contributions, each reader to its own mean.

    Scans alone, where there are any: they are what a token is erased from.
    """
    scans = [memory for memory in memories if memory.write is not None] or memories
    total = np.zeros(len(scans[0].read))
    for memory in scans:
        others = memory.read * (1 - np.eye(len(memory.read)))
        total += others.sum(0) / max(others.sum(), 1e-30)
    return (total / len(scans))[1:]


def effects(change: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Mean change (clip, erased) in metres over the frames that were not erased themselves.

    ``change`` (clip, erased, frame), ``gone`` (erased, frame).
    """
    return (change * ~gone).sum(-1) / (~gone).sum(-1)


def key_tokens(score: np.ndarray, share: float) -> np.ndarray:
    """The tokens (clip, token) of the highest scores, at least one and not all."""
    count = min(max(1, round(share * score.shape[1])), score.shape[1] - 1)
    order = np.argsort(-score, axis=1, kind="stable")
    key = np.zeros(score.shape, dtype=bool)
    np.put_along_axis(key, order[:, :count], True, axis=1)
    return key


def compare(effect: np.ndarray, key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean effect of each clip's key, other and random tokens (3, clips), and of random draws.

    Random: as many tokens as there are key frames, any of them, the mean over ``DRAWS`` draws; the
    draws (draws,) are means over all clips.
    """
    clips, tokens = effect.shape
    count = int(key[0].sum())
    chance = rng(0, "erase").random((DRAWS, clips, tokens)).argsort(-1)[..., :count]
    picked = np.take_along_axis(np.broadcast_to(effect, (*chance.shape[:2], tokens)), chance, -1)
    each = picked.mean(-1)  # draw clip
    others = (effect * ~key).sum(1) / (~key).sum(1)
    return np.stack([(effect * key).sum(1) / count, others, each.mean(0)]), each.mean(1)


def _mean(change: np.ndarray, there: np.ndarray) -> float:
    return float((change * there).sum() / max(1, there.sum() * len(change)))


def _told(name: str, values: np.ndarray) -> dict[str, float]:
    mean, low, high = interval(values)
    return {name: mean, f"{name}_low": low, f"{name}_high": high}
