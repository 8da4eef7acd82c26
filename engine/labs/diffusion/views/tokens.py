"""Cross-attention maps as pictures: a colour for the share of a place's attention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core.result import Result
from engine.figures import Palette, PictureGrid
from engine.labs.diffusion.pictures.shrink import shrunk

SIDE = 32
ALL = -1
"""A layer that stands for the mean of all."""
VEIL = 0.7
"""Weight of the colours over the grey picture."""


def maps_of(result: Result, layer: int) -> np.ndarray:
    """Maps (step, row, column, token) of a layer, or the mean of all."""
    maps = result.array("map")
    return maps.astype(np.float32).mean(axis=1) if layer == ALL else maps[:, layer].astype("f4")


def top_of(result: Result, layer: int, token: int) -> float:
    """The largest share of a token at any step: the upper end of its colours."""
    return max(float(maps_of(result, layer)[..., token].max()), 1e-6)


def coloured(
    maps: np.ndarray, top: float, palette: Palette, under: np.ndarray | None = None
) -> np.ndarray:
    """Maps (n, rows, columns) as pictures uint8 (n, 32, 32, 3), from 0 to ``top``.

    ``under`` (height, width, 3) or (n, height, width, 3) is laid below in grey.
    """
    codes = np.clip(maps / top, 0, 1) * 255
    every = SIDE // maps.shape[1]
    large = np.rint(codes).astype(np.uint8).repeat(every, axis=1).repeat(every, axis=2)
    painted = palette.lut("sequential")[large].astype(float)
    if under is not None:
        grey = shrunk(under, SIDE).mean(axis=-1, keepdims=True)
        painted = VEIL * painted + (1 - VEIL) * grey
    return np.rint(painted).astype(np.uint8)


def token_names(result: Result) -> list[str]:
    """Tokens as they are read: two equal words are told apart by their places."""
    tokens = result.notes["tokens"]
    return [
        token if tokens.count(token) == 1 else f"{token} ({at})" for at, token in enumerate(tokens)
    ]


def draw_tokens(
    result: Result, palette: Palette, *, step: int, layer: int, over: bool
) -> PictureGrid:
    """A map for every token at one step; brightest where a place gives a token most."""
    maps = np.moveaxis(maps_of(result, layer)[step], -1, 0)
    top = max(float(maps.max()), 1e-6)
    pictures = coloured(maps, top, palette, result.array("picture") if over else None)
    shares = maps.mean(axis=(1, 2))
    return PictureGrid(
        pictures=pictures[None],
        row_labels=[f"step {step + 1}"],
        column_labels=token_names(result),
        title=f"Every token at step {step + 1}, {layer_name(result, layer)}",
        alt=describe_tokens(result, step, layer),
        under=[[f"{100 * share:.1f} %" for share in shares]],
    )


def describe_tokens(result: Result, step: int, layer: int) -> str:
    """Which tokens get most of the attention."""
    shares = maps_of(result, layer)[step].mean(axis=(0, 1))
    order = np.argsort(-shares, kind="stable")
    names = token_names(result)
    words = ", ".join(f"“{names[at]}” {100 * shares[at]:.1f} %" for at in order[:3])
    return f"Most attention at step {step + 1}, {layer_name(result, layer)}: {words}."


def draw_steps(
    result: Result, palette: Palette, *, token: int, layer: int, over: bool
) -> PictureGrid:
    """One token's map at every step, with the picture that is predicted there below."""
    maps = maps_of(result, layer)[..., token]
    top = top_of(result, layer, token)
    preview = result.array("preview") if "preview" in result.fields else None
    shown = coloured(maps, top, palette, preview if over else None)
    rows = [shown] if preview is None else [shown, shrunk(preview, SIDE)]
    name = token_names(result)[token]
    blank = [""] * len(maps)
    shares = [f"{100 * share:.1f} %" for share in maps.mean(axis=(1, 2))]
    return PictureGrid(
        pictures=np.stack(rows),
        row_labels=[name, "prediction"][: len(rows)],
        column_labels=[str(at + 1) for at in range(len(maps))],
        title=f"“{name}” by step, {layer_name(result, layer)}",
        alt=describe_steps(result, token, layer),
        under=[shares, blank][: len(rows)],
    )


def describe_steps(result: Result, token: int, layer: int) -> str:
    """How a token's share of the attention goes from the first step to the last."""
    shares = 100 * maps_of(result, layer)[..., token].mean(axis=(1, 2))
    return (
        f"“{token_names(result)[token]}” gets {shares[0]:.1f} % of the attention at the first step "
        f"and {shares[-1]:.1f} % at the last, most at step {int(shares.argmax()) + 1} "
        f"({shares.max():.1f} %)."
    )


def draw_layers(
    result: Result, palette: Palette, *, token: int, step: int, over: bool
) -> tuple[PictureGrid, list[list[int]]]:
    """One token's map in every layer at one step, a row for each block; and whose layer is where.

    -1 in the second value: no layer stands there.
    """
    maps = result.array("map")[step, ..., token].astype(np.float32)
    blocks: dict[str, list[int]] = {}
    for at, label in enumerate(result.notes["layers"]):
        blocks.setdefault(label.split(",")[0], []).append(at)
    wide = max(map(len, blocks.values()))
    places = [members + [-1] * (wide - len(members)) for members in blocks.values()]
    chosen = np.array(places)
    top = max(float(maps.max()), 1e-6)
    pictures = coloured(maps, top, palette, result.array("picture") if over else None)
    shares = maps.mean(axis=(1, 2))
    name = token_names(result)[token]
    return (
        PictureGrid(
            pictures=pictures[chosen],
            row_labels=list(blocks),
            column_labels=[f"layer {at + 1}" for at in range(wide)],
            title=f"“{name}” by layer at step {step + 1}",
            alt=describe_layers(result, token, step),
            under=[[f"{100 * shares[at]:.1f} %" for at in row] for row in places],
            present=chosen >= 0,
        ),
        places,
    )


def describe_layers(result: Result, token: int, step: int) -> str:
    """The layers that give a token most and least."""
    shares = 100 * result.array("map")[step, ..., token].astype(np.float32).mean(axis=(1, 2))
    layers = result.notes["layers"]
    most, least = int(shares.argmax()), int(shares.argmin())
    return (
        f"At step {step + 1} “{token_names(result)[token]}” gets most in {layers[most]} "
        f"({shares[most]:.1f} %) and least in {layers[least]} ({shares[least]:.1f} %)."
    )


def layer_name(result: Result, layer: int) -> str:
    """A layer's place in the U-Net, or the mean of all."""
    return "mean of all layers" if layer == ALL else str(result.notes["layers"][layer])


def legend(palette: Palette) -> np.ndarray:
    """The colours from 0 to the largest share, uint8 (12, 256, 3)."""
    return np.broadcast_to(palette.lut("sequential")[None], (12, 256, 3)).copy()


def share_table(result: Result) -> dict[str, Sequence[object]]:
    """A row for each step, layer and token: its mean share of the attention."""
    shares = result.array("map").astype(np.float32).mean(axis=(2, 3))
    steps, layers, tokens = shares.shape
    return {
        "step": np.repeat(np.arange(1, steps + 1), layers * tokens).tolist(),
        "layer": np.tile(np.repeat(result.notes["layers"], tokens), steps).tolist(),
        "token": token_names(result) * (steps * layers),
        "share": shares.reshape(-1).tolist(),
    }
