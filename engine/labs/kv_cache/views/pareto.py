"""Bits against damage: a point per format and order, and the front that none beats."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.core.result import Result
from engine.core.units import count
from engine.figures import Palette, Point, axis, pareto_front, scatter
from engine.labs.kv_cache.config import Cached
from engine.labs.kv_cache.formats import Format, parse_format
from engine.labs.kv_cache.formats.base import Role

Damage = Literal["kl_mean", "delta_nll"]
DAMAGE = {"kl_mean": "Mean next-token KL", "delta_nll": "Change of the loss"}
# A point without any damage must still be somewhere on a logarithmic axis.
FLOOR_NAT = 1e-7
ROTATED = "+hadamard"


def point_id(point: dict[str, str]) -> str:
    """What a click gives back: format (or both formats) and order of one point."""
    return f"{point['id']}|{point['order']}"


def is_mixed(point: dict[str, str]) -> bool:
    """Whether keys and values have different formats on purpose."""
    return "/" in point["id"]


def find_point(result: Result, settings: Cached) -> str | None:
    """The id of the point that stores the cache as ``settings`` do, if the sweep has one.

    Only what the sweep quantised counts: of a sweep of the keys, the key format and the order.
    """
    quantised = side(result)
    for point in result.notes["points"]:
        keys = point["key_format"] == settings.key_format and point["order"] == settings.order
        values = point["value_format"] == settings.value_format
        if (keys or quantised == "value") and (values or quantised == "key"):
            return point_id(point)
    return None


def loaded_settings(result: Result, chosen: str) -> dict[str, str]:
    """The settings that a click on the point ``chosen`` asks for: those that the sweep varied."""
    found = [point for point in result.notes["points"] if point_id(point) == chosen]
    if not found:
        return {}
    names = {"key": ("key_format", "order"), "value": ("value_format",)}
    varied = names.get(side(result), ("key_format", "value_format", "order"))
    return {name: found[0][name] for name in varied}


def damage_bits(result: Result) -> np.ndarray:
    """The bits on the x axis: of the side that is quantised, or the mean of both.

    Over the growth of the window, as the damage is: a residual window costs bits early on.
    """
    name = {"key": "window_bits_key", "value": "window_bits_value"}
    return result.array(name.get(side(result), "window_bits_mean"))


def side(result: Result) -> str:
    """Which side of the cache the sweep quantised."""
    return str(result.notes["side"])


def setting_bits(result: Result, settings: Cached, tokens: int) -> float | None:
    """Where the iso-byte line of ``settings`` stands: their bits, counted as those of the points.

    ``tokens``: the window of the sweep. None for formats that do not suit the model.
    """
    model = result.notes["model"]
    formats: dict[Role, str] = {"key": settings.key_format, "value": settings.value_format}
    shape = (tokens, model["kv_heads"] * model["head_dim"])
    try:
        bits = {
            role: window_bits(parse_format(text), shape, model["head_dim"], role, settings)
            for role, text in formats.items()
        }
    except BadInput:
        return None
    return bits.get(side(result), sum(bits.values()) / 2)  # type: ignore[call-overload]


def window_bits(
    fmt: Format, shape: tuple[int, int], head_dim: int, role: Role, settings: Cached
) -> float:
    """Bits per value over the growth of a window ``(tokens, width)``, its exact tokens in fp16.

    As ``Storage.window_bits`` counts, for a page that must not wait for torch.
    """
    tokens, width = shape
    sinks = max(settings.sinks, fmt.sink)
    if fmt.family == "float" or not (sinks or settings.residual or fmt.window):
        return fmt.bits_per_value(shape, head_dim=head_dim, role=role)
    inner, held = replace(fmt, sink=0), 0.0
    lengths = np.unique(np.linspace(1, tokens, min(tokens, 64)).round().astype(int))
    for length in lengths.tolist():
        coded = max(0, length - sinks - settings.residual)
        held += 16 * (length - coded)
        if coded:
            held += coded * inner.bits_per_value((coded, width), head_dim=head_dim, role=role)
    return float(held / lengths.sum())


def draw_pareto(
    result: Result,
    palette: Palette,
    *,
    damage: Damage = "kl_mean",
    selected: str | None = None,
    iso_bits: float | None = None,
) -> go.Figure:
    """Every point of a sweep; ``damage`` in nat per token, bits as truly stored.

    ``iso_bits``: bits of the setting on the page; all points on this line take as many bytes.
    """
    bits, hurt = damage_bits(result), result.array(damage)
    log = damage == "kl_mean"
    shown = np.maximum(hurt, FLOOR_NAT) if log else hurt
    low, high = result.array("delta_nll_low"), result.array("delta_nll_high")
    points = [
        Point(
            float(bits[i]),
            float(shown[i]),
            _label(point),
            family=point["family"] if point["order"] == "none" else f"{point['family']}, sorted",
            id=point_id(point),
            low=None if log else float(low[i]),
            high=None if log else float(high[i]),
        )
        for i, point in enumerate(result.notes["points"])
    ]
    front = pareto_front(bits, shown)
    best = [points[i].id for i in front]
    what = {"key": "keys", "value": "values"}.get(side(result), "keys and values")
    return scatter(
        points,
        palette,
        title=f"Bits against damage, {what} quantised",
        x=axis("True bits per value", "bit"),
        y=axis(DAMAGE[damage], "nat", log=log),
        front=True,
        names=best,
        selected=selected,
        x_line=None if iso_bits is None else (iso_bits, f"same bytes: {iso_bits:.3g} bits"),
        interval=None if log else "95 % bootstrap interval",
        subtitle=f"{count(result.number('windows'), 'window')}; bits and damage are means over the "
        "growing cache, with scales, zeros, windows and sparse parts counted",
        alt=describe_pareto(result),
        height=520,
    )


def describe_pareto(result: Result) -> str:
    """Which formats no other beats, from the fewest bits on."""
    bits, kl = damage_bits(result), result.array("kl_mean")
    front = pareto_front(bits, np.maximum(kl, FLOOR_NAT))
    parts = [f"{_label(result.notes['points'][i])} at {bits[i]:.3g} bits" for i in front]
    return f"On the front, from the fewest bits on: {', '.join(parts)}."


def describe_changes(result: Result) -> str:
    """What sorting and rotation do to the KL of the formats that were measured both ways."""
    kl = {
        point_id(point): float(value)
        for point, value in zip(result.notes["points"], result.array("kl_mean"), strict=True)
    }
    orders = {point["order"] for point in result.notes["points"]} - {"none"}
    pairs = {
        f"sorted {order}": [
            (f"{base}|none", f"{base}|{order}") for base in _bases(result, order=order)
        ]
        for order in sorted(orders)
    }
    rotated = [base for base in _bases(result, order="none") if base.endswith(ROTATED)]
    pairs["rotated"] = [(f"{base.removesuffix(ROTATED)}|none", f"{base}|none") for base in rotated]
    parts = []
    for name, both in pairs.items():
        known = [(kl[a], kl[b]) for a, b in both if kl.get(a, 0) > 0 and b in kl]
        if known:
            change = sorted(100 * (after / before - 1) for before, after in known)
            better = sum(one < 0 for one in change)
            span = (
                f"{change[0]:+.0f} to {change[-1]:+.0f}" if len(change) > 1 else f"{change[0]:+.0f}"
            )
            parts.append(
                f"{name}: {span} %, less damage for {better} of {count(len(change), 'format')}"
            )
    return f"Change of the mean KL, {'; '.join(parts)}." if parts else ""


def describe_iso(result: Result, iso_bits: float) -> str:
    """What the bytes of the page's setting buy at best."""
    bits, kl = damage_bits(result), result.array("kl_mean")
    # A point of the same format must not fall behind the line by rounding.
    affordable = np.flatnonzero(bits <= iso_bits * (1 + 1e-6))
    line = f"The dashed line marks as many bytes as the chosen setting takes, {iso_bits:.3g} bits"
    if not len(affordable):
        return f"{line}; every point takes more."
    best = affordable[np.argmin(kl[affordable])]
    label = _label(result.notes["points"][best])
    return f"{line}; of the points that take no more, {label} hurts least, KL {kl[best]:.2g} nat."


