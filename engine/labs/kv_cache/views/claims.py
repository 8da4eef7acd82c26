"""Published statements (claims.py of this lab) beside this lab's results, in computed words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.core.claims import Claim, Comparison, Standing, Unmeasured
from engine.core.result import Result
from engine.core.units import si
from engine.labs.kv_cache.claims import MARKS
from engine.labs.kv_cache.orders_grammar import is_no_op, parse_order
from engine.labs.kv_cache.views.float_claims import float_claims
from engine.labs.kv_cache.views.published import (
    HQQ,
    K_SORT,
    KIVI,
    NVFP4_TRAINING,
    QJL,
    ROPE_BITS,
    SINKS,
    paired,
    printed,
    published,
)
from engine.labs.kv_cache.views.sweep_claims import (
    codebook_claims,
    format_claims,
    rotation_claims,
    sort_claims,
)

# As in the preset "rotate-or-not", whose result ships.
ROTATED = {
    "extra": "bfp12:b32+hadamard,int4:token:head+hadamard,bfp10:b32,bfp10:b32+hadamard,"
    "q4_0+hadamard,nvfp4+hadamard,mxfp4+hadamard,q8_0,nuq4:sparse1+pre-rope,"
    "nuq3:sparse1+pre-rope,nuq2:sparse1+pre-rope,turbo4,turbo3,turbo2"
}


def setting_claims(
    metrics: Mapping[str, float], key_format: str, order: str, *, block: int, head_dim: int
) -> tuple[Claim, ...]:
    """Sorting at one block size: the metrics of an evaluation, and what theory says of it."""
    parsed = parse_order(order)
    standing: Standing = "apart"
    if parsed.scope == "none":
        verdict = "No order is applied; choose in-head:w-norm on the left to test the claim."
    elif is_no_op(parsed, block, head_dim):
        verdict = (
            f"A block of {block} covers whole heads of {head_dim} channels: the sort is a no-op "
            "by theory, as the paper finds at a block of 128."
        )
        standing = "holds"
    else:
        verdict = f"A block of {block} is smaller than a head of {head_dim} channels, "
        verdict += "so the order can matter; compare with order none."
    measured = (
        f"{key_format} with order {order}: loss {metrics['delta_nll']:+.4f} nat per token, "
        f"relative key error {metrics['relative_rmse_key']:.3g}, at "
        f"{metrics['bits_key']:.3g} bits per value."
    )
    return (paired("k-sort-blocks", K_SORT, measured, verdict, standing),)


def outlier_claims(result: Result) -> tuple[Claim, ...]:
    """Whether channels with large keys are those with large rows of W_k, head by head."""
    if "w_norm" not in result.fields:
        return ()
    norms, sizes = (
        result.array(name).reshape(-1, result["w_norm"].size("channel"))
        for name in ("w_norm", "rms_post")
    )
    found = np.array(
        [
            np.corrcoef(_ranks(norm), _ranks(size))[0, 1]
            for norm, size in zip(norms, sizes, strict=True)
        ]
    )
    clear = int((found > 0.5).sum())
    return (
        paired(
            "outliers-follow-rows",
            K_SORT,
            f"Rank correlation of row norm and size of the channel {found.mean():.2f} on average "
            f"over {len(found)} heads ({found.min():.2f} to {found.max():.2f}).",
            f"Row norms tell large channels in {clear} of {len(found)} heads here (correlation "
            "over 0.5).",
            "holds" if clear == len(found) else "partly" if 2 * clear >= len(found) else "not here",
        ),
    )


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable")


def memory_claims(result: Result) -> tuple[Claim, ...]:
    """Bytes of a stored cache beside fp16."""
    held, whole = result.number("append_bytes"), result.number("fp16_bytes")
    return (
        paired(
            "kivi-memory",
            KIVI,
            f"After {result.number('tokens'):.0f} tokens the cache takes {si(held, 'B')} instead "
            f"of {si(whole, 'B')}, scales and exact window included.",
            f"The cache alone is {whole / held:.1f} times smaller here; theirs is the peak with "
            "the weights.",
            "partly" if whole > held else "not here",
        ),
    )


def unmeasured(id: str, paper: str) -> Unmeasured:
    """The published statement ``id``, and why nothing here can test it."""
    told = published(id)
    return Unmeasured(
        paper,
        told.statement,
        told.caveat,
        told.source,
        published=printed(told) or None,
        url=told.url,
        mark=MARKS[told.mark],
    )


CLAIMS = (
    Comparison("pareto", sort_claims),
    Comparison("pareto", format_claims),
    Comparison("pareto", float_claims),
    Comparison("capture", outlier_claims, page={"view": "ordering"}),
    Comparison("streaming", memory_claims),
    Comparison("pareto", rotation_claims, ROTATED),
    Comparison("pareto", codebook_claims, ROTATED),
    unmeasured("rope-frequency-bits", ROPE_BITS),
    unmeasured("attention-sinks", SINKS),
    unmeasured("qjl-3bit", QJL),
    unmeasured("hqq-no-calibration", HQQ),
    unmeasured("nvfp4-training", NVFP4_TRAINING),
)
