"""Think-in-Memory: thoughts in hash buckets, what a bucket finds, and what its rules rewrite."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core import Config, Experiment, Lab, Result
from engine.labs.memory_graph.config import BucketsConfig
from engine.labs.memory_graph.views.buckets import (
    bucket_table,
    describe_inserted,
    describe_near,
    describe_occupancy,
    describe_pairs,
    describe_tradeoff,
    draw_occupancy,
    draw_tradeoff,
    log_table,
    near_table,
    tradeoff_at,
)
from engine.labs.memory_graph.views.claims import bucket_claims
from pages.kit import (
    badge,
    explain,
    linked,
    obtain,
    palette,
    plain,
    preset_link,
    say,
    section,
    select,
    show,
    show_claims,
    take_away,
)
from pages.panels.memory_graph.scene import left_out

FIELDS = (
    *("buckets", "bucket_probes", "hash_seed", "thought", "functional"),
    *("recall_k", "shortened", "vector_width", "hash_trials"),
)
CONTRADICTION = "a-contradiction-unseen"
BUCKET = "memory_graph.bucket"
CHART = "memory_graph_occupancy"


def show_buckets(lab: Lab, experiment: Experiment, config: Config) -> None:
    """The trade-off, the buckets, the question's nearest thoughts, and the log of the rules."""
    section(
        "Thoughts in hash buckets",
        "A thought is a head, a relation and a tail. Its vector decides its bucket; a question "
        "looks into its own bucket and perhaps a few more, instead of scanning everything.",
    )
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result, shown = obtained.result, obtained.config
    assert isinstance(shown, BucketsConfig)
    say(lab, describe_tradeoff(result, shown.buckets))
    figure = draw_tradeoff(result, palette(), buckets=shown.buckets, probes=shown.bucket_probes)
    show(
        figure,
        "memory_graph_tradeoff",
        figure.layout.meta["alt"],
        export=lambda: _tradeoff_table(result),
    )
    st.caption(_vectors(result))
    with st.container(horizontal=True):
        badge("measured here", "measured")
        badge("rules instead of a language model", "assumed", RULES)
        badge("details from memory, unverified", "warn", UNVERIFIED)
    left_out(result)
    _occupancy(lab, result, shown)
    _question(lab, result, shown)
    _rules(lab, result, shown)
    one = tradeoff_at(result, shown.buckets, 1)
    explain(
        lab,
        "Buckets",
        b=shown.buckets,
        d=int(result.number("width")),
        recall=f"{one['recall']:.0f}",
        scanned=f"{one['scanned']:.1f}",
        k=len(result.array("near")),
    )
    show_claims(bucket_claims(result))
    take_away(lab, experiment, obtained)


RULES = (
    "The paper asks a language model what to merge and what to forget. Here: the same head, "
    "relation and tail are merged; for a relation with one tail the older thought is forgotten."
)
UNVERIFIED = (
    "The paper's method section was not available here. The hash is Reformer's published formula; "
    "how the paper inserts, forgets and merges is from memory. Its figures are not printed."
)


def _vectors(result: Result) -> str:
    return (
        f"Vectors: TF-IDF of words and pairs of words, shortened to {int(result.number('width'))} "
        f"numbers, which keep {result.number('kept'):.0f} % of their squared length; no language "
        "model. The full scan compared with is one over the same short vectors; "
        f"{result.number('agreement'):.0f} % of what it finds a scan over the whole ones finds too."
    )


def _occupancy(lab: Lab, result: Result, config: BucketsConfig) -> None:
    """How full each bucket is; a click shows its thoughts."""
    section("How full each bucket is")
    home = int(result.array("question_bucket")[0])
    bucket = linked(BUCKET, home, low=0, high=config.buckets - 1)

    def choose() -> None:
        event: Any = st.session_state.get(CHART)
        points = event["selection"]["points"] if event else []
        if points and "x" in points[0]:
            select(BUCKET, int(points[0]["x"]))

    figure = draw_occupancy(result, palette(), selected=bucket)
    show(
        figure,
        CHART,
        describe_occupancy(result),
        export=lambda: {"thoughts": result.array("occupancy")},
        on_select=choose,
    )
    say(lab, describe_occupancy(result))
    rows = bucket_table(result, bucket)
    st.subheader(f"Bucket {bucket}: {len(rows)} thoughts", anchor=False)
    st.dataframe(rows, hide_index=True, width="stretch", height=min(38 + 35 * len(rows), 260))


def _question(lab: Lab, result: Result, config: BucketsConfig) -> None:
    """The nearest thoughts of the question, and the bucket that reaches each."""
    section("One question", f"**{plain(result.notes['question'])}**")
    say(lab, describe_near(result, config.bucket_probes))
    st.dataframe(
        near_table(result),
        hide_index=True,
        width="stretch",
        column_config={"Cosine": st.column_config.NumberColumn(format="%.3f")},
    )


def _rules(lab: Lab, result: Result, config: BucketsConfig) -> None:
    """What merging and forgetting can see, and what they did."""
    section(
        "Insert, merge, forget",
        "Write a sentence on the left, such as *Ada lives in Genoa. Ada lives in Turin.*, and see "
        "whether the bucket of the new thought holds the old one.",
    )
    if not result.notes["inserted"]:
        preset_link(lab, CONTRADICTION)
    for one in result.notes["inserted"]:
        words = {**one, "text": plain(one["text"]), "because": [plain(t) for t in one["because"]]}
        words["rivals"] = [[plain(text), *rest] for text, *rest in one["rivals"]]
        with st.container(border=True):
            st.markdown(describe_inserted(words))
    say(lab, describe_pairs(result, config.buckets))
    rows = log_table(result)
    st.caption(
        f"{int(result.number('merged'))} thoughts merged, {int(result.number('forgotten'))} "
        f"forgotten, of {int(result.number('stated')):,} stated by the memory."
    )
    if rows:
        st.dataframe(rows[::-1], hide_index=True, width="stretch", height=260)


def _tradeoff_table(result: Result) -> dict[str, Any]:
    found, scanned = result.array("recall"), result.array("scanned")
    rows: dict[str, list[float]] = {"buckets": [], "looked into": [], "seed": []}
    values: dict[str, list[float]] = {"recall [%]": [], "looked at [%]": []}
    for b, count in enumerate(result.notes["traded"]):
        for p, probe in enumerate(result.notes["probes"]):
            for seed in range(found.shape[2] if probe <= count else 0):
                for name, value in zip(rows, (count, probe, seed), strict=True):
                    rows[name].append(value)
                values["recall [%]"].append(float(found[b, p, seed]))
                values["looked at [%]"].append(float(scanned[b, p, seed]))
    return {**rows, **values}
