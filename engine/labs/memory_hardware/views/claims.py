"""Claims of papers and logs beside this lab's results, in words that the numbers decide."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.claims import Claim, Comparison, Standing
from engine.core.result import Result
from engine.labs.memory_hardware.offload.published import MARKS, measured_source, table
from engine.labs.memory_hardware.published import FIRST, LATER, URL
from engine.labs.memory_hardware.views.bands import distance, ends, inside
from engine.labs.memory_hardware.views.capacity import PRINTED_ON, describe_capacity
from engine.labs.memory_hardware.views.energy import energy_bands, energy_ratios
from engine.labs.memory_hardware.views.offload import gains, measured_of, seconds_of
from engine.labs.memory_hardware.views.speedup import (
    MACHINES,
    of_eight,
    ratios,
    speedup_band,
    verdict,
)

OPTIMIZER_STATES = "https://arxiv.org/abs/2410.21316"


def speedup_claims(result: Result) -> tuple[Claim, ...]:
    """PIM-GPT's speed-up over a GPU and over a CPU."""
    claims = []
    for versus, name in MACHINES.items():
        band = speedup_band(versus)
        without, with_head = of_eight(ratios(result, versus))
        claims.append(
            Claim(
                URL,
                f"Speed-up over a {name}, eight GPT models up to 1.4 billion parameters",
                f"**{ends(without)}** without the head, {ends(with_head)} with it",
                f"PIM-GPT, abstract: {band.source}",
                verdict(result, versus),
                inside(without, band),
                published=str(band),
                ours="computed here",
                caveat=f"The {name} is assumed, and no bar of a single model could be read: this "
                "says that the range is consistent, and proves nothing.",
            )
        )
    return tuple(claims)


def energy_claims(result: Result) -> tuple[Claim, ...]:
    """PIM-GPT's energy efficiency against both, of its later version."""
    claims = []
    for versus, name in MACHINES.items():
        later, first = energy_bands(versus)
        without, with_head = of_eight(energy_ratios(result, versus))
        claims.append(
            Claim(
                URL,
                f"Energy efficiency against a {name}, eight GPT models up to 1.4 billion "
                "parameters",
                f"**{ends(without)}** without the head, {ends(with_head)} with it",
                f"PIM-GPT, abstract: {LATER}",
                distance(without, later),
                inside(without, later),
                published=str(later),
                ours="computed here",
                caveat=f"The first version ({FIRST}) prints {first} for the same speed-up. The "
                f"{name}'s power is assumed.",
            )
        )
    return tuple(claims)


def offload_claims(result: Result) -> tuple[Claim, ...]:
    """The logs' speed-up taken apart, where a log of the same settings is known."""
    run = measured_of(result)
    if run is None:
        return ()
    logged, ours = gains(run.iteration), gains(seconds_of(result))
    source, url = measured_source()
    return (
        Claim(
            OPTIMIZER_STATES,
            f"Iterations of {run.model} at ratio {run.ratio:g}: {run.iteration['default']:,.0f} "
            f"ms, {run.iteration['flush']:,.0f} ms with an asynchronous flush and "
            f"{run.iteration['interleaved']:,.0f} ms interleaved.",
            f"{ours[2]:.2f}x = {ours[0]:.2f}x flush × {ours[1]:.2f}x interleaving.",
            f"medians of {source}",
            "The larger part of the gain is the flush, which the paper's abstract does not say."
            if logged[0] > logged[1]
            else "The larger part of the gain is interleaving.",
            _alike(logged, ours),
            published=f"{logged[2]:.2f}x = {logged[0]:.2f}x flush × {logged[1]:.2f}x interleaving",
            url=url,
            mark="run logs",
            ours="simulated here",
            caveat="The factors are taken from the logs here, not from "
            f"[the paper]({OPTIMIZER_STATES}).",
        ),
    )


def capacity_claims(result: Result) -> tuple[Claim, ...]:
    """The paper's largest models beside those of this run; none on another memory."""
    if result.number("gpu_memory_gb") != PRINTED_ON:
        return ()
    printed, ours = table("capacity"), result.array("largest")
    large, small = printed.rows["ZeRO-Offload"][0], printed.rows["Data parallel"][0]
    off = max(abs(ours[-1] / large - 1), abs(ours[0] / small - 1))
    return (
        Claim(
            printed.url,
            f"{printed.title}: ZeRO-Offload and data parallelism.",
            describe_capacity(result),
            printed.source,
            f"Ours are within {100 * off:.0f} %; they move with what activations are assumed.",
            "holds" if off <= CLOSE else "partly" if off <= 1 else "not here",
            published=f"{large:g} and {small:g} billion parameters",
            mark=MARKS[printed.mark],
            ours="computed here",
        ),
    )


def partition_claims(result: Result) -> tuple[Claim, ...]:
    """Where the printed table of cuts contradicts itself."""
    printed = table("partition")
    kept, saving = printed.rows["g16 update"]
    whole = sum(result.notes["parts"].values())
    ours = int(result.array("cut_gpu_bytes")[int(result.number("best"))])
    agree = [ours == kept, whole / ours == saving]
    return (
        Claim(
            printed.url,
            "The last row of the table of cuts: gradients and update on the host.",
            f"{ours} bytes a parameter and"
            f" {result.number('least_traffic'):.0f} bytes of traffic, found by trying all cuts.",
            printed.source,
            f"{whole} / {kept:g} is {whole / kept:g}, not {saving:g}: the printed {kept:g} bytes "
            f"must be a slip for {ours}.",
            "holds" if all(agree) else "partly" if any(agree) else "not here",
            published=f"{kept:g} bytes, {saving:g}x",
            mark=MARKS[printed.mark],
            ours="computed here",
        ),
    )


CLOSE = 0.1


def _alike(logged: Sequence[float], ours: Sequence[float]) -> Standing:
    """Whether the simulated gain is near the logged one, and its larger part the same."""
    near = abs(ours[2] / logged[2] - 1) <= CLOSE
    same = (ours[0] > ours[1]) == (logged[0] > logged[1])
    return "holds" if near and same else "partly" if near or same else "not here"


CLAIMS = (
    Comparison("speedup", speedup_claims),
    Comparison("energy", energy_claims),
    Comparison("capacity", capacity_claims, page={"view": "training", "part": "capacity"}),
    Comparison("capacity", partition_claims, page={"view": "training", "part": "capacity"}),
    Comparison("training", offload_claims),
)
