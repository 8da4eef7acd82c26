"""The views of the memory-graph page by their names in a link, in the order of their buttons."""

from __future__ import annotations

from typing import Any

from pages.kit import View
from pages.panels.memory_graph import (
    bench,
    duel,
    events,
    evolution,
    forgetting,
    more,
    own,
    wavefront,
    why,
)

VIEWS: dict[str, View[Any]] = {
    "wavefront": wavefront.VIEW,
    "duel": duel.VIEW,
    "why": why.VIEW,
    "bench": bench.VIEW,
    "forgetting": forgetting.VIEW,
    "evolution": evolution.VIEW,
    "events": events.VIEW,
    "more": more.VIEW,
    "overview": own.VIEW,
}
