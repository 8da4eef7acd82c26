"""What the time between the commands of a window goes to, by the rule that held them back."""

from __future__ import annotations

import plotly.graph_objects as go

from engine.figures import Palette, axis, bars
from engine.labs.memory_hardware.expand import Commands
from engine.labs.memory_hardware.views.banks import describe_window, waits

MEANING = {
    "tRCD": "a row opens",
    "tCCD": "columns, one after the other",
    "tRTP": "a row is kept for its last column",
    "tWR": "what was written settles",
    "tRAS": "a row stays open at least so long",
    "tRP": "a row closes",
    "tRFC": "refresh",
    "LINK": "vectors move",
    "ASIC": "the ASIC computes",
    "tRRD": "activates keep a distance",
    "tFAW": "four activates a window",
    "order": "rows are opened in order",
    "data": "the last data arrives",
}


def wait_table(commands: Commands, first: int, last: int, tck_ns: float) -> dict[str, object]:
    """Nanoseconds and share of each reason."""
    found = waits(commands, first, last, tck_ns)
    return {
        "reason": list(found),
        "what happens": [MEANING.get(name, "") for name in found],
        "ns": list(found.values()),
        "share": [ns / ((last - first) * tck_ns) for ns in found.values()],
    }


def draw_waits(
    commands: Commands, first: int, last: int, tck_ns: float, palette: Palette
) -> go.Figure:
    """A bar a reason, the longest first; all of them together are the window."""
    found = waits(commands, first, last, tck_ns)
    return bars(
        [f"{name}: {MEANING[name]}" if name in MEANING else name for name in found],
        {"Time of the window": list(found.values())},
        palette,
        title="What commands waited for",
        subtitle=f"the bars add up to the window of {(last - first) * tck_ns:,.0f} ns",
        category="Reason",
        value=axis("Time", "ns"),
        horizontal=True,
        alt=describe_window(commands, first, last, tck_ns),
        height=150 + 26 * len(found),
    )
