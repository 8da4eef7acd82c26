"""Probing questions: until when each can be answered under each formula."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, escape, lines
from engine.figures.axes import compose
from engine.figures.lines import Event
from engine.figures.palette import SYMBOLS
from engine.labs.memory_graph.views.season import (
    HIGH,
    INTERVAL,
    LOW,
    NAMES,
    NEVER,
    OWNERS,
    day_of,
    draws_said,
    formulas,
    long_name,
    on_dates,
)

ORDERS = {"differ": "Where the formulas differ most", "asked": "In their order"}
ROWS = 12
ROW_PX = 52
LETTERS = 48
LANES = {"whole": -0.02, "paper": 0.14, "code": 0.28, "corrected": 0.42}
WHOLE = "nothing forgotten"


def lost_day(result: Result, probe: int, formula: int) -> tuple[float, float, float]:
    """Low, median and high of the day after which a question finds its answer no more.

    Over draws; infinite where it is found on the last day, NaN where it never was.
    """
    last = result.array("last")[formula, :, probe].astype(np.float64)
    lost = np.where(last == result.number("days") - 1, np.inf, last + 1)
    lost = np.sort(np.where(last == NEVER, 0.0, lost))
    places = [round((len(lost) - 1) * part / 100) for part in (LOW, 50, HIGH)]
    low, middle, high = (float(lost[place]) for place in places)
    return (np.nan,) * 3 if middle == 0 else (low, middle, high)


def describe_probe(result: Result, probe: int) -> str:
    """When the answer to a question became unreachable under each formula."""
    note = result.notes["probes"][probe]
    parts = []
    for i, formula in enumerate(formulas(result)):
        low, middle, high = lost_day(result, probe, i)
        if np.isnan(middle):
            words = f"was never found under {OWNERS[formula]}"
        elif np.isinf(middle):
            words = f"was still found at the end under {OWNERS[formula]}"
        else:
            words = f"became unreachable on {day_of(result, int(middle))} under {OWNERS[formula]}"
        if result.number("draws") > 1 and not np.isnan(middle):
            words += (
                f" (in 5 to 95 % of draws: {_day(result, low)} to {_day(result, high, 'the end')})"
            )
        parts.append(words)
    named = f"The answer to “{note['question']}” " + ", ".join(parts[:-1]) + f" and {parts[-1]}."
    whole = result.array("found_whole")[probe].astype(bool)
    if not whole.any():
        return f"{named} Even with nothing forgotten it is not among the passages found."
    if not whole[-1]:
        last = day_of(result, int(np.flatnonzero(whole)[-1]))
        return f"{named} With nothing forgotten newer entries crowd it out after {last}."
    return named


def draw_answerable(result: Result, palette: Palette, *, day: int) -> go.Figure:
    """How many of the probing questions find their answer on each day."""
    found = result.array("found").astype(np.float64).sum(axis=1)
    days = np.arange(found.shape[1])
    whole = result.array("found_whole").sum(axis=0)
    series = [Series(long_name(name), days, found[i]) for i, name in enumerate(formulas(result))]
    mean = "" if result.number("draws") == 1 else f"; mean over {int(result.number('draws'))} draws"
    figure = lines(
        [*series, Series(WHOLE, days, whole)],
        palette,
        title="Questions that can be answered",
        subtitle=f"of {len(result.notes['probes'])}; {_rule(result)}{mean}",
        x=axis("Date"),
        y=axis("Questions"),
        events=[Event(day, day_of(result, day))],
        step=True,
        alt=describe_answerable(result, day),
    )
    return on_dates(figure, result).update_yaxes(rangemode="tozero")


def describe_answerable(result: Result, day: int) -> str:
    """How many questions each formula answers on a day, against a memory that keeps all."""
    found = result.array("found")[:, :, day].astype(np.float64).sum(axis=1)
    parts = [
        f"{value:.3g} under {OWNERS[formula]}"
        for formula, value in zip(formulas(result), found, strict=True)
    ]
    whole = int(result.array("found_whole")[:, day].sum())
    count = len(result.notes["probes"])
    return f"On {day_of(result, day)}, {whole} of {count} questions find their answer while " + (
        f"nothing is forgotten: {', '.join(parts)}."
    )


def telling_probe(result: Result) -> int:
    """The question on which the formulas disagree by most days."""
    return shown_probes(result, "differ", 0, always=False)[0]


def shown_probes(result: Result, order: str, chosen: int, always: bool = True) -> list[int]:
    """At most twelve questions in one of ``ORDERS``, the ``chosen`` one ``always`` among them."""
    count = len(result.notes["probes"])
    end = result.number("days")
    if order == "asked":
        start = min(max(0, chosen - ROWS // 2), max(0, count - ROWS))
        return list(range(start, min(count, start + ROWS)))
    days = np.array(
        [[lost_day(result, p, f)[1] for f in range(len(formulas(result)))] for p in range(count)]
    )
    days = np.nan_to_num(np.where(np.isinf(days), end, days))
    spread = np.argsort(-(days.max(axis=1) - days.min(axis=1)), kind="stable").tolist()
    first = [chosen, *(probe for probe in spread if probe != chosen)] if always else spread
    return sorted(first[:ROWS], key=spread.index)


def draw_probes(
    result: Result, palette: Palette, *, probes: list[int], chosen: int, day: int
) -> go.Figure:
    """A row for each question, a bar for each formula: the days on which its answer is found."""
    figure = compose(
        palette,
        title="When each question can be answered",
        subtitle=f"{len(probes)} of {len(result.notes['probes'])} questions; {_rule(result)}; "
        f"{draws_said(result)}",
        x=axis("Date"),
        y=axis("Question"),
        alt=describe_probe(result, chosen),
        height=170 + ROW_PX * len(probes),
    )
    whole = result.array("found_whole") > 0
    _lane(figure, WHOLE, whole[probes], LANES["whole"], palette.muted, 2, None)
    for i, formula in enumerate(formulas(result)):
        found = result.array("found")[i, probes] >= 0.5
        lane, colour = LANES[formula], palette.category(i)
        _lane(figure, long_name(formula), found, lane, colour, 6, SYMBOLS[i])
        if result.number("draws") > 1:
            _whiskers(figure, result, probes, i, lane, palette)
    figure.add_vline(x=day, line={"color": palette.ink, "width": 1.25, "dash": "dot"})
    on_dates(figure, result)
    for row, probe in enumerate(probes):
        text = result.notes["probes"][probe]["question"]
        text = escape(text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…")
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=row - 0.2, yanchor="middle", showarrow=False,
            text=f"<b>▸ {probe + 1}. {text}</b>" if probe == chosen else f"{probe + 1}. {text}",
            font={"size": 11, "color": palette.ink if probe == chosen else palette.muted},
        )  # fmt: skip
    figure.update_yaxes(
        range=[len(probes) - 0.35, -0.5], tickvals=list(range(len(probes))),
        ticktext=[str(probe + 1) for probe in probes], showgrid=False, zeroline=False,
    )  # fmt: skip
    return figure.update_layout(
        legend={"orientation": "h", "y": -60 / (100 + ROW_PX * len(probes)), "x": 0}
    )


def probe_table(result: Result) -> list[dict[str, object]]:
    """Each question with the day from which it is lost under each formula."""
    rows = []
    for probe, note in enumerate(result.notes["probes"]):
        days = {
            NAMES[formula]: _day(result, lost_day(result, probe, i)[1])
            for i, formula in enumerate(formulas(result))
        }
        rows.append(
            {"No.": probe + 1, "Question": note["question"], "Answer": note["answer"], **days}
        )
    return rows


def _day(result: Result, offset: float, end: str = "to the end") -> str:
    if np.isnan(offset):
        return "not found"
    return end if np.isinf(offset) else day_of(result, int(offset))


def _rule(result: Result) -> str:
    need = "any" if result.notes["evidence"] == "any" else "all"
    return (
        f"{need} of the evidence among the first {result.notes['found_k']} by "
        f"{result.notes['closeness']}"
    )


def _lane(
    figure: go.Figure,
    name: str,
    found: np.ndarray,
    lane: float,
    colour: str,
    width: float,
    symbol: str | None,
) -> None:
    """``found`` (row, day): runs of days as lines, with a mark where each run ends."""
    at: list[float] = []
    up: list[float] = []
    sizes: list[int] = []
    for row, days in enumerate(found):
        edges = np.diff(np.concatenate([[0], days.astype(np.int8), [0]]))
        for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            at += [float(start), float(end - 1), np.nan]
            up += [row + lane, row + lane, np.nan]
            sizes += [0, 8, 0]
    figure.add_scatter(
        x=at or [np.nan],
        y=up or [np.nan],
        name=escape(name),
        mode="lines" if symbol is None else "lines+markers",
        line={"color": colour, "width": width},
        marker={"symbol": symbol, "size": sizes or [8], "color": colour, "opacity": 1},
        hovertemplate=f"{escape(name)}: %{{x|%Y-%m-%d}}<extra></extra>",
    )


def _whiskers(
    figure: go.Figure,
    result: Result,
    probes: list[int],
    formula: int,
    lane: float,
    palette: Palette,
) -> None:
    """The interval over draws of the day on which each answer was lost."""
    at: list[float] = []
    up: list[float] = []
    end = result.number("days") - 1
    for row, probe in enumerate(probes):
        low, middle, high = lost_day(result, probe, formula)
        if np.isfinite(middle):
            at += [max(low - 1, 0), min(high - 1, end), np.nan]
            up += [row + lane, row + lane, np.nan]
    figure.add_scatter(
        x=at or [np.nan], y=up or [np.nan], mode="lines+markers", showlegend=False,
        name=escape(INTERVAL), line={"color": palette.ink, "width": 1},
        marker={"symbol": "line-ns-open", "size": 7, "color": palette.ink}, hoverinfo="skip",
    )  # fmt: skip
