"""Where a network looks at other tokens: its scans over time, and its layers of attention."""

from __future__ import annotations

import re
from dataclasses import dataclass

from torch import nn

from engine.core.errors import BadInput
from engine.labs.motion.models.attention import Attention
from engine.labs.motion.models.mamba import BidirectionalSpatial, Scan

ARROWS = {"forwards": "→", "backwards": "←", "both": "↔"}
# Words of a module's path: what the block is called, and where its number stands.
_BLOCKS = (
    (re.compile(r"\bdown\.(\d+)\."), "Down"),
    (re.compile(r"\bup\.(\d+)\."), "Up"),
    (re.compile(r"\bmixer\."), "Mixer"),
    (re.compile(r"\blayers\.(\d+)\."), "Layer"),
)


@dataclass(frozen=True, eq=False)
class Reader:
    """A module whose outputs at one token read other tokens.

    ``kind`` is "scan" or "attention"; ``direction`` is "forwards", "backwards" or "both"; ``block``
    names its layer.
    """

    path: str
    block: str
    name: str
    kind: str
    direction: str
    module: nn.Module


def find_readers(network: nn.Module) -> list[Reader]:
    """Every scan over tokens and every attention layer, in the order in which they are passed.

    Scans over channels (BSM) are left out: their sequence is not time. Raises BadInput for a
    network that has neither.
    """
    across = [
        name for name, one in network.named_modules() if isinstance(one, BidirectionalSpatial)
    ]
    found: list[Reader] = []
    numbers: dict[str, int] = {}
    for path, module in network.named_modules():
        if any(path.startswith(f"{name}.") for name in across):
            continue
        if isinstance(module, Scan):
            kind, direction = "scan", "backwards" if module.backward else "forwards"
        elif isinstance(module, Attention):
            kind, direction = "attention", "both"
        else:
            continue
        block = _block(path, sum(one.kind == "attention" for one in found))
        numbers[block] = numbers.get(block, 0) + 1
        part = f"scan {numbers[block]}" if kind == "scan" else "attention"
        name = f"{block}, {part} {ARROWS[direction]}"
        found.append(Reader(path, block, name, kind, direction, module))
    if not found:
        raise BadInput("model", "has neither scans over time nor attention")
    return found


def _block(path: str, attended: int) -> str:
    for pattern, name in _BLOCKS:
        match = pattern.search(path)
        if match is None:
            continue
        if not match.groups():
            return name
        # Layers of the transformer alternate with feed-forward ones, which are not counted.
        return (
            f"{name} {attended + 1 if 'inside' in path and name == 'Layer' else int(match[1]) + 1}"
        )
    return path
