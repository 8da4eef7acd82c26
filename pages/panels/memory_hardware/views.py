"""The views of the memory-hardware page by their names in a link, in the order of their buttons."""

from __future__ import annotations

from typing import Any

from pages.kit import View
from pages.panels.memory_hardware import (
    energy,
    mapping,
    offload,
    speedup,
    timeline,
    token,
    trace,
    whatif,
)

VIEWS: dict[str, View[Any]] = {
    "timeline": timeline.VIEW,
    "generation": token.VIEW,
    "training": offload.VIEW,
    "whatif": whatif.VIEW,
    "mapping": mapping.VIEW,
    "speedup": speedup.VIEW,
    "energy": energy.VIEW,
    "replay": trace.VIEW,
}
