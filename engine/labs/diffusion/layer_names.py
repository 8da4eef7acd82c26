"""Names of layers as a page says them, and the order in which the layers run."""

from __future__ import annotations

from collections.abc import Iterable

BLOCKS = ("down", "mid", "up")
# What follows the numbers of a transformer block: the same for every layer of a site.
_TAILS = ("ff", "attn1", "attn2", "mlp")


def in_running_order(names: Iterable[str]) -> list[str]:
    """Down, mid, up: a U-Net lists its middle block last, though it runs between the others."""
    return sorted(names, key=lambda name: BLOCKS.index(_block(name)) if _block(name) else 0)


def layer_label(name: str) -> str:
    """A layer in words, counted from 1: "down 1, part 2, layer 3".

    A block's first part is not said. A convolution is "down 1, residual 2, conv2", a layer of the
    text encoder "layer 2". ``name`` is the layer's own name or its ``short_name``; one of another
    form stays as it is.
    """
    kind, _, rest = (name if " " in name else short_name(name)).partition(" ")
    places, _, own = rest.partition(" ")
    numbers = [int(place) + 1 for place in places.split(".") if place]
    if not numbers:
        return name
    words = [kind if kind == "mid" else f"{kind} {numbers.pop(0)}"]
    if own and len(numbers) == 1:
        return ", ".join([*words, f"residual {numbers[0]}", own])
    if kind == "layer" and not numbers:
        return words[0]
    if kind not in BLOCKS or own or len(numbers) != 2:
        return name
    part, layer = numbers
    return ", ".join([*words, *([f"part {part}"] if part > 1 else []), f"layer {layer}"])


def short_name(name: str) -> str:
    """A layer as results keep it, counted from 0.

    ``down_blocks.0.attentions.1.transformer_blocks.2.ff.net.2`` is "down 0.1.2": the numbers are
    those of the block, of its attention and of the transformer block in it; a convolution adds its
    own name.
    """
    parts = name.split(".")
    ends = [at for at, part in enumerate(parts) if part in _TAILS]
    held = parts[: ends[0]] if ends else parts
    numbers = ".".join(part for part in held if part.isdigit())
    kind = _block(name) or "layer"
    own = f" {parts[-1]}" if parts[-1].startswith("conv") else ""
    return f"{kind} {numbers}{own}"


def _block(name: str) -> str:
    first = name.partition("_block")[0]
    return first if first in BLOCKS else ""
