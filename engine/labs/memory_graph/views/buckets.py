"""Thoughts in hash buckets: what a bucket finds for what it costs, and how full each is."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, bars, lines
from engine.figures.axes import escape

SPREAD = (5, 95)
SPREAD_WORDS = "5th to 95th percentile of the hash seeds"


def draw_tradeoff(result: Result, palette: Palette, *, buckets: int, probes: int) -> go.Figure:
    """Recall of the full scan's nearest over the share of thoughts looked at, a line for each b."""
    traded, counts = result.notes["traded"], result.notes["probes"]
    found, scanned = result.array("recall"), result.array("scanned")
    series = []
    for b, count in enumerate(traded):
        held = [i for i, probe in enumerate(counts) if probe <= count]
        at = np.array(scanned[b, held].mean(axis=1), np.float64)
        low, high = np.percentile(found[b, held], SPREAD, axis=1)
        chosen = count == buckets and probes in counts
        series.append(
            Series(
                f"{count} buckets",
                at,
                found[b, held].mean(axis=1),
                low,
                high,
                marks=(at[counts.index(probes)],) if chosen else (),
                mark=f"{buckets} buckets, {probes} looked into" if chosen else "",
            )
        )
    ends = np.geomspace(scanned[-1, 0].mean(), 100, 60)
    series.append(Series("thoughts taken at random", ends, ends, category=6))
    figure = lines(
        series,
        palette,
        title="What is found for what is looked at",
        subtitle=f"{int(result.number('questions'))} {result.notes['probed_with']}, "
        f"{found.shape[2]} hash seeds, points are 1, 2, 3, 4, 6, 8 … buckets looked into",
        band=SPREAD_WORDS,
        x=axis("Thoughts looked at", "%", log=True, limits=(ends[0] * 0.9, 110)),
        y=axis(f"Recall of the {len(result.array('near'))} nearest", "%", limits=(0, 104)),
        alt=describe_tradeoff(result, buckets),
        height=440,
    )
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(tickvals=[1, 2, 5, 10, 20, 50, 100])
    for count, trace in zip(traded, _named(figure), strict=False):
        trace.customdata = [probe for probe in counts if probe <= count]
        trace.hovertemplate = (
            "%{customdata} of " + f"{count} buckets<br>%{{x:.3g}} % looked at<br>"
            "<b>%{y:.3g} %</b> of the nearest found<extra></extra>"
        )
    return figure


def _named(figure: go.Figure) -> list[Any]:
    return [one for one in figure.data if one.name and one.name.endswith("buckets")]


def tradeoff_at(result: Result, buckets: int, probes: int) -> dict[str, float]:
    """Mean recall and share looked at in percent, and the interval of recall over hash seeds."""
    b = result.notes["traded"].index(buckets)
    held = [i for i, probe in enumerate(result.notes["probes"]) if probe <= probes]
    recall = result.array("recall")[b, held[-1]]
    low, high = np.percentile(recall, SPREAD)
    return {
        "recall": float(recall.mean()),
        "low": float(low),
        "high": float(high),
        "scanned": float(result.array("scanned")[b, held[-1]].mean()),
        "probes": result.notes["probes"][held[-1]],
    }


def describe_tradeoff(result: Result, buckets: int) -> str:
    """What one bucket of b finds, and how many buckets find nine tenths."""
    one = tradeoff_at(result, buckets, 1)
    k = len(result.array("near"))
    b = result.notes["traded"].index(buckets)
    held = [i for i, probe in enumerate(result.notes["probes"]) if probe <= buckets]
    recall = result.array("recall")[b, held].mean(axis=1)
    enough = next((i for i, value in enumerate(recall) if value >= 90), None)
    words = (
        f"With {buckets} buckets, a question's own one holds {one['scanned']:.1f} % of the "
        f"thoughts and {one['recall']:.0f} % of the {k} nearest ({one['low']:.0f} to "
        f"{one['high']:.0f} % over the hash seeds)"
    )
    if enough is None or enough == 0:
        return f"{words}."
    share = float(result.array("scanned")[b, enough].mean())
    return (
        f"{words}; {result.notes['probes'][enough]} buckets, {share:.0f} % of the thoughts, "
        f"hold {recall[enough]:.0f} %."
    )