def describe_mixed(result: Result) -> str:
    """Which side needs the bits: pairs of formats both ways, at the same mean bits."""
    points = result.notes["points"]
    kl = dict(zip(map(point_id, points), result.array("kl_mean"), strict=True))
    wider = result.array("window_bits_key") > result.array("window_bits_value")
    ratios = []
    for point, for_keys in zip(points, wider, strict=True):
        if is_mixed(point) and for_keys:
            turned = kl.get(f"{point['value_format']}/{point['key_format']}|none", 0)
            if turned > 0:
                ratios.append(float(kl[point_id(point)] / turned))
    if not ratios:
        return ""
    span = f"{min(ratios):.2g} to {max(ratios):.2g}" if len(ratios) > 1 else f"{ratios[0]:.2g}"
    return (
        f"More bits for keys or for values, at the same mean bits: the keys' way does less damage "
        f"in {sum(ratio < 1 for ratio in ratios)} of {count(len(ratios), 'pair')}; "
        f"its KL is {span} times that of the reverse."
    )


def _bases(result: Result, *, order: str) -> list[str]:
    """Ids of the formats that were measured alone in an order."""
    return [
        point["id"]
        for point in result.notes["points"]
        if point["order"] == order and not is_mixed(point)
    ]


def _label(point: dict[str, str]) -> str:
    if is_mixed(point):
        return f"K {point['key_format']}, V {point['value_format']}"
    return point["id"] if point["order"] == "none" else f"{point['id']} {point['order']}"
