"""Published statements about 8-bit and 4-bit floats beside sweeps of formats."""

from __future__ import annotations

from engine.core.claims import Claim
from engine.core.result import Result
from engine.core.units import percent
from engine.labs.kv_cache.views.published import FP8, NVFP4, paired
from engine.labs.kv_cache.views.sweep_points import Point, both, find, noise

WHOLE = 16  # bits of a number of fp16


def float_claims(result: Result) -> tuple[Claim, ...]:
    """FP8 beside int8, and NVFP4 beside MXFP4, where a sweep has them."""
    claims = []
    eight, whole = find(result, "fp8-e4m3"), find(result, "int8:token")
    if eight and whole:
        claims.append(_fp8_claim(eight, whole))
    finer, coarser = find(result, "nvfp4"), find(result, "mxfp4")
    if finer and coarser:
        claims.append(_nvfp4_claim(finer, coarser))
    return tuple(claims)


def _fp8_claim(eight: Point, whole: Point) -> Claim:
    resists = (
        "so do int8 keys: this model does not resist int8, and FP8 has nothing to gain"
        if not eight.costs and not whole.costs
        else f"int8 keys have {noise(whole)}"
    )
    kept = "keep the quality of 16 bits within noise" if not eight.costs else f"have {noise(eight)}"
    return paired(
        "fp8-matches",
        FP8,
        f"Keys in fp8-e4m3 at {eight.bits:g} bits lose {eight}, in int8 by token at "
        f"{whole.bits:g} bits {whole}; next-token KL {eight.kl:.2g} and {whole.kl:.2g} nat.",
        f"FP8 keys {kept} here; {resists}.",
        "not here" if eight.costs else "holds" if whole.costs else "partly",
    )


def _nvfp4_claim(finer: Point, coarser: Point) -> Claim:
    less = finer.error < coarser.error
    told = (
        "below that of mxfp4, beyond noise"
        if finer.high < coarser.low
        else "above that of mxfp4, beyond noise"
        if finer.low > coarser.high
        else "not told from that of mxfp4"
    )
    return paired(
        "nvfp4-finer-scales",
        NVFP4,
        f"Keys in nvfp4 take {finer.bits:.3g} bits, {percent(finer.bits / WHOLE)} of fp16, with a "
        f"relative error of {finer.error:.3f}, and lose {finer}; in mxfp4 {coarser.bits:.3g} bits, "
        f"{coarser.error:.3f}, and {coarser}.",
        f"The finer scales leave {'less' if less else 'no less'} error here; the loss is {told}.",
        both(less, finer.high < coarser.low),
    )
