"""The views of the memory-hardware page by their names in a link, in the order of their buttons."""

from __future__ import annotations

from typing import Any

from pages.panels.memory_hardware import token, trace
from pages.panels.memory_hardware.scene import View

VIEWS: dict[str, View[Any]] = {
    "generation": token.VIEW,
    "trace": trace.VIEW,
}
