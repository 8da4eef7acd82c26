"""Every token erased in turn: who is missed most, and whether the key-frame score knows it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count
from engine.figures import Palette, Point, axis, bars, heatmap, scatter
from engine.labs.motion.views.remembered import length

GROUPS = {"key": "key frames", "others": "all others", "random": "as many at random"}
RANKED = {"score": "Key-frame score Γ", "read": "How much is read of it"}
# The titles of an axis are no longer than a phone is wide.
AXES = {"score": RANKED["score"], "read": "Share of a clip's reading"}
INTERVAL = "95 % bootstrap interval over clips"


def draw_groups(result: Result, palette: Palette) -> go.Figure:
    """Mean change of pose when key frames, others and random frames are erased."""
    ends = {
        side: {"change": [1000 * result.number(f"{name}_{side}") for name in GROUPS]}
        for side in ("low", "high")
    }
    return bars(
        list(GROUPS.values()),
        {"change": [1000 * result.number(name) for name in GROUPS]},
        palette,
        title="How much the other frames change",
        category=axis("Erased"),
        value=axis("Mean change of a joint", "mm"),
        low=ends["low"],
        high=ends["high"],
        interval=INTERVAL,
        subtitle=f"{_tokens(result)} of {count(result.number('tokens'), 'token')} are key frames; "
        f"{count(result.number('clips'), 'clip')}",
        alt=describe_claim(result),
        height=360,
    )


def draw_ranks(result: Result, palette: Palette, *, by: str) -> go.Figure:
    """Each erased token by its score, or by how much is read of it, and the change it makes."""
    told, effect = result.array(by), result.array("effect")
    key = result.array("key")
    points = [
        Point(
            float(told[clip, token]),
            1000 * float(effect[clip, token]),
            f"{result.notes['texts'][clip]}, seed {result.notes['seeds'][clip]}, token {token}",
            GROUPS["key"] if key[clip, token] else GROUPS["others"],
            f"{clip}-{token}",
        )
        for clip, token in np.ndindex(told.shape)
    ]
    return scatter(
        points,
        palette,
        title="What erasing changes",
        x=axis(AXES[by], log=bool((told > 0).all())),
        y=axis("Mean change of a joint", "mm", log=bool((effect > 0).all())),
        subtitle="a point for each token of each clip",
        alt=describe_rank(result, by),
        height=400,
    )


def draw_changes(result: Result, palette: Palette, *, clip: int) -> go.Figure:
    """Change of every frame for every erased token of one clip, for files and reports."""
    low, high = change_limits(result)
    return heatmap(
        np.maximum(1000 * result.array("change")[clip].astype(np.float64), low),
        palette,
        title=clip_name(result, clip),
        x=axis("Frame that changes"),
        y=axis("Erased: first frame"),
        value="Mean change of a joint",
        unit="mm",
        log=True,
        limits=(low, high),
        y_labels=token_labels(result),
        alt=describe_sides(result),
        height=460,
    )


def change_limits(result: Result) -> tuple[float, float]:
    """Ends of the colour scale in mm: the largest change of all clips, and three decades below."""
    top = max(1000 * float(result.array("change").max()), 1e-3)
    return top / 1000, top


def token_labels(result: Result) -> list[str]:
    """First frames of the tokens."""
    size = int(result.number("patch"))
    return [str(size * token) for token in range(int(result.number("tokens")))]


def clip_name(result: Result, clip: int) -> str:
    """Its text and seed."""
    return f"{result.notes['texts'][clip]}, seed {result.notes['seeds'][clip]}"


def describe_sides(result: Result) -> str:
    """How far an erased frame is felt, before it and after it."""
    later, earlier = result.number("later"), result.number("earlier")
    if not later + earlier:
        return "No frame changes when others are erased."
    side = "later" if later > earlier else "earlier"
    times = max(later, earlier) / max(min(later, earlier), 1e-12)
    return (
        f"An erased token changes later frames by {length(later)} a joint on average and earlier "
        f"ones by {length(earlier)}: {side} ones {times:.2g} times as much. Its own frames change "
        f"by {length(result.number('own'))}, since the network still sees them."
    )


def describe_claim(result: Result) -> str:
    """Key frames against random ones, in words that follow the interval."""
    means = [f"{length(result.number(name))} for {words}" for name, words in GROUPS.items()]
    low, high = result.number("advantage_low"), result.number("advantage_high")
    return (
        f"The other frames change by {', '.join(means)}. Key frames less random ones: "
        f"{1000 * result.number('advantage'):+.2g} mm ({1000 * low:+.2g} to {1000 * high:+.2g}). "
        f"Of random choices, {100 * result.number('chance'):.0f} % change at least as much."
    )


def verdict(result: Result) -> str:
    """Whether the claim shows here."""
    low, high = result.number("advantage_low"), result.number("advantage_high")
    if low > 0:
        return "Here it shows: key frames are missed more than as many frames at random."
    if high < 0:
        return "Here the opposite shows: key frames are missed less than as many at random."
    return "Here it does not show: the interval of the difference includes 0."


def describe_rank(result: Result, by: str) -> str:
    """Whether a score goes with the change, by rank within each clip."""
    mean, low, high = (result.number(f"{by}_rank{end}") for end in ("", "_low", "_high"))
    goes = (
        "the higher, the more is changed" if low > 0
        else "the higher, the less is changed" if high < 0
        else "no order that shows"
    )  # fmt: skip
    return (
        f"{RANKED[by]}: rank correlation with the change {mean:+.2f} ({low:+.2f} to {high:+.2f}), "
        f"{goes}."
    )


def describe_untouched(result: Result) -> str:
    """How many erasures change nothing at all; empty where every one does."""
    share = result.number("untouched")
    if not share:
        return ""
    return (
        f"{100 * share:.0f} % of the erasures change nothing at all: the same codes were chosen "
        "without the token."
    )


def effect_table(result: Result) -> dict[str, np.ndarray]:
    """A row for each token of each clip."""
    clip, token = np.indices(result.array("effect").shape)
    return {
        "text": np.array(result.notes["texts"])[clip.ravel()],
        "seed": np.array(result.notes["seeds"])[clip.ravel()],
        "token": token.ravel(),
        "key": result.array("key").ravel(),
        "score": result.array("score").ravel(),
        "read": result.array("read").ravel(),
        "change of the others [m]": result.array("effect").ravel(),
    }


def _tokens(result: Result) -> str:
    return f"{result.number('keys'):.0f}"
