"""Numbers of a pipeline's configs for which a network would take any amount of memory or time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.core.errors import BadInput

# Sizes beyond these are mistakes or attacks; published pipelines stay well below.
MOST_NUMBER = 1_000_000
MOST_NUMBERS = 200
MOST_LAYERS = 200
MOST_LEVELS = 8
LEAST_SIDE, MOST_SIDE = 4, 256
"""Latent pixels along a side: 64 in Stable Diffusion 1, 128 in SDXL."""
DEPTHS = ("transformer_layers_per_block", "reverse_transformer_layers_per_block")
LAYER_COUNTS = ("layers_per_block", "num_hidden_layers", *DEPTHS)


def check_sizes(config: dict[str, Any], name: str, field: str) -> None:
    """Refuse the config of the component ``name`` where a number is beyond its bound."""
    for key, value in config.items():
        most = MOST_LAYERS if key in LAYER_COUNTS else MOST_NUMBER
        for place, number in enumerate(_numbers(value)):
            # As "not at most", so that NaN is refused too.
            if place >= MOST_NUMBERS or not abs(number) <= most:
                raise BadInput(
                    field,
                    f"{name}/config.json: {key[:60]} is at most {most:,} "
                    f"and has at most {MOST_NUMBERS} numbers",
                )


def check_levels(config: dict[str, Any], name: str, field: str) -> int:
    """The number of levels of a U-Net or a VAE, after checking that few enough layers make it."""
    widths = config.get("block_out_channels")
    if (
        not isinstance(widths, list)
        or not 1 <= len(widths) <= MOST_LEVELS
        or not all(type(width) is int and width > 0 for width in widths)
    ):
        raise BadInput(
            field,
            f"{name}/config.json: block_out_channels must be 1 to {MOST_LEVELS} whole numbers "
            f"from 1 to {MOST_NUMBER:,}",
        )
    layers = _most(config, "layers_per_block", name, field, absent=2)
    depth = max(1, *(_most(config, key, name, field, absent=1) for key in DEPTHS))
    # Every level goes down and up again, and up with one layer more.
    total = len(widths) * (2 * layers + 1) * depth
    if total > MOST_LAYERS:
        raise BadInput(
            field,
            f"{name}/config.json: layers_per_block times transformer_layers_per_block describes "
            f"up to {total:,} layers, at most {MOST_LAYERS} are built",
        )
    return len(widths)


def check_sample_size(config: dict[str, Any], levels: int, field: str) -> None:
    """Refuse a U-Net whose latents have no side that its ``levels`` can halve."""
    side, factor = config.get("sample_size"), 2 ** (levels - 1)
    if type(side) is not int or not LEAST_SIDE <= side <= MOST_SIDE or side % factor:
        raise BadInput(
            field,
            f"unet/config.json: sample_size must be a whole number from {LEAST_SIDE} to "
            f"{MOST_SIDE} that {factor} divides (got {repr(side)[:40]})",
        )


def _most(config: dict[str, Any], key: str, name: str, field: str, *, absent: int) -> int:
    """The largest of the numbers of layers under a key, at any depth of its lists."""
    found = list(_numbers(config.get(key)))
    if not all(type(number) is int and number >= 0 for number in found):
        raise BadInput(
            field, f"{name}/config.json: {key} must be whole numbers from 0 to {MOST_LAYERS}"
        )
    return int(max(found, default=absent))


def _numbers(value: Any) -> Iterator[float]:
    """All numbers in a value of a config, whatever lists and objects they lie in."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, int | float):
            yield value
