"""Published statements about formats beside sweeps of formats, in computed words."""

from __future__ import annotations

import numpy as np

from engine.core.claims import Claim
from engine.core.result import Result
from engine.labs.kv_cache.views.float_claims import float_claims
from engine.labs.kv_cache.views.pareto import side
from engine.labs.kv_cache.views.published import (
    K_SORT,
    KIVI,
    KVQUANT,
    LLAMA_BLOCKS,
    LLAMA_ROTATION,
    MX,
    QUAROT,
    ROTATE_KV,
    SGLANG,
    TURBO,
    TURBO_PRO,
    paired,
    published,
)
from engine.labs.kv_cache.views.sweep_points import beside, both, find, gains, noise

IN_HEAD = "in-head:w-norm"
NUQ = "nuq{bits}:sparse1+pre-rope"
ROTATED = "+hadamard"
FOUR_BITS = "int4:token:head"
# Errors within this factor of each other count as errors of the same order.
ALIKE = 1.5
TENS, HUNDREDS = 10, 100


def sort_claims(result: Result) -> tuple[Claim, ...]:
    """What the in-head order saves at small blocks, and what block formats save."""
    claims = []
    plain, ordered = find(result, "bfp12:b32"), find(result, "bfp12:b32", IN_HEAD)
    twice = find(result, "bfp16:b32")
    if plain and ordered:
        measured = f"bfp12:b32 loses {plain}, and with the in-head order {ordered}."
        finer, sorted_ = find(result, "bfp12:b8"), find(result, "bfp12:b8", IN_HEAD)
        verdicts, pairs = [f"A sorted block of 32 loses {beside(ordered, plain)}."], []
        if finer and sorted_:
            measured += f" At blocks of 8: {finer}, sorted {sorted_}."
            verdicts.append(f"A sorted block of 8 loses {beside(sorted_, finer)}.")
            pairs.append((sorted_, finer))
        standing = gains([(ordered, plain), *pairs])
        claims.append(paired("k-sort-blocks", K_SORT, measured, " ".join(verdicts), standing))
    if ordered and twice:
        saving, halved = 16 / ordered.bits, twice.bits / ordered.bits
        significant = "a significant loss" if ordered.costs else "no loss beyond noise"
        claims.append(
            paired(
                "k-sort-footprint",
                K_SORT,
                f"Sorted bfp12:b32 takes {ordered.bits:g} bits a key, bfp16:b32 {twice.bits:g}, "
                f"fp16 16; it loses {ordered}.",
                f"Keys take {saving:.2g} times less than fp16 and {halved:.2g} times less than "
                f"bfp16, with {significant} here.",
                both(saving >= 2, not ordered.costs),
            )
        )
    two_bits, naive = find(result, "kivi-2:g32:r128"), find(result, "int2:token:head")
    if two_bits and naive:
        kept = "includes 0" if two_bits.low <= 0 <= two_bits.high else "leaves out 0"
        claims.append(
            paired(
                "kivi-longbench",
                KIVI,
                f"Keys of kivi-2 at {two_bits.bits:g} bits lose {two_bits}; two bits by token "
                f"lose {naive}.",
                f"The interval of its loss {kept}; by token two bits lose "
                f"{'more' if naive.loss > two_bits.loss else 'no more'}.",
                both(not two_bits.costs, two_bits.high < naive.low),
            )
        )
    return tuple(claims)


def format_claims(result: Result) -> tuple[Claim, ...]:
    """Eight-bit microscaling, and errors alike that do unlike damage."""
    claims = []
    eight = find(result, "mxfp8-e4m3")
    if eight:
        told = "a loss beyond noise" if eight.costs else "no loss beyond noise"
        claims.append(
            paired(
                "mx-drop-in",
                MX,
                f"Keys in mxfp8-e4m3 at {eight.bits:g} bits lose {eight}.",
                f"As a format of keys, with nothing retrained, it has {told} here.",
                "not here" if eight.costs else "holds",
            )
        )
    found = unlike(result)
    if found:
        (mild, harsh), errors = found
        names = [f"{p['id']}{'' if p['order'] == 'none' else ', ' + p['order']}"
                 for p in (result.notes["points"][at] for at in (mild, harsh))]  # fmt: skip
        kl = result.array("kl_mean")
        times = float(kl[harsh] / kl[mild])
        claims.append(
            paired(
                "error-is-not-damage",
                TURBO_PRO,
                f"{names[0]} and {names[1]}: relative key errors {errors[mild]:.3f} and "
                f"{errors[harsh]:.3f}, next-token KL {kl[mild]:.4f} and {kl[harsh]:.4f} nat.",
                f"Of the settings with errors within a factor of {ALIKE:g}, the two farthest apart "
                f"differ {times:.1f} times in KL.",
                "holds" if times >= HUNDREDS else "partly" if times >= TENS else "not here",
            )
        )
    return tuple(claims)


def unlike(result: Result) -> tuple[tuple[int, int], np.ndarray] | None:
    """The two points with errors alike whose KL differs most (smaller first), and all errors.

    None where no two points have errors alike.
    """
    errors, kl = result.array("relative_rmse_key"), result.array("kl_mean")
    # The error of a format with an exact window is that of its codes alone; its KL sees the window.
    whole = result.array("window_bits_key") == result.array("bits_key")
    at = np.flatnonzero((errors > 0) & (kl > 0) & whole)
    if len(at) < 2:
        return None
    apart = np.log(errors[at])
    alike = np.abs(apart[:, None] - apart[None, :]) <= np.log(ALIKE)
    np.fill_diagonal(alike, False)
    if not alike.any():
        return None
    ratio = np.where(alike, kl[at][None, :] / kl[at][:, None], 0.0)
    mild, harsh = np.unravel_index(int(ratio.argmax()), ratio.shape)
    return (int(at[mild]), int(at[harsh])), errors


