"""Every figure of the KV-cache lab, drawn from shipped results: titles, units, findings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pytest

from engine.core import Field, Result, get_lab
from engine.figures import Palette, check_axes
from engine.labs.kv_cache.allocate import walk
from engine.labs.kv_cache.analysis import (
    METRICS,
    Setting,
    energy_curve,
    head_errors,
    outliers,
    restored,
)
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.orders_grammar import parse_order
from engine.labs.kv_cache.scale_up import MODELS
from engine.labs.kv_cache.views import (
    damage,
    drift,
    ordering,
    pareto,
    positions,
    streaming,
    tensors,
)
from engine.labs.kv_cache.views import scale_up as scaled
from engine.labs.kv_cache.views import sensitivity as single
from engine.store.lookup import lookup

BFP12 = Setting(parse_format("bfp12:b32"), parse_order("across-heads:rms-post"))


@cache
def shipped(name: str) -> Result:
    lab = get_lab("kv_cache")
    experiment = lab.experiment(name)
    result = lookup(lab, experiment, experiment.config())
    assert result is not None
    return result


def head_map(palette: Palette) -> go.Figure:
    errors = head_errors(shipped("capture"), "key", BFP12, "logit_error")
    return tensors.draw_head_map(
        errors, palette, metric="logit_error", side="key", format_id="bfp12:b32", selected=(0, 1)
    )


def token_by_channel(palette: Palette) -> go.Figure:
    values = shipped("capture").array("k_post")[0, 0]
    return tensors.draw_token_by_channel(
        values, palette, title="Keys", value="Value", block=(1, 32), diverging=True
    )


def budget(palette: Palette) -> go.Figure:
    result = shipped("sensitivity")
    return single.draw_budget(
        result, walk(result), palette, values=1024, budget_bytes=400.0, chosen=(3.1, 0.01)
    )


def curves() -> dict[str, object]:
    return {"across": energy_curve(shipped("capture"), 0, BFP12, 32)}


FIGURES: dict[str, Callable[[Palette], go.Figure | None]] = {
    "thumbnail": lambda p: tensors.draw_thumbnail(shipped("capture"), p),
    "head map": head_map,
    "token by channel": token_by_channel,
    "outliers": lambda p: tensors.draw_outliers(
        {"values": outliers(shipped("capture").array("v"))}, p
    ),
    "energy": lambda p: ordering.draw_energy_curve(curves(), p, block=32),  # type: ignore[arg-type]
    "waste": lambda p: ordering.draw_waste(curves(), p),  # type: ignore[arg-type]
    "kl percentiles": lambda p: damage.draw_kl_percentiles({"A": shipped("evaluate")}, p),
    "pareto kl": lambda p: pareto.draw_pareto(shipped("pareto"), p),
    "pareto loss": lambda p: pareto.draw_pareto(shipped("pareto"), p, damage="delta_nll"),
    "drift": lambda p: drift.draw_kl_positions(shipped("drift"), p, step=3),
    "next token": lambda p: drift.draw_next_token(shipped("drift"), p, step=3),
    "sensitivity": lambda p: single.draw_sensitivity(shipped("sensitivity"), p, rung=0),
    "budget": budget,
    "sinks": lambda p: positions.draw_positions(shipped("positions"), p, kind="sinks"),
    "residual": lambda p: positions.draw_positions(shipped("positions"), p, kind="residual"),
    "recall": lambda p: positions.draw_recall(shipped("positions"), p, measure="recall_top1"),
    "bytes": lambda p: streaming.draw_bytes(shipped("streaming"), p),
    "history": lambda p: streaming.draw_history_error(shipped("streaming"), p),
    "requantisation": lambda p: streaming.draw_drift(shipped("streaming"), p),
    "scale-up": lambda p: scaled.draw_scale_up(
        MODELS[0], p, key_format="bfp12:b32", value_format="fp16", gib=8.0
    ),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_has_titles_units_and_a_finding(name: str, theme: str) -> None:
    figure = FIGURES[name](Palette.of(theme))
    assert figure is not None
    assert check_axes(figure) == []
    assert figure.layout.meta["alt"] != figure.layout.title.text


@pytest.mark.parametrize("metric", METRICS)
def test_no_error_without_rounding(metric: str) -> None:
    exact = Setting(parse_format("fp32"), parse_order("none"))
    for side in METRICS[metric].sides:  # type: ignore[index]
        errors = head_errors(shipped("capture"), side, exact, metric)  # type: ignore[arg-type]
        wanted = np.inf if metric == "sqnr_db" else 0.0
        assert (errors == wanted).all()
        words = tensors.describe_head_map(errors, metric, side, "fp32")  # type: ignore[arg-type]
        assert "without any error" in words


def test_a_live_error_map_equals_the_evaluation_of_the_model() -> None:
    # The page computes maps from captured tensors, a run from the model: same definitions.
    lab = get_lab("kv_cache")
    text = shipped("capture").notes["text"]
    assert text == shipped("evaluate").notes["text"]
    setting = Setting(parse_format("bfp12:b32"), parse_order("none"))
    live = head_errors(shipped("capture"), "key", setting, "rel_rmse")
    measured = shipped("evaluate").array("rmse_key")
    assert live.shape == measured.shape
    # One window of 256 tokens against the eight of the evaluation.
    assert np.allclose(live, measured, rtol=0.1)
    assert lab.experiment("evaluate").config().key_format == "bfp12:b32"


def test_damage_of_one_window_has_no_interval() -> None:
    whole = shipped("evaluate")
    one = Result(whole.fields, {**whole.metrics, "delta_nll_low": None, "windows": 1}, whole.notes)
    assert "no interval from one window" in damage.describe_damage(one)


def test_the_comparison_table_is_the_difference() -> None:
    result = shipped("evaluate")
    table = damage.compare_table(result, result)
    assert (table["B - A"] == 0).all()
    assert list(table.columns) == ["Measure", "A", "B", "B - A"]
    # Cut at 1440 px otherwise: half of the page has room for so much beside three numbers.
    assert table["Measure"].str.len().max() <= 25


def test_the_front_says_what_sorting_and_rotation_changed() -> None:
    named = [
        ("bfp12:b32", "none", 0.010),
        ("bfp12:b32", "across-heads:rms-post", 0.005),
        ("mxfp4", "none", 0.010),
        ("mxfp4", "across-heads:rms-post", 0.011),
        ("bfp12:b32+hadamard", "none", 0.020),
        ("q4_0+hadamard", "none", 0.001),
    ]
    result = Result(
        {"kl_mean": Field(np.array([kl for *_, kl in named]), ("point",), "nat")},
        notes={"points": [{"id": name, "order": order} for name, order, _ in named]},
    )
    assert pareto.describe_changes(result) == (
        "Change of the mean KL, sorted across-heads:rms-post: -50 to +10 %, less damage for 1 of "
        "2 formats; rotated: +100 %, less damage for 0 of 1 format."
    )
    alone = Result(
        {"kl_mean": Field(np.array([0.01]), ("point",), "nat")},
        notes={"points": [{"id": "mxfp4", "order": "none"}]},
    )
    assert pareto.describe_changes(alone) == ""


def test_exact_tokens_are_read_back_as_fp16_and_the_others_as_before() -> None:
    capture = shipped("capture")
    plain = Setting(parse_format("int2:token"), parse_order("none"))
    kept = Setting(plain.format, plain.order, sinks=3, residual=5)
    tokens = capture["v"].size("token")
    held = kept.kept(tokens)
    assert held.nonzero()[0].tolist() == [0, 1, 2, *range(tokens - 5, tokens)]
    before, after = (restored(capture, "key", 1, one) for one in (plain, kept))
    truth = capture.array("k_post")[1]
    assert np.array_equal(after[:, ~held], before[:, ~held])
    assert np.array_equal(after[:, held], truth[:, held].astype(np.float16).astype(np.float32))
    everything = Setting(plain.format, plain.order, residual=tokens)
    assert head_errors(capture, "key", everything, "rel_rmse").max() < 1e-3


def test_tables_hold_what_the_figures_draw() -> None:
    light = Palette.of("light")
    result = shipped("sensitivity")
    drawn = single.draw_sensitivity(result, light, rung=1)
    table = single.sensitivity_table(result)
    for trace, side in zip(drawn.data, result.notes["sides"], strict=True):
        rows = [
            i
            for i, (one, name) in enumerate(zip(table["side"], table["format"], strict=True))
            if one == side and name == result.notes["ladder"][1]
        ]
        delta, low = (
            np.array([table[f"{name} [nat]"][i] for i in rows])
            for name in ("delta_nll", "delta_nll_low")
        )
        assert np.allclose(delta, trace.y)
        assert np.allclose(delta - low, trace.error_y.arrayminus)

    path = walk(result)
    figure = single.draw_budget(
        result, path, light, values=1024, budget_bytes=400.0, chosen=(3.1, 0.01)
    )
    budget = single.budget_table(result, path, 1024, (3.1, 0.01))
    at = np.array(budget["series"])
    for trace, name in zip(figure.data, dict.fromkeys(budget["series"]), strict=True):
        assert np.allclose(np.array(budget["bits per value [bit]"])[at == name], trace.x)
        assert np.allclose(np.array(budget["delta_nll [nat]"])[at == name], trace.y)

    size = scaled.draw_scale_up(
        MODELS[0], light, key_format="bfp12:b32", value_format="fp16", gib=8.0
    )
    tokens, fp16, stored = scaled.curve_table(MODELS[0], "bfp12:b32", "fp16").values()
    assert np.array_equal(size.data[0].x, tokens)
    assert np.array_equal(size.data[0].y, fp16) and np.array_equal(size.data[1].y, stored)

    flushes = streaming.draw_drift(shipped("streaming"), light)
    assert flushes is not None
    rows = streaming.drift_table(shipped("streaming"))
    assert np.array_equal(flushes.data[-1].x, rows["flushes"])
    assert np.array_equal(flushes.data[-1].y, rows["re-quantised [1]"])

    step = drift.draw_next_token(shipped("drift"), light, step=4)
    likely = drift.next_token_table(shipped("drift"), 4)
    assert np.array_equal(step.data[1].x, likely["quantised cache [1]"])
    assert all(
        tick == f"“{token.replace(' ', '·')}”"
        for tick, token in zip(step.layout.yaxis.ticktext, likely["token"], strict=True)
        if "\n" not in token
    )


def test_labels_of_marks_stand_above_the_curve() -> None:
    result = shipped("drift")
    figure = drift.draw_kl_positions(result, Palette.of("light"), step=38)
    low, high = figure.layout.yaxis.range
    # Two rows of 16 px in a plot of some 190.
    assert (high - np.log10(figure.data[0].y.max())) / (high - low) > 32 / 190
