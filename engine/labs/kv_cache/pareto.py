"""Bits against damage: many formats on the same windows, one exact pass for all."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from engine.core import BadInput
from engine.core.result import Field, Result
from engine.labs.kv_cache.evaluation import evaluate_storages
from engine.labs.kv_cache.formats import EXAMPLES, Format, parse_format
from engine.labs.kv_cache.orders_grammar import is_no_op, parse_order
from engine.labs.kv_cache.policy import parse_policy
from engine.labs.kv_cache.teacher_forced import Progress
from engine.labs.kv_cache.workbench import Workbench

ESSENTIAL = (
    "fp8-e4m3", "int8:token", "bfp16:b32", "mxfp8-e4m3", "mxfp6-e2m3", "bfp12:b8", "bfp12:b32",
    "mxfp4", "nvfp4", "int4:token", "int4:token:head", "int4:channel:g32", "kivi-2:g32:r128",
    "int2:token:head", "int2:channel:g32", "q4_0",
)  # fmt: skip
BLOCKS = tuple(
    f"bfp{total}:b{block}" for total in (16, 14, 12, 11) for block in (8, 16, 32, 64, 128)
)
MENUS = {
    "essential": ESSENTIAL,
    "blocks": BLOCKS,
    "everything": tuple(dict.fromkeys((*EXAMPLES, *ESSENTIAL))),
}
# The wider format first. Each pair is measured both ways: the mean bits are the same, and only the
# side that has more of them changes.
MIXED = (
    ("int4:channel:g32", "int2:token:head"),
    ("int4:token:head", "int2:token:head"),
    ("int8:token", "int4:token:head"),
    ("bfp16:b32", "bfp12:b32"),
    ("fp16", "int2:token:head"),
)
WIDER_KEYS, WIDER_VALUES = "more bits for keys", "more bits for values"
IN_HEAD, ACROSS = "in-head:w-norm", "across-heads:rms-post"
NUMBERS = {
    "bits_key": "bit", "bits_value": "bit", "bits_mean": "bit", "bytes_per_token": "B",
    "window_bits_key": "bit", "window_bits_value": "bit", "window_bits_mean": "bit",
    "nll": "nat", "delta_nll": "nat", "delta_nll_low": "nat", "delta_nll_high": "nat",
    "kl_mean": "nat", "kl_p99": "nat", "top1": "1", "relative_rmse_key": "1",
    "relative_rmse_value": "1", "logit_error": "1", "attention_kl": "nat",
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One cache setting of the sweep.

    ``id`` is the format that is measured, or ``key format/value format`` where two are.
    """

    id: str
    key_format: str
    value_format: str
    family: str
    order: str


def points(
    bench: Workbench, menu: tuple[str, ...], side: str, sorted_too: bool
) -> tuple[list[Point], list[dict[str, str]]]:
    """The settings to measure, and those that do not suit the model with the reason."""
    info = bench.loaded.info
    shape = (bench.ids.shape[1], info.width)
    found, skipped = [], []
    for text in dict.fromkeys(menu):
        fmt = parse_format(text)
        if reason := unsuited(fmt, shape, info.head_dim):
            skipped.append({"id": fmt.id, "reason": reason})
            continue
        key = fmt.id if side != "value" else "fp16"
        value = fmt.id if side != "key" else "fp16"
        orders = ["none"]
        if sorted_too and side != "value":
            orders += sortable(fmt, shape, info.head_dim)
        found += [Point(fmt.id, key, value, fmt.family, order) for order in orders]
    for wide, narrow in MIXED if side == "both" else ():
        formats = [parse_format(text) for text in (wide, narrow)]
        if not any(unsuited(fmt, shape, info.head_dim) for fmt in formats):
            found += [mixed(wide, narrow, WIDER_KEYS), mixed(narrow, wide, WIDER_VALUES)]
    return found, skipped


def mixed(key: str, value: str, family: str) -> Point:
    """Keys and values in formats of their own, channels in the model's order."""
    return Point(f"{key}/{value}", key, value, family, "none")


def unsuited(fmt: Format, shape: tuple[int, int], head_dim: int) -> str | None:
    """Why a format cannot hold keys or values ``(tokens, width)``; None where it can."""
    try:
        for role in ("key", "value"):
            fmt.bits_per_value(shape, head_dim=head_dim, role=role)
    except BadInput as error:
        return error.reason
    return None


def sortable(fmt: Format, shape: tuple[int, int], head_dim: int) -> list[str]:
    """Orders that can change what a format with blocks of channels stores."""
    tokens, channels = fmt.block_shape(shape, head_dim=head_dim, role="key")
    if tokens > 1 or not 1 < channels < shape[1] or "head" in fmt.id.split(":"):
        return []
    return [o for o in (IN_HEAD, ACROSS) if not is_no_op(parse_order(o), channels, head_dim)]


def pareto(
    bench: Workbench, menu: str, extra: str, side: str, sorted_too: bool, progress: Progress
) -> Result:
    """One number per point (see ``NUMBERS``); notes say what each point is."""
    ids = (*MENUS[menu], *(part for part in extra.split(",") if part))
    chosen, skipped = points(bench, ids, side, sorted_too)
    if not chosen:
        raise BadInput("menu", "none of these formats suits the heads of this model")
    storages = [
        bench.storage(parse_policy("", point.key_format, point.value_format), point.order)
        for point in chosen
    ]
    nll, measured = evaluate_storages(bench, storages, progress)
    fields = {
        name: Field(
            np.array(
                [np.nan if (x := one.metrics[name]) is None else x for one in measured],
                dtype=np.float64,
            ),
            ("point",),
            unit,
        )
        for name, unit in NUMBERS.items()
    }
    return Result(
        fields,
        {
            "nll_exact": float(nll.mean(dtype=np.float64)),
            "windows": len(nll),
            "points": len(chosen),
        },
        {
            **bench.notes(),
            "points": [asdict(point) for point in chosen],
            "skipped": skipped,
            "side": side,
        },
    )
