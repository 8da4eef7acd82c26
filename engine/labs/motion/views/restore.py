"""A clip, its masked tokens and what was restored, on the stage and as bars."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars
from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.config.restore import ROWS_A_TOKEN
from engine.labs.motion.views.clips import positions_of
from engine.labs.motion.views.restore_words import describe_restored, describe_scores
from engine.labs.motion.views.stage import body_stage

ORIGINAL, RESTORED, CODEC = range(3)


def masked_tokens(result: Result) -> list[int]:
    """The numbers of the masked tokens."""
    return np.flatnonzero(result.array("masked")).tolist()


def token_spans(result: Result) -> np.ndarray:
    """First and last frame (tokens, 2) of each masked token."""
    at = np.array(masked_tokens(result))
    return np.stack([at * ROWS_A_TOKEN, (at + 1) * ROWS_A_TOKEN - 1], axis=1)


def restore_stage(result: Result) -> Stage:
    """The original, and the restored clip with the original as a ghost; strips by token below."""
    original, restored, codec = (positions_of(result, at) for at in range(3))
    frames = len(original)
    score = _by_frame(result.array("score"), frames)
    error = 100 * _by_frame(result.array("error"), frames)
    spans = np.minimum(token_spans(result), frames - 1)
    lanes = [
        Lane("Original", original, under="scores of its tokens below"),
        Lane("Restored", restored, under="translucent: the original", ghost=original),
        Lane("Codec alone", codec, under="nothing masked", ghost=original),
    ]
    strips = [
        Strip("Score Γ", "line", score, lane=ORIGINAL),
        Strip("Highest Γ", "ticks", top_frames(result), lane=ORIGINAL),
        Strip("Masked", "segments", spans, lane=RESTORED, labels=[""] * len(spans)),
        Strip("Error", "line", error, lane=RESTORED, unit="cm"),
    ]
    title = f"Restored from {int(result.number('tokens') - result.number('masked'))} tokens"
    return body_stage(lanes, title, describe_restored(result), strips=strips)


def top_frames(result: Result) -> np.ndarray:
    """The middle frames of as many tokens of the highest score as are masked."""
    order = np.argsort(-result.array("score"), kind="stable")
    top = np.sort(order[: int(result.number("masked"))])
    return top * ROWS_A_TOKEN + ROWS_A_TOKEN // 2


def draw_scores(result: Result, palette: Palette) -> go.Figure:
    """The score of every token, masked ones apart; made to be dragged over."""
    score, masked = result.array("score").astype(float), result.array("masked").astype(bool)
    names = [str(at) for at in range(len(score))]
    figure = bars(
        names,
        {
            "known": np.where(masked, np.nan, score),
            "masked": np.where(masked, score, np.nan),
        },
        palette,
        title="Score of every token",
        subtitle="Γ, density times distance to a denser token; drag over bars to mask those",
        category=axis("Token, four frames each"),
        value=axis("Γ"),
        alt=describe_scores(result),
        height=300,
        stacked=True,
    )
    return figure.update_layout(dragmode="select", bargap=0.15)


def draw_errors(result: Result, palette: Palette) -> go.Figure:
    """Errors of the masked tokens: restored, a straight line, and the codec alone."""
    at = masked_tokens(result)
    groups = {
        "restored": "error",
        "straight line": "straight",
        "codec, nothing masked": "floor",
    }
    return bars(
        [str(one) for one in at],
        {name: 100 * result.array(field)[at].astype(float) for name, field in groups.items()},
        palette,
        title="Error of the masked tokens",
        subtitle="mean distance of 22 joints, as seen from the body",
        category=axis("Token"),
        value=axis("Error", "cm"),
        alt=describe_restored(result),
        height=320,
    )


def token_table(result: Result) -> dict[str, object]:
    """Everything by token, for files."""
    return {
        "token": np.arange(int(result.number("tokens"))),
        "score": result.array("score"),
        "masked": result.array("masked"),
        "code restored": result.array("right"),
        "error m": result.array("error"),
        "straight line m": result.array("straight"),
        "codec m": result.array("floor"),
    }


def policy_rows(result: Result) -> list[dict[str, str]]:
    """The same share masked by each policy: error in cm, the range over draws in brackets."""
    names = result.notes["masks"]
    rows = []
    for policy in dict.fromkeys(names):
        at = [place for place, name in enumerate(names) if name == policy]
        cells = [_range(100 * result.array("by_mask")[by, at]) for by in (0, 1)]
        rows.append({"Masked": policy, "Restored, cm": cells[0], "Straight line, cm": cells[1]})
    return rows


def _range(values: np.ndarray) -> str:
    told = f"{values.mean():.1f}"
    return told if len(values) == 1 else f"{told} ({values.min():.1f} to {values.max():.1f})"


def _by_frame(values: np.ndarray, frames: int) -> np.ndarray:
    """Values by token as values by frame; the last frame belongs to the last token."""
    spread = np.repeat(values.astype(np.float32), ROWS_A_TOKEN)[:frames]
    return np.pad(spread, (0, frames - len(spread)), mode="edge")
