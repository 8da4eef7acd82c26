"""What the lab's menus offer; anything else that parses can be typed."""

from __future__ import annotations

from engine.io.shelf import model_shelf
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
    shelf = model_shelf()
    if shelf is None:
        return (EMBEDDED,)
    folders = sorted(path.parent for path in shelf.glob("*/config.json"))
    return (EMBEDDED, *(str(folder) for folder in folders))


def texts() -> tuple[str, ...]:
    """The shipped sample texts."""
    return tuple(SAMPLES)
