"""The duplication ladder: one dot a picture, the mean of every rung, and what leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import percent
from engine.figures import Palette, axis
from engine.figures.axes import compose, escape
from engine.figures.palette import SYMBOLS, translucent

SCENES = -1
EXTRACTED = 0.7
WIDTH = 0.68  # of a rung, for its dots
MEASURES = {
    "ssim": "SSIM to the training picture",
    "extracted": "Extracted",
    "ratio": "Carlini ratio",
    "nn_hit": "Nearest is the target",
    "score": "Wen's score at step 1",
}
SHARES = ("extracted", "nn_hit")


@dataclass(frozen=True, eq=False)
class Ladder:
    """Measures (seeds, prompts) of one model; ``copies`` (prompts,) are rungs, -1 for scenes."""

    name: str
    copies: np.ndarray
    measures: dict[str, np.ndarray]
    prompts: Sequence[str]

    @property
    def seeds(self) -> int:
        """Sampling seeds."""
        return len(self.measures["ssim"])

    def rungs(self, measure: str) -> list[int]:
        """The rungs on which a measure is known, from never-trained titles up."""
        known = ~np.isnan(self.measures[measure]).all(axis=0) & (self.copies != SCENES)
        return sorted({int(rung) for rung in self.copies[known]})

    def on(self, rung: int, measure: str) -> np.ndarray:
        """A measure on a rung, (seeds, pictures)."""
        return self.measures[measure][:, self.copies == rung]


def ladder_of(result: Result, name: str) -> Ladder:
    """The ladder of a result of the experiment ``ladder``."""
    known = ("ssim", "ratio", "nn_hit", "score", "ssim_nearest")
    return _ladder(name, result, {key: result.array(key).astype(float) for key in known})


def ladder_at(result: Result, step: int, name: str) -> Ladder:
    """The ladder of one snapshot, from a result of the experiment ``arrival``."""
    known = ("ssim", "ratio", "nn_hit", "score", "ssim_nearest")
    return _ladder(name, result, {key: result.array(key)[step].astype(float) for key in known})


def _ladder(name: str, result: Result, measures: dict[str, np.ndarray]) -> Ladder:
    similar = measures["ssim"]
    over = np.where(np.isnan(similar), np.nan, similar > EXTRACTED)
    return Ladder(
        name, result.array("copies"), {**measures, "extracted": over}, result.notes["prompts"]
    )


def draw_ladder(
    ladder: Ladder,
    palette: Palette,
    *,
    measure: str,
    twin: Ladder | None = None,
    selected: int | None = None,
) -> go.Figure:
    """Rungs at equal distances; a dot is the mean of a picture's seeds.

    A selection event's ``customdata[0]`` is the position of the prompt.
    """
    rungs = ladder.rungs(measure)
    shown = [ladder, *([twin] if twin else [])]
    figure = compose(
        palette,
        title=f"{MEASURES[measure].removesuffix(' to the training picture')} by copies",
        subtitle=f"rungs at equal distances; dots: pictures, mean of {seeds_said(ladder.seeds)}; "
        "line: mean of a rung, bars from the lowest to the highest seed",
        x=axis("Copies in training"),
        y=axis(MEASURES[measure], limits=(-0.05, 1.05) if measure in SHARES else None),
        alt=describe_ladder(ladder),
        height=420,
    )
    for at, one in enumerate(shown):
        colour, half = palette.category(at), WIDTH / len(shown)
        left = -WIDTH / 2 + at * half
        x, y, ids = dots(one, measure, rungs, left, half)
        figure.add_scatter(
            x=x, y=y, mode="markers", name=escape(one.name),
            customdata=[[i, escape(one.prompts[i]), one.copies[i]] for i in ids],
            marker={
                "color": translucent(colour, 0.55), "symbol": SYMBOLS[at], "size": 7,
                "line": {"color": colour, "width": 1},
            },
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
            hovertemplate="<b>%{customdata[1]}</b><br>rung of %{customdata[2]} copies<br>"
            f"{escape(MEASURES[measure])} %{{y:.3~g}}<extra>{escape(one.name)}</extra>",
        )  # fmt: skip
        means = [one.on(rung, measure).mean(axis=1) for rung in rungs]
        middle = np.array([values.mean() for values in means])
        figure.add_scatter(
            x=np.arange(len(rungs)) + left + half / 2, y=middle,
            mode="lines+markers", name=escape(f"{one.name}, mean"),
            line={"color": colour, "width": 2.25}, hoverinfo="skip",
            marker={"color": colour, "symbol": "line-ew", "size": 12, "line": {"width": 3}},
            error_y={
                "type": "data", "symmetric": False, "width": 4, "thickness": 1.5,
                "array": [values.max() - m for values, m in zip(means, middle, strict=True)],
                "arrayminus": [m - values.min() for values, m in zip(means, middle, strict=True)],
            },
        )  # fmt: skip
        if selected is not None and at == 0 and selected in ids:
            here = ids.index(selected)
            figure.add_scatter(
                x=[x[here]], y=[y[here]], mode="markers", showlegend=False, hoverinfo="skip",
                marker={"symbol": "circle-open", "size": 18, "color": palette.accent},
                marker_line_width=3,
            )  # fmt: skip
    if measure == "ssim":
        figure.add_hline(y=EXTRACTED, line={"color": palette.muted, "width": 1.25, "dash": "dot"})
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=EXTRACTED, yanchor="bottom",
            text="extracted over 0.7", font={"color": palette.muted, "size": 12},
        )  # fmt: skip
    figure.update_xaxes(
        tickvals=list(range(len(rungs))),
        ticktext=["never" if rung == 0 else str(rung) for rung in rungs],
        range=[-0.5, len(rungs) - 0.5], showgrid=False,
    )  # fmt: skip
    return figure.update_layout(hovermode="closest", clickmode="event+select")


def dots(
    ladder: Ladder, measure: str, rungs: Sequence[int], left: float, width: float
) -> tuple[list[float], list[float], list[int]]:
    """Places, values and prompts of the dots; pictures of a rung stand beside each other."""
    x: list[float] = []
    y: list[float] = []
    ids: list[int] = []
    for place, rung in enumerate(rungs):
        members = np.flatnonzero(ladder.copies == rung)
        x += (place + left + width * (np.arange(len(members)) + 0.5) / len(members)).tolist()
        y += ladder.measures[measure][:, members].mean(axis=0).tolist()
        ids += members.tolist()
    return x, y, ids


def describe_ladder(ladder: Ladder) -> str:
    """How many samples of each rung are extracted, and between which rungs half of them are."""
    rungs = [rung for rung in ladder.rungs("extracted") if rung > 0]
    parts = [
        f"{int(over.sum())} of {over.size} with {rung} {'copy' if rung == 1 else 'copies'}"
        for rung in reversed(rungs)
        for over in [ladder.on(rung, "extracted")]
    ]
    return f"Extracted samples ({ladder.name}, {seeds_said(ladder.seeds)}): {', '.join(parts)}."


def describe_step(ladder: Ladder) -> str:
    """Between which rungs the extraction rate passes one half, and why no curve is fitted."""
    rungs = [rung for rung in ladder.rungs("extracted") if rung > 0]
    rate = [float(ladder.on(rung, "extracted").mean()) for rung in rungs]
    over = [rung for rung, value in zip(rungs, rate, strict=True) if value >= 0.5]
    if not over:
        return "No rung has half of its samples extracted."
    under = [rung for rung in rungs if rung < min(over)]
    where = f"between {max(under)} and {min(over)} copies" if under else "on the lowest rung"
    between = sum(0.02 < value < 0.98 for value in rate)
    said = f"The rate passes one half {where}."
    if between < 2:
        said += (
            f" {between} of {len(rungs)} rungs lie between 2 and 98 %: too few to tell how steep "
            "the rise is, so that no curve is fitted."
        )
    else:
        said += " No curve is fitted: the line joins the means of the rungs."
    return said


def describe_twin(ladder: Ladder, twin: Ladder) -> str:
    """What the twin, trained on the same pictures once each, extracts of the rungs."""
    ours, theirs = (
        np.concatenate([one.on(rung, "extracted").ravel() for rung in one.rungs("extracted")
                        if rung > 0])
        for one in (ladder, twin)
    )  # fmt: skip
    return (
        f"On all rungs: {ladder.name} {int(ours.sum())} of {ours.size} samples extracted; "
        f"{twin.name}, for which all of these pictures are trained once, "
        f"{int(theirs.sum())} of {theirs.size}."
    )


def describe_leak(ladder: Ladder, drawn: np.ndarray) -> str:
    """How often prompts that were never trained give a training picture, beside what is due."""
    parts = []
    for rung, prompts, drawings in (
        (0, "titles that were never trained", "the paintings that belong to these titles"),
        (SCENES, "held-out scenes", "freshly drawn pictures of these scenes"),
    ):
        leaks = ladder.on(rung, "ssim_nearest") > EXTRACTED
        if not leaks.size:
            continue
        due = drawn[ladder.copies == rung] > EXTRACTED
        parts.append(
            f"Of {leaks.size} samples for {prompts} {int(leaks.sum())} "
            f"({percent(float(leaks.mean()))}; by seed {_range(leaks.mean(axis=1))}) are nearer "
            f"than SSIM {EXTRACTED:g} to some training picture; of {drawings} {int(due.sum())} of "
            f"{due.size} are."
        )
    return " ".join(parts)


def rung_table(ladder: Ladder) -> list[dict[str, object]]:
    """A row for each rung: the mean of every measure, and its lowest and highest seed."""
    rows = []
    for rung in (*reversed(ladder.rungs("score")), SCENES):
        values = ladder.on(rung, "score")
        if not values.size:
            continue
        row: dict[str, object] = {
            "Copies": "scenes" if rung == SCENES else "never" if rung == 0 else str(rung),
            "Pictures": values.shape[1],
            "Samples": values.size,
        }
        for key, title in {**MEASURES, "ssim_nearest": "SSIM to the nearest picture"}.items():
            by_seed = ladder.on(rung, key).mean(axis=1)
            known = not np.isnan(by_seed).any()
            row[title] = f"{short_number(by_seed.mean())} ({_range(by_seed)})" if known else ""
        rows.append(row)
    return rows


def _range(values: np.ndarray) -> str:
    return f"{short_number(values.min())} to {short_number(values.max())}"


def short_number(value: float) -> str:
    """Three decimals, or two digits of a number that would be none then."""
    return f"{value:.2g}" if 0 < abs(value) < 0.01 else f"{value:.3f}"


def seeds_said(count: int) -> str:
    """A number of sampling seeds in words."""
    return f"{count} sampling seed" + ("" if count == 1 else "s")


def ladder_table(ladder: Ladder) -> dict[str, object]:
    """A row for each picture and seed."""
    seeds, prompts = ladder.measures["ssim"].shape
    return {
        "prompt": [*ladder.prompts] * seeds,
        "copies": np.tile(ladder.copies, seeds),
        "seed": np.repeat(np.arange(seeds), prompts),
        **{name: values.reshape(-1) for name, values in ladder.measures.items()},
    }
