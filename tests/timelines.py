"""Timelines for tests: a small one with everything in it, and random ones."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from engine.core.timeline import NANOSECONDS, Counter, Lane, Timeline, TimeUnit


def small() -> Timeline:
    """Two banks and a link: a read waits for an activation, a copy for the read."""
    return Timeline(
        lanes=(Lane("bank 0", "channel 0"), Lane("bank 1", "channel 0"), Lane("link")),
        kinds=("ACT", "RD", "COPY"),
        unit="us",
        lane=np.array([0, 1, 0, 2]),
        kind=np.array([0, 0, 1, 2]),
        start=np.array([0.0, 1.0, 2.5, 4.0]),
        end=np.array([2.0, 3.0, 4.0, 9.25]),
        cause=np.array([-1, -1, 0, 2]),
        details={
            "row": np.array([17, 18, 17, -1]),
            "part": np.array(["weights", "keys", "weights", ""]),
            "pJ": np.array([1.5, 1.5, np.nan, 20.0]),
        },
        counters=(Counter("queue", "requests", np.array([0.0, 2.0]), np.array([3, 1])),),
    )


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Up to 40 spans on up to 4 lanes, touching, overlapping and without length."""
    unit: TimeUnit = draw(st.sampled_from(list(NANOSECONDS)))
    lanes = draw(st.integers(1, 4))
    kinds = draw(st.lists(st.text(max_size=8), min_size=1, max_size=4))
    # Sixteenths of the unit, so that many spans touch.
    sixteenths = st.integers(0, 400)
    rows = draw(
        st.lists(
            st.tuples(sixteenths, st.integers(0, 40), st.integers(0, lanes - 1), st.integers(0)),
            max_size=40,
        )
    )
    rows.sort(key=lambda row: row[0])
    start = np.array([row[0] / 16 for row in rows])
    count = len(rows)
    return Timeline(
        lanes=tuple(Lane(f"lane {i}", ("", "group")[i % 2]) for i in range(lanes)),
        kinds=tuple(kinds),
        unit=unit,
        lane=np.array([row[2] for row in rows], np.int64),
        kind=np.array([row[3] % len(kinds) for row in rows], np.int64),
        start=start,
        end=start + np.array([row[1] / 16 for row in rows]),
        cause=np.array([draw(st.integers(-1, count - 1)) for _ in rows], np.int64),
        details={"number": np.arange(count)},
    )
