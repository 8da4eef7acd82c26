"""Names of layers as a figure says them, and the order in which the layers run."""

from __future__ import annotations

from collections.abc import Iterable

BLOCKS = ("down", "mid", "up")
# What follows the numbers of a transformer block: the same for every layer of a site.
_TAILS = ("ff", "attn1", "attn2", "mlp")


def in_running_order(names: Iterable[str]) -> list[str]:
    """Down, mid, up: a U-Net lists its middle block last, though it runs between the others."""
    return sorted(names, key=lambda name: BLOCKS.index(_block(name)) if _block(name) else 0)


def short_name(name: str) -> str:
    """``down_blocks.0.attentions.1.transformer_blocks.2.ff.net.2`` is "down 0.1.2".

    The numbers are those of the block, of its attention and of the transformer block in it; a
    convolution adds its own name.
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
