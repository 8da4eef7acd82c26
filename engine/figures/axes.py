"""Axes with titles and units, safe label text, and what every figure shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.palette import Palette

# Letters of an axis title that fit beside a figure, for each pixel of its height.
LETTERS = 0.09


@dataclass(frozen=True)
class Axis:
    """What an axis shows: a title, the unit ("1" for a pure number) and its kind of scale."""

    title: str
    unit: str = "1"
    log: bool = False
    limits: tuple[float, float] | None = None

    @property
    def text(self) -> str:
        """``Energy [pJ]``, ``Energy [pJ], log scale``; the unit "1" is not printed."""
        if not self.title.strip():
            raise BadInput("axis title", "every axis needs a title")
        return escape(self.plain)

    @property
    def plain(self) -> str:
        """The same text unescaped, for what draws it as it stands."""
        unit = "" if self.unit == "1" else f" [{self.unit}]"
        return self.title + unit + (", log scale" if self.log else "")


AxisLike = Axis | str


def axis(
    title: str, unit: str = "1", *, log: bool = False, limits: tuple[float, float] | None = None
) -> Axis:
    """An axis with its unit: ``axis("Energy", "pJ")``, ``axis("Channel")``."""
    return Axis(title, unit, log, limits)


def as_axis(value: AxisLike) -> Axis:
    """A plain string is the title of an axis of pure numbers."""
    return value if isinstance(value, Axis) else Axis(value)


def escape(text: object) -> str:
    """Label text that plotly shows as it stands: no tags, links, entities or TeX."""
    return (
        str(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("$", "&#36;")
        .replace("\r", "")
        .replace("\n", "⏎")
    )


def visible(token: str) -> str:
    """A token with its blanks made visible, e.g. ``" the\\n" -> "·the⏎"`` (not escaped)."""
    shown = token.replace("\n", "⏎").replace("\t", "⇥")
    inner = shown.strip(" ")
    if not inner:
        return "·" * len(shown) or "∅"
    left = len(shown) - len(shown.lstrip(" "))
    right = len(shown) - len(shown.rstrip(" "))
    return "·" * left + inner + "·" * right


def compose(
    palette: Palette,
    *,
    title: str,
    x: Axis,
    y: Axis,
    subtitle: str | None = None,
    alt: str | None = None,
    height: int = 360,
) -> go.Figure:
    """An empty figure with titles, axes and the theme; ``alt`` is kept in ``layout.meta``."""
    if not title.strip():
        raise BadInput("title", "every figure needs a title")
    heading: dict[str, Any] = {"text": escape(title)}
    if subtitle:
        heading["subtitle"] = {"text": escape(subtitle)}
    # All at once: each update of a figure checks its whole layout again.
    return go.Figure(
        layout={
            "template": palette.template(),
            "height": height,
            # Not title.automargin: with a subtitle plotly.js 4 then draws traces off their axes.
            "title": heading,
            "margin": {"t": 76 if subtitle else 52},
            "meta": {"alt": alt or title, "units": {"xaxis": x.unit, "yaxis": y.unit}},
            "xaxis": _settings(x, x.text),
            "yaxis": _settings(y, _in_two_lines(y.text, LETTERS * height)),
        }
    )


def _in_two_lines(text: str, room: float) -> str:
    """A title that is longer than its axis is broken at the space nearest its middle."""
    spaces = [i for i, letter in enumerate(text) if letter == " "]
    if len(text) <= room or not spaces:
        return text
    at = min(spaces, key=lambda i: abs(i - len(text) / 2))
    return f"{text[:at]}<br>{text[at + 1 :]}"


def _settings(axis: Axis, title: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"title": {"text": title}, "type": "linear"}
    if axis.log:
        settings |= {"type": "log"}
    if axis.limits is not None:
        low, high = axis.limits
        settings["range"] = [np.log10(low), np.log10(high)] if axis.log else [low, high]
    return settings


def set_unit(figure: go.Figure, name: str, unit: str) -> None:
    """Record the unit of an axis or colour bar that was added by hand."""
    meta = dict(figure.layout.meta or {})
    meta["units"] = {**meta.get("units", {}), name: unit}
    figure.layout.meta = meta


def walk_axes(figure: go.Figure) -> Iterator[tuple[str, str, str | None]]:
    """Every axis and colour bar of a figure as (name, title, unit); a unit never set is None."""
    units = (figure.layout.meta or {}).get("units", {})
    layout = figure.to_plotly_json()["layout"]
    names = sorted(name for name in layout if name.startswith(("xaxis", "yaxis", "coloraxis")))
    for name in names:
        holder = layout[name]
        if holder.get("visible") is False:
            continue
        if name.startswith("coloraxis"):
            holder = holder.get("colorbar", {})
        yield name, holder.get("title", {}).get("text", ""), units.get(name)
    for i, trace in enumerate(figure.data):
        spoken = trace.to_plotly_json()
        holder = spoken if "colorbar" in spoken else spoken.get("marker") or {}
        if "colorbar" in holder and holder.get("showscale") is not False:
            title = holder["colorbar"].get("title", {}).get("text", "")
            yield f"colorbar{i}", title, units.get("colorbar")


def check_axes(figure: go.Figure) -> list[str]:
    """What is missing on the axes of a figure, one sentence each; empty when all is said."""
    complaints = [] if figure.layout.title.text else ["the figure has no title"]
    if not (figure.layout.meta or {}).get("alt"):
        complaints.append("the figure has no alternative text")
    for name, title, unit in walk_axes(figure):
        if not title:
            complaints.append(f"{name} has no title")
        if not unit:
            complaints.append(f"{name} has no unit")
        elif unit != "1" and f"[{escape(unit)}]" not in title:
            complaints.append(f"{name} does not print its unit {unit}")
        if name in figure.layout and figure.layout[name].type == "log" and "log" not in title:
            complaints.append(f"{name} does not say that it is logarithmic")
    return complaints


def ticks(low: float, high: float, *, log: bool = False, about: int = 5) -> list[float]:
    """Round numbers within [low, high]: 1, 2 or 5 times a power of ten; decades when ``log``.

    A logarithmic scale of fewer than three decades also gets their doubles and halves.
    """
    if log:
        first, last = np.ceil(np.log10(low) - 1e-9), np.floor(np.log10(high) + 1e-9)
        stride = max(1, int(np.ceil((last - first + 1) / (2 * about))))
        decades = [float(10.0**e) for e in np.arange(first, last + 1, stride)]
        if last - first >= 3:
            return decades
        finer = [part * 10.0**e for e in np.arange(first - 1, last + 1) for part in (1, 2, 5)]
        inside = [float(f"{t:.1g}") for t in finer if low * 0.999999 <= t <= high * 1.000001]
        return inside if len(inside) > 1 else [low, high]
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(step for step in (1, 2, 5, 10) if step * power >= rough * 0.8) * power
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return [float(i * step) + 0.0 for i in np.arange(first, last + 1)]


def number(value: float) -> str:
    """A number as on an axis: ``0.25``, ``1,200``, ``3e-05``."""
    value = float(value)
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:,.4g}" if abs(value) < 1e3 else f"{value:,.0f}"
    return f"{value:.3g}"


def thin(count: int, most: int = 24) -> range:
    """At most ``most`` evenly spaced positions of ``count``, from 0 on, with a round stride."""
    stride = max(1, -(-count // most))
    for nice in (1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 200, 256, 500, 512, 1000):
        if nice >= stride:
            return range(0, count, nice)
    return range(0, count, stride)


def numbers(values: object, field: str, ndim: int = 1) -> np.ndarray:
    """The values as a float array of ``ndim`` dimensions, or a clear complaint."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise BadInput(field, f"must hold numbers, not {array.dtype}")
    if array.ndim != ndim:
        raise BadInput(field, f"must have {ndim} dimension(s), not shape {array.shape}")
    return array.astype(np.float64)


def labels_for(count: int, labels: Sequence[str] | None, field: str) -> list[str]:
    """The given labels, escaped, or the positions 0, 1, 2, ..."""
    if labels is None:
        return [str(i) for i in range(count)]
    if len(labels) != count:
        raise BadInput(field, f"needs {count} labels, one for each position, not {len(labels)}")
    return [escape(label) for label in labels]
