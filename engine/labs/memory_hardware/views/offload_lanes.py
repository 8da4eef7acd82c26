"""Iterations as spans on lanes, with the reason of every start and the memory beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core.result import Result
from engine.core.timeline import Counter, Lane, Timeline
from engine.labs.memory_hardware.offload.utilisation import QUANTITIES
from engine.labs.memory_hardware.views.offload import COMPARED, TITLES


def offload_timeline(result: Result, modes: Sequence[str] = COMPARED) -> Timeline:
    """The first iteration of each mode; of the delayed update all of them. Times in seconds.

    Lanes stand in a group for each mode; all start at 0.
    """
    lanes = _lanes(result, modes)
    number = {(lane.name, lane.group): i for i, lane in enumerate(lanes)}
    parts: list[dict[str, np.ndarray]] = []
    shift = 0
    for mode in modes:
        kept, place = _kept(result, mode)
        names = np.array(result.notes["lanes"])[result.array("lane")[kept]]
        cause = result.array("cause")[kept]
        cause = np.where(cause >= 0, place[cause], -1)
        parts.append({
            "lane": np.array([number[name, TITLES[mode]] for name in names], np.int64),
            "kind": result.array("kind")[kept].astype(np.int64),
            "start": result.array("start")[kept],
            "end": result.array("end")[kept],
            "cause": np.where(cause >= 0, cause + shift, -1),
            "subgroup": result.array("item")[kept] + 1,
            "iteration": result.array("iteration")[kept] + 1,
        })  # fmt: skip
        shift += len(kept)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(columns["start"], kind="stable")
    back = np.empty(len(order) + 1, np.int64)
    back[order], back[-1] = np.arange(len(order)), -1
    columns = {name: column[order] for name, column in columns.items()}
    used, kind = np.unique(columns["kind"], return_inverse=True)
    return Timeline(
        lanes=lanes,
        kinds=tuple(result.notes["kinds"][i] for i in used),
        unit="s",
        lane=columns["lane"],
        kind=kind,
        start=columns["start"],
        end=columns["end"],
        cause=back[columns["cause"]],
        details={
            "subgroup": columns["subgroup"],
            "iteration": columns["iteration"],
            "waited for": _reasons(columns["lane"], back[columns["cause"]]),
        },
        counters=(
            *(memory_counter(result, mode) for mode in modes),
            *measured_counters(result, max(shown_seconds(result, mode) for mode in modes)),
            Counter("Host memory", "GB", np.zeros(1), np.array([result.number("host_gb")])),
        ),
    )


def _reasons(lane: np.ndarray, cause: np.ndarray) -> np.ndarray:
    """What let each span start: the span before it on its lane, or what it needs of another."""
    before = lane[np.maximum(cause, 0)]
    return np.where(cause < 0, "", np.where(before == lane, "its lane", "its input"))


def memory_counter(result: Result, mode: str) -> Counter:
    """GB on the GPU in one mode, as long as its spans are shown."""
    chosen = result.array("memory_mode") == result.notes["modes"].index(mode)
    time, held = result.array("memory_time")[chosen], result.array("memory_gb")[chosen]
    end = shown_seconds(result, mode)
    time, held = np.append(time, end), np.append(held, held[time <= end][-1])
    return Counter(f"GPU memory, {TITLES[mode].lower()}", "GB", time[time <= end],
                   held[time <= end])  # fmt: skip


def measured_counters(result: Result, seconds: float) -> tuple[Counter, ...]:
    """A visitor's samples within the ``seconds`` that lanes are shown; none where none came."""
    if "sample" not in result.fields:
        return ()
    time = result.array("sample_time")
    kept = (time >= 0) & (time <= seconds)
    return tuple(
        Counter(f"Measured: {quantity.title}", quantity.unit, time[kept], values[kept])
        for quantity, values in zip(QUANTITIES.values(), result.array("sample"), strict=True)
        if kept.any()
    )


def describe_measured(result: Result, modes: Sequence[str] = COMPARED) -> str:
    """Which part of the samples lies under the lanes; empty where none came."""
    if "sample" not in result.fields:
        return ""
    seconds = max(shown_seconds(result, mode) for mode in modes)
    time = result.array("sample_time")
    kept = int(((time >= 0) & (time <= seconds)).sum())
    return (
        f"Under the lanes: {kept:,} of {len(time):,} measured samples. Where an iteration begins "
        "in them is a setting; they are of your machine and tell one run, not three modes."
    )


def shown_seconds(result: Result, mode: str) -> float:
    """Until when a mode is shown."""
    kept, _ = _kept(result, mode)
    return float(result.array("end")[kept].max())


def _kept(result: Result, mode: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions of a mode's spans that are shown; for each of its spans the place among them."""
    own = np.flatnonzero(result.array("mode") == result.notes["modes"].index(mode))
    shown = np.ones(len(own), bool)
    if mode != "delayed":
        shown = result.array("iteration")[own] == 0
    place = np.where(shown, np.cumsum(shown) - 1, -1)
    return own[shown], place


def _lanes(result: Result, modes: Sequence[str]) -> tuple[Lane, ...]:
    """The lanes on which something happens."""
    found = []
    for mode in modes:
        kept, _ = _kept(result, mode)
        used = np.unique(result.array("lane")[kept])
        found += [Lane(result.notes["lanes"][i], TITLES[mode]) for i in used]
    return tuple(found)


def describe_lanes(result: Result, modes: Sequence[str] = COMPARED) -> str:
    """How much of each mode's iteration the GPU computes."""
    words = []
    for mode in modes:
        kept, _ = _kept(result, mode)
        lane = np.array(result.notes["lanes"])[result.array("lane")[kept]]
        busy = np.isin(lane, ["GPU compute", "GPU Adam"])
        length = (result.array("end") - result.array("start"))[kept]
        share = 100 * length[busy].sum() / shown_seconds(result, mode)
        words.append(f"{TITLES[mode].lower()} {share:.0f} %")
    return f"Share of the time in which the GPU computes: {', '.join(words)}."
