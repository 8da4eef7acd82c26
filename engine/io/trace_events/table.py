"""A timeline as a table: one row a span."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.core.timeline import Timeline

if TYPE_CHECKING:
    import pandas as pd


def to_table(timeline: Timeline) -> pd.DataFrame:
    """A row for each span, in order: lane, group, kind, times with their unit, cause, details.

    ``cause`` is the row of the span that this one waited for, empty where there is none. A detail
    with the name of another column is called "detail" and its name. For CSV or Parquet.
    """
    import pandas as pd

    lanes = np.array([lane.name for lane in timeline.lanes], object)
    groups = np.array([lane.group for lane in timeline.lanes], object)
    unit = timeline.unit
    columns: dict[str, object] = {
        "lane": lanes[timeline.lane],
        "group": groups[timeline.lane],
        "kind": np.array(timeline.kinds, object)[timeline.kind],
        f"start_{unit}": timeline.start,
        f"end_{unit}": timeline.end,
        f"duration_{unit}": timeline.end - timeline.start,
    }
    if timeline.cause is not None:
        cause = pd.array(timeline.cause, dtype="Int64")
        cause[np.asarray(timeline.cause) < 0] = pd.NA
        columns["cause"] = cause
    for name, column in timeline.details.items():
        columns[f"detail {name}" if name in columns else str(name)] = column
    return pd.DataFrame(columns)
