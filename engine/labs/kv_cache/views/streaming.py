"""A cache that grows: bytes, flushes, and what re-quantising does to old tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines

MOST_MARKS = 12  # where every token or two is coded there is no flush to speak of
KINDS = {"append": "append-only", "requantised": "re-quantised at each flush"}


def flushes(result: Result, kind: str) -> np.ndarray:
    """How many tokens a cache held each time that keys of it became codes."""
    return np.flatnonzero(result.array(f"{kind}_flush")) + 1


def marked_flushes(result: Result, kind: str, name: str = "") -> dict[str, Any]:
    """The marks of a line of that cache; none where nearly every token is a flush."""
    at = flushes(result, kind)
    if not 0 < len(at) <= MOST_MARKS:
        return {}
    return {"marks": at, "mark": f"flush, {name}" if name else "flush"}


def describe_flushes(result: Result) -> str:
    """When each cache turned keys into codes."""
    parts = []
    for kind, name in KINDS.items():
        at = flushes(result, kind)
        few = 0 < len(at) <= MOST_MARKS
        when = f"after {', '.join(map(str, at))} tokens" if few else f"{len(at)} times"
        parts.append(f"{name}: {when}")
    return f"Keys became codes, {'; '.join(parts)}."


def draw_bytes(result: Result, palette: Palette) -> go.Figure:
    """Stored bytes after each token: codes and scales, exact tokens, and fp16 for comparison."""
    fp16 = result.array("fp16") / 1024
    token = np.arange(1, len(fp16) + 1)
    codes = (result.array("append_codes") + result.array("append_scales")) / 1024
    exact = result.array("append_exact") / 1024
    return lines(
        [
            Series("fp16", token, fp16),
            Series("this cache", token, codes + exact, **marked_flushes(result, "append")),
            Series("of which codes and scales", token, codes),
            Series("of which exact tokens", token, exact),
        ],
        palette,
        title="Bytes held after each token",
        x=axis("Tokens in the cache", "token"),
        y=axis("Stored, all layers", "KiB"),
        alt=f"After {len(fp16)} tokens the cache holds {(codes + exact)[-1]:.4g} KiB against "
        f"{fp16[-1]:.4g} KiB in fp16.",
    )


def draw_history_error(result: Result, palette: Palette) -> go.Figure:
    """Error of the key history as read back, append-only and re-quantised."""
    token = np.arange(1, result["fp16"].size("token") + 1)
    return lines(
        [
            Series(
                name,
                token,
                result.array(f"{kind}_key_error"),
                **marked_flushes(result, kind, name.split()[0]),
            )
            for kind, name in KINDS.items()
        ],
        palette,
        title="Error of the key history",
        x=axis("Tokens in the cache", "token"),
        y=axis("Relative RMSE of all keys read back"),
        alt="; ".join(
            f"{name}: {result.array(f'{kind}_key_error')[-1]:.3g} at the end"
            for kind, name in KINDS.items()
        ),
    )


def drift_table(result: Result) -> dict[str, Any]:
    """What ``draw_drift`` draws: the oldest group's error, a row a flush."""
    drift = result.array("drift").astype(np.float64)
    once = result.metrics["append_error"]
    return {
        "flushes": np.arange(1, len(drift) + 1),
        **({} if once is None else {"append-only [1]": np.full(len(drift), float(once))}),
        "re-quantised [1]": drift,
    }


def draw_drift(result: Result, palette: Palette) -> go.Figure | None:
    """Error of the oldest group against the number of re-quantisations; None before the second."""
    drift = result.array("drift").astype(np.float64)
    if len(drift) < 2:
        return None
    flush = np.arange(1, len(drift) + 1)
    once = result.metrics["append_error"]
    # The colours of the figure beside it.
    series = [Series(KINDS["requantised"], flush, drift, category=1)]
    if once is not None:
        series.insert(0, Series(KINDS["append"], flush, np.full(len(drift), once), category=0))
    figure = lines(
        series,
        palette,
        title="Re-quantisation drift of the oldest group",
        x=axis("Flushes that it has seen"),
        y=axis("Relative RMSE of its keys"),
        alt=f"The oldest group's error goes from {drift[0]:.3g} to {drift[-1]:.3g} over "
        f"{len(drift)} flushes.",
    )
    return figure.update_xaxes(dtick=max(1, len(drift) // 6), tick0=1)
