"""What the lab's menus offer; anything else that parses can be typed."""

from __future__ import annotations

import os
from pathlib import Path

from engine.labs.kv_cache.formats import EXAMPLES
from engine.labs.kv_cache.orders_grammar import list_orders
from engine.labs.kv_cache.sources import EMBEDDED, SAMPLES


def formats() -> tuple[str, ...]:
    """Every example format id."""
    return EXAMPLES


def orders() -> tuple[str, ...]:
    """Every order id."""
    return list_orders()


def models() -> tuple[str, ...]:
    """The embedded model and the model folders directly inside ENGRAM_MODELS."""
    shelf = os.environ.get("ENGRAM_MODELS")
    if not shelf or not Path(shelf).is_dir():
        return (EMBEDDED,)
    folders = sorted(path.parent for path in Path(shelf).glob("*/config.json"))
    return (EMBEDDED, *(str(folder) for folder in folders))


def texts() -> tuple[str, ...]:
    """The shipped sample texts."""
    return tuple(SAMPLES)