def rotation_claims(result: Result) -> tuple[Claim, ...]:
    """A rotation alone, and with an order before it, at equal bits."""
    claims = []
    plain, turned, ordered = (
        find(result, "bfp10:b32"),
        find(result, f"bfp10:b32{ROTATED}"),
        find(result, f"bfp10:b32{ROTATED}", IN_HEAD),
    )
    if plain and turned and ordered:
        claims.append(
            paired(
                "rotatekv-2bit",
                ROTATE_KV,
                f"With two-bit numbers, {plain.bits:g} bits a key, bfp10:b32 loses {plain}, "
                f"rotated {turned}, ordered and rotated {ordered}.",
                f"An order before the rotation loses {beside(ordered, turned)}.",
                gains([(ordered, turned), (ordered, plain)]),
            )
        )
    claims.extend(_four_bit_claims(result))
    old, new = find(result, "q4_0"), find(result, f"q4_0{ROTATED}")
    if old and new:
        claims.append(
            paired(
                "rotated-q4",
                LLAMA_ROTATION,
                f"q4_0 keys lose {old}, rotated {new}.",
                f"Rotated keys lose {beside(new, old)}.",
                gains([(new, old)]),
            )
        )
    floats = {
        name: (find(result, name + ROTATED), find(result, name)) for name in ("nvfp4", "mxfp4")
    }
    pairs = {name: (new, old) for name, (new, old) in floats.items() if new and old}
    if pairs:
        claims.append(
            paired(
                "rotated-fp4",
                SGLANG,
                " ".join(f"{name} keys lose {old}, rotated {new}."
                         for name, (new, old) in pairs.items()),
                " ".join(f"Rotated {name} loses {beside(new, old)}."
                         for name, (new, old) in pairs.items()),
                gains(list(pairs.values())),
            )
        )  # fmt: skip
    return tuple(claims)


def _four_bit_claims(result: Result) -> tuple[Claim, ...]:
    """Four bits by token, rotated and as they are."""
    old, new = find(result, FOUR_BITS), find(result, f"{FOUR_BITS}{ROTATED}")
    if not old or not new:
        return ()
    return (
        paired(
            "quarot-4bit",
            QUAROT,
            f"Keys of {new.bits:g} bits by token lose {old}, rotated {new}.",
            f"Rotated keys have {noise(new)} here; they lose {beside(new, old)}.",
            both(not new.costs, new.high < old.low),
        ),
    )


def codebook_claims(result: Result) -> tuple[Claim, ...]:
    """Codebooks with outliers apart, eight bits by block, and codebooks after a rotation."""
    claims = []
    books = {bits: find(result, NUQ.format(bits=bits)) for bits in (4, 3, 2)}
    held = {bits: point for bits, point in books.items() if point}
    if len(held) == 3:
        listed = ", ".join(f"nuq{bits} loses {point}" for bits, point in held.items())
        order = held[4].loss <= held[3].loss <= held[2].loss
        claims.append(
            paired(
                "kvquant-dbrx",
                KVQUANT,
                f"{listed}.",
                f"Fewer bits lose {'more at every step' if order else 'no more at some step'}; "
                f"three bits have {noise(held[3])}.",
                both(order, not held[3].costs),
            )
        )
        base = float(np.exp(result.number("nll_exact")))
        lost = [base * float(np.expm1(end)) for end in held[3][:3]]
        claims.append(
            paired(
                "kvquant-3bit",
                KVQUANT,
                f"nuq3 changes the perplexity of {base:.1f} by {lost[0]:+.2f} ({lost[1]:+.2f} to "
                f"{lost[2]:+.2f}).",
                f"Its change is {'less' if lost[2] < 0.1 else 'not surely less'} than 0.1; a small "
                "model's perplexity is larger, and so is any change of it.",
                "holds" if lost[2] < 0.1 else "partly" if lost[0] < 0.1 else "not here",
            )
        )
    eight = find(result, "q8_0")
    if eight:
        theirs = float(published("llama-cpp-q8").figures["q8_0 keys, mean KLD in nat"])
        small = eight.kl <= 10 * theirs
        claims.append(
            paired(
                "llama-cpp-q8",
                LLAMA_BLOCKS,
                f"q8_0 keys: mean next-token KL {eight.kl:.2g} nat, loss {eight}.",
                f"The KL is {eight.kl / theirs:.2g} times theirs, with {noise(eight)}.",
                both(small, not eight.costs),
            )
        )
    turbo = {bits: find(result, f"turbo{bits}") for bits in (4, 3, 2)}
    four, three, two = turbo.values()
    if four and three and two:
        claims.append(
            paired(
                "turbo-neutral",
                TURBO,
                ", ".join(
                    f"{name} at {point.bits:g} bits loses {point}"
                    for name, point in (("turbo4", four), ("turbo3", three), ("turbo2", two))
                )
                + ".",
                f"At {four.bits:g} bits there is {noise(four)} here; at {three.bits:g}, "
                f"{noise(three)}.",
                "apart" if four.bits < 3.5 else "not here" if four.costs else "holds",
            )
        )
    return tuple(claims)


def sweep_claims(result: Result) -> tuple[Claim, ...]:
    """All that a sweep of the keys' formats can say; the claims speak of keys alone."""
    if side(result) != "key":
        return ()
    groups = (sort_claims, format_claims, float_claims, rotation_claims, codebook_claims)
    return tuple(claim for group in groups for claim in group(result))