def draw_occupancy(result: Result, palette: Palette, *, selected: int) -> go.Figure:
    """Thoughts in each bucket, and the line where all would hold the same."""
    held = result.array("occupancy")
    mean = float(held.mean())
    figure = bars(
        [str(i) for i in range(len(held))],
        {"thoughts": held},
        palette,
        title="Thoughts in each bucket",
        subtitle=f"{int(held.sum()):,} thoughts, hash seed as set; click a bucket to read it",
        category="Bucket",
        value=axis("Thoughts"),
        selected=selected,
        alt=describe_occupancy(result),
    )
    ink = palette.ink
    figure.add_hline(y=mean, line={"color": ink, "width": 1.5, "dash": "dash"})
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="left",
        xshift=6,
        y=mean,
        align="left",
        text=f"all alike:<br>{mean:.1f}",
        font={"color": ink, "size": 12},
    )
    figure.update_layout(margin={"r": 72})
    signs = {int(result.array("question_bucket")[0]): "question"}
    for one in result.notes["inserted"]:
        signs[one["bucket"]] = "inserted" if one["bucket"] not in signs else "both"
    for bucket, word in signs.items():
        figure.add_annotation(
            x=bucket,
            y=int(held[bucket]),
            yanchor="bottom",
            text=f"{escape(word)}<br>▼",
            font={"color": palette.category(1), "size": 12},
        )
    figure.update_yaxes(range=[0, float(held.max()) * 1.22])
    if len(held) > 16:
        every = np.arange(0, len(held), 4)
        figure.update_xaxes(tickvals=every, ticktext=[str(i) for i in every])
    # A click must not fade the other bars: the chosen one is drawn by its own rim.
    figure.update_traces(selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}})
    return figure.update_layout(clickmode="event+select")


def describe_occupancy(result: Result) -> str:
    """The fullest bucket against the mean, and what that costs."""
    held = result.array("occupancy").astype(np.float64)
    mean = held.mean()
    # A thought drawn at random shares its bucket with this many, a bucket drawn at random less.
    met = float((held**2).sum() / held.sum()) if held.sum() else 0.0
    return (
        f"The fullest of {len(held)} buckets holds {held.max():.0f} thoughts, "
        f"{held.max() / mean:.1f} times the mean of {mean:.1f}; a thought shares its bucket with "
        f"{met:.0f} on average."
    )


def describe_pairs(result: Result, buckets: int) -> str:
    """How often the rules of a bucket can see two thoughts about the same head."""
    met = result.array("pairs_met")[result.notes["traded"].index(buckets)]
    if not np.isfinite(met).all():
        return "No two thoughts of this memory have the same head."
    low, high = np.percentile(met, SPREAD)
    return (
        f"Merging and forgetting look into one bucket only. Of the pairs of thoughts with the same "
        f"head, {met.mean():.0f} % ({low:.0f} to {high:.0f} %) share one of {buckets} buckets; the "
        f"others never meet."
    )


def bucket_table(result: Result, bucket: int) -> list[dict[str, object]]:
    """The thoughts of a bucket in the order of their insertion."""
    return [
        {"Thought": text, "Stated": count, "Date": when}
        for text, home, count, when in result.notes["thoughts"]
        if home == bucket
    ]


def near_table(result: Result) -> list[dict[str, object]]:
    """The nearest thoughts to the question by a full scan, and when buckets reach them."""
    columns = zip(
        result.notes["near"],
        result.array("near_cosine"),
        result.notes["near_bucket"],
        result.array("near_probe"),
        strict=True,
    )
    return [
        {
            "Nearest": place,
            "Thought": text,
            "Cosine": float(cosine),
            "Bucket": bucket,
            "Reached by bucket no.": int(probe),
        }
        for place, (text, cosine, bucket, probe) in enumerate(columns, start=1)
    ]


def describe_near(result: Result, probes: int) -> str:
    """How many of the question's nearest thoughts its first buckets hold."""
    reached = result.array("near_probe")
    held = int((reached <= probes).sum())
    where = "its own bucket" if probes == 1 else f"the first {probes} buckets"
    rest = f", and all by bucket no. {int(reached.max())}" if held < len(reached) else ""
    lie = "lies" if held == 1 else "lie"
    return f"Of the {len(reached)} nearest thoughts {held} {lie} in {where}{rest}."


def log_table(result: Result) -> list[dict[str, object]]:
    """What was inserted by hand, merged and forgotten, in its order."""
    words = {"insert": "inserted", "merge": "merged into", "forget": "forgotten for"}
    return [
        {
            "Bucket": bucket,
            "Thought": text,
            "What happened": words[kind],
            "Other thought": cause,
            "By": "your sentence" if own else "the memory",
        }
        for kind, text, bucket, cause, own in result.notes["log"]
    ]


def describe_inserted(one: dict[str, Any]) -> str:
    """What became of one inserted thought, in plain words."""
    words = f"**{one['text']}** went to bucket {one['bucket']}."
    for kind, other in zip(one["did"], one["because"], strict=True):
        words += (
            f" It was merged with the same thought, *{other}*."
            if kind == "merge"
            else f" *{other}* was forgotten for it."
        )
    for text, bucket, met in one["rivals"]:
        if text in one["because"]:
            continue
        if not one["functional"]:
            words += f" *{text}* stays beside it: the relation may have several tails."
        elif bucket != one["bucket"]:
            words += (
                f" *{text}* has another tail but lies in bucket {bucket}, so both are kept. "
                f"The two share a bucket with {met:.0f} % of the hash seeds."
            )
    return words
