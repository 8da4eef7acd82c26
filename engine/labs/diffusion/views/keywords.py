"""Which word is the key: SSIM with one word less, or another in its place."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, PictureGrid, axis, bars

LEFT_OUT, SWAPPED, UNRELATED, WHOLE = "left out", "swapped", "unrelated", "whole"


def ssim_of(result: Result, act: str, place: int = -1) -> np.ndarray:
    """SSIM of what was done to the word at a place, flat over variants and seeds."""
    chosen = np.array(result.notes["acts"]) == act
    if act in (LEFT_OUT, SWAPPED):
        chosen &= result.array("place") == place
    return result.array("ssim")[chosen].ravel()


def draw_words(result: Result, palette: Palette) -> go.Figure:
    """Bars for every word: left out, and swapped for others of its kind."""
    words = result.notes["words"]
    groups, low, high = {}, {}, {}
    for act in (LEFT_OUT, SWAPPED):
        found = [ssim_of(result, act, place) for place in range(len(words))]
        groups[act] = np.array([v.mean() if v.size else np.nan for v in found])
        low[act] = np.array([v.min() if v.size else np.nan for v in found])
        high[act] = np.array([v.max() if v.size else np.nan for v in found])
    figure = bars(
        words,
        groups,
        palette,
        title="SSIM without the word, or with another",
        subtitle="dashed line: the whole prompt; dotted: titles that were never trained",
        category=axis("Word of the prompt"),
        value=axis(f"SSIM to {_beside(result)}", limits=(0, 1)),
        low=low,
        high=high,
        interval="lowest to highest seed and word in its place",
        alt=describe_words(result),
    )
    for act, dash in ((WHOLE, "dash"), (UNRELATED, "dot")):
        values = ssim_of(result, act)
        if values.size:
            line = {"color": palette.ink, "width": 1.25, "dash": dash}
            figure.add_hline(y=float(values.mean()), line=line)
    return figure


def _beside(result: Result) -> str:
    return "the training picture" if result.metrics["trained"] else "what the whole prompt gives"


def describe_words(result: Result) -> str:
    """Which words are needed, which are not, and what that is measured against."""
    words, over = result.notes["words"], result.number("extracted_over")
    whole, other = ssim_of(result, WHOLE), ssim_of(result, UNRELATED)
    told = f"The whole prompt: SSIM {_range(whole)} to {_beside(result)}."
    if other.size:
        told += f" Unrelated titles that were never trained: {_range(other)}."
    if result.metrics["trained"] and not (whole > over).any():
        return f"{told} The picture does not come out with the whole prompt: there is no key."
    needed, free, mixed = [], [], []
    for place, word in enumerate(words):
        held = ssim_of(result, LEFT_OUT, place) > over
        (free if held.all() else mixed if held.any() else needed).append(word)
    for name, group in (
        ("Lost in every seed without", needed),
        ("Kept in every seed without", free),
        ("Kept in some seeds without", mixed),
    ):
        if group:
            told += f" {name}: {', '.join(f'“{word}”' for word in group)}."
    return told


def describe_swaps(result: Result) -> str:
    """Swaps that still give the picture, with what their prompts were trained on."""
    over, notes = result.number("extracted_over"), result.notes
    kept = []
    swaps = [at for at, act in enumerate(notes["acts"]) if act == SWAPPED]
    for at in swaps:
        held = int((result.array("ssim")[at] > over).sum())
        if held:
            kept.append(
                f"“{notes['variants'][at]}” ({_trained(notes['copies'][at])}, {held} of "
                f"{result['ssim'].size('seed')} seeds)"
            )
    if not swaps:
        return "No word of this prompt has others of its kind in the vocabulary."
    if not kept:
        return f"None of {len(swaps)} swapped prompts still gives the picture."
    return f"Of {len(swaps)} swapped prompts {len(kept)} still give it: {', '.join(kept)}."


def _trained(copies: int | None) -> str:
    if copies is None:
        return "training not known"
    if copies == 0:
        return "never trained"
    return "trained once" if copies == 1 else f"trained {copies} times"


def draw_variants(result: Result) -> PictureGrid:
    """A row for each word: without it, then with each other word; first seed."""
    notes, place = result.notes, result.array("place")
    acts, over = np.array(notes["acts"]), result.number("extracted_over")
    rows, most = [], 0
    for at in range(len(notes["words"])):
        members = [int(i) for i in np.flatnonzero(place == at)]
        rows.append(members)
        most = max(most, len(members))
    chosen = np.array([members + [-1] * (most - len(members)) for members in rows])
    similar = result.array("ssim")[:, 0]
    under = [
        [
            ""
            if i < 0
            else f"{'without' if acts[i] == LEFT_OUT else notes['others'][i]}: {similar[i]:.2f}"
            for i in row
        ]
        for row in chosen.tolist()
    ]
    marks = np.where((chosen >= 0) & (similar[chosen] > over), 0, -1)
    return PictureGrid(
        pictures=result.array("picture")[chosen],
        row_labels=notes["words"],
        column_labels=["left out", *(f"swap {at}" for at in range(1, most))],
        title="What comes out, first seed",
        alt=describe_swaps(result),
        under=under,
        marks=marks,
        mark_names=("still the picture",),
        present=chosen >= 0,
    )


def _range(values: np.ndarray) -> str:
    low, high = f"{values.min():.2f}", f"{values.max():.2f}"
    return low if low == high else f"{low} to {high}"


def words_table(result: Result) -> dict[str, object]:
    """A row for each variant and seed."""
    notes = result.notes
    variants, seeds = result.array("ssim").shape
    return {
        "prompt": [p for p in notes["variants"] for _ in range(seeds)],
        "act": [a for a in notes["acts"] for _ in range(seeds)],
        "copies": [c for c in notes["copies"] for _ in range(seeds)],
        "seed": [*range(seeds)] * variants,
        "ssim": result.array("ssim").reshape(-1),
    }
