"""Working memory as a timeline of tokens: flat, by subgoals, and with finished ones called back."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.seeds import rng
from engine.figures import Palette, axis, bars
from engine.figures.axes import compose, escape
from engine.labs.memory_graph.metrics import bootstrap

PATTERN = {0: "", 1: "", 2: "/", 3: "x"}
GAP = 0.07
TITLES = ("Flat", "By subgoals", "With retrieve")
MOST_NAME = 70


def draw_timeline(result: Result, palette: Palette, *, step: int, budget: int) -> go.Figure:
    """Tokens in the prompt after each step, a row for each memory, a colour for each subgoal."""
    tokens, state, total = (result.array(name) for name in ("tokens", "state", "total"))
    rows, steps, segments = tokens.shape
    figure = compose(
        palette,
        title="Tokens in the agent's prompt",
        subtitle=f"{steps} steps, {segments} subgoals, {counted_words(result)}; plain: in full, "
        "stripes: in short, crosses: called back; click a step to read it",
        x=axis("Step"),
        y=axis("Prompt", "tokens"),
        alt=describe_timeline(result, budget),
        height=680,
    )
    top = 1.12 * max(float(total.max()), budget)
    high = (1 - (rows - 1) * GAP) / rows
    at, which = np.arange(1, steps + 1), result.array("subgoal")
    for row in range(rows):
        base = 1 - (row + 1) * high - row * GAP
        suffix = "" if row == 0 else str(row + 1)
        settings = {
            "domain": [max(base, 0.0), min(base + high, 1.0)],
            "range": [0, top],
            "anchor": "x",
            "title": {"text": "Prompt [tokens]"},
            "nticks": 4,
        }
        figure.layout[f"yaxis{suffix}"] = settings
        for segment in range(segments):
            shown = state[row, :, segment] > 0
            name = escape(_short(result.notes["subgoals"][segment]["name"]))
            figure.add_bar(
                x=at[shown],
                y=tokens[row, shown, segment],
                yaxis=f"y{suffix}",
                name=name,
                showlegend=False,
                marker={
                    "color": palette.category(segment),
                    "pattern": {
                        "shape": [PATTERN[int(one)] for one in state[row, shown, segment]],
                        "solidity": 0.35,
                    },
                    "line": {"color": palette.paper, "width": 0.75},
                },
                # The number of the subgoal in force, so that no colour has to be told from another.
                text=[str(segment + 1) if one == segment else "" for one in which[shown]],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"color": palette.paper, "size": 12},
                customdata=[
                    [name, result.notes["states"][int(one)]] for one in state[row, shown, segment]
                ],
                hovertemplate="step %{x}<br><b>%{customdata[0]}</b><br>%{y} tokens, "
                "%{customdata[1]}<extra></extra>",
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 1}},
            )
        _budget(figure, palette, result, row, budget, suffix, top)
    figure.update_layout(
        barmode="stack", bargap=0.12, clickmode="event+select", hovermode="closest"
    )
    figure.update_xaxes(
        anchor=f"y{rows}",
        range=[0.4, steps + 0.6],
        tickmode="array",
        tickvals=at if steps <= 24 else at[:: -(-steps // 20)],
        showgrid=False,
    )
    figure.add_shape(
        type="rect",
        xref="x",
        x0=step + 0.5,
        x1=step + 1.5,
        yref="paper",
        y0=0,
        y1=1,
        fillcolor=palette.accent,
        opacity=0.14,
        line_width=0,
        layer="below",
    )
    meta = dict(figure.layout.meta)
    meta["units"] = dict.fromkeys(("yaxis", "yaxis2", "yaxis3"), "tokens") | {"xaxis": "1"}
    return figure.update_layout(meta=meta)


def _budget(
    figure: go.Figure,
    palette: Palette,
    result: Result,
    row: int,
    budget: int,
    suffix: str,
    top: float,
) -> None:
    """The line of the budget, the name of the row, and the step at which it is exceeded."""
    steps = result.array("total").shape[1]
    over = first_over(result, row, budget)
    figure.add_scatter(
        x=[0.4, steps + 0.6],
        y=[budget, budget],
        yaxis=f"y{suffix}",
        mode="lines",
        line={"color": palette.bad.colour, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
        showlegend=False,
    )
    words = f"over {budget:,} from step {over}" if over else f"within {budget:,}"
    sign = palette.bad if over else palette.good
    figure.add_annotation(
        x=0.5,
        y=top,
        yref=f"y{suffix}",
        xanchor="left",
        yanchor="top",
        text=f"<b>{TITLES[row]}</b>  {sign.sign} {words}",
        font={"color": palette.ink, "size": 13},
        bgcolor=palette.paper,
        borderpad=2,
    )


def counted_words(result: Result) -> str:
    """What a token is here."""
    pieces = result.notes["counted"] == "pieces"
    return "tokens of a 4,096-piece tokenizer" if pieces else "words as tokens"


def first_over(result: Result, memory: int, budget: int) -> int:
    """The first step, from 1, after which a memory exceeds the budget; 0: none."""
    over = result.array("total")[memory] > budget
    return int(np.argmax(over)) + 1 if over.any() else 0


def describe_timeline(result: Result, budget: int) -> str:
    """Peaks of the three memories, and where the flat one overflows."""
    peaks = result.array("total").max(axis=1)
    over = first_over(result, 0, budget)
    words = (
        f"The flat memory grows to {peaks[0]:,} tokens, by subgoals the largest prompt has "
        f"{peaks[1]:,}, with retrieve {peaks[2]:,}"
    )
    end = f"; flat exceeds {budget:,} from step {over} on" if over else ""
    return f"{words}{end}."


def describe_kept(result: Result) -> str:
    """How many summaries still hold the answer: the price of forgetting the rest."""
    if "judged" in result.fields:
        judged, whole = result.array("judged").sum(axis=1)
        over = f" over all {result['judged'].size('question')} questions"
    else:
        judged, whole = result.number("summaries judged"), result.number("summaries whole")
        over = ""
    if not judged:
        return "No answer is known, so what the summaries lost cannot be told."
    return (
        f"{whole:.0f} of {judged:.0f} summaries ({100 * whole / judged:.0f} %) still hold all "
        f"words of the subgoal's answer{over}; the others are what retrieve is for."
    )


def draw_peaks(result: Result, palette: Palette) -> go.Figure:
    """The largest prompt of each question alone, by its number of hops."""
    peak, hops = result.array("peak").astype(np.float64), result.array("hops")
    groups = [("all", np.ones(len(hops), bool))]
    groups += [(f"{n} hop{'s' if n > 1 else ''}", hops == n) for n in np.unique(hops)]
    mean = np.array([[peak[m, own].mean() for _, own in groups] for m in range(len(peak))])
    ends = np.array([_interval(peak[:, own]) for _, own in groups])  # group end memory
    return bars(
        [f"{name} (n = {own.sum()})" for name, own in groups],
        dict(zip(TITLES, mean, strict=True)),
        palette,
        low={name: ends[:, 0, m] for m, name in enumerate(TITLES)},
        high={name: ends[:, 1, m] for m, name in enumerate(TITLES)},
        interval="95 % bootstrap over questions",
        title="The largest prompt, one question a session",
        subtitle=counted_words(result),
        category="Hops of the question",
        value=axis("Largest prompt", "tokens"),
        alt=describe_peaks(result),
    )


def _interval(values: np.ndarray) -> np.ndarray:
    """Ends of the mean over questions (2, memory) of ``values`` (memory, question)."""
    return bootstrap(values.T, rng(0, "hiagent", values.shape[1]))


def saving(result: Result, memory: int, field: str = "peak") -> tuple[float, float, float]:
    """Percent saved against flat over all questions (ratio of means), with a 95 % interval."""
    values = result.array(field).astype(np.float64)
    count = values.shape[1]
    picked = rng(0, "hiagent", field).integers(0, count, (1000, count))
    ratios = 100 * (1 - values[memory][picked].mean(axis=1) / values[0][picked].mean(axis=1))
    low, high = np.percentile(ratios, (2.5, 97.5))
    return float(100 * (1 - values[memory].mean() / values[0].mean())), float(low), float(high)


def describe_peaks(result: Result) -> str:
    """What subgoals save over all questions, at the peak and in all prompts together."""
    peak, low, high = saving(result, 1)
    back, low_back, high_back = saving(result, 2)
    every = saving(result, 1, "read")[0]
    return (
        f"Over {result['peak'].size('question')} questions subgoals shorten the largest prompt by "
        f"{peak:.0f} % ({low:.0f} to {high:.0f}), with retrieve by {back:.0f} % ({low_back:.0f} to "
        f"{high_back:.0f}), and all prompts together by {every:.0f} %."
    )


def held_table(result: Result, step: int, memory: int) -> list[dict[str, object]]:
    """What stands in a memory after a step, subgoal by subgoal."""
    rows: list[dict[str, object]] = []
    which = result.array("subgoal")
    for segment, one in enumerate(result.notes["subgoals"]):
        state = int(result.array("state")[memory, step, segment])
        if not state:
            continue
        own = [at for at in np.flatnonzero(which == segment).tolist() if at <= step]
        said = [result.notes["steps"][at] for at in own]
        full = " · ".join(f"{action} ⟶ {seen}" if seen else action for action, seen, _ in said)
        rows.append(
            {
                "No.": segment + 1,
                "Subgoal": one["name"],
                "How": result.notes["states"][state],
                "Tokens": int(result.array("tokens")[memory, step, segment]),
                "What the prompt says": one["summary"] if state == 2 else full,
            }
        )
    return rows


def step_names(result: Result) -> list[str]:
    """Number and action of each step."""
    names = []
    for at, (action, _, target) in enumerate(result.notes["steps"], start=1):
        names.append(f"{at}. {action}" + (f" {target}" if target else ""))
    return names


def _short(name: str) -> str:
    return name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 1]}…"
