"""Cuts, capacity, nodes as data, what is published, and what the figures say of it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.core import BadInput, Result, get_lab
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.figures.timeline import draw_timeline
from engine.labs.memory_hardware.config import CapacityConfig, TrainingConfig
from engine.labs.memory_hardware.offload.capacity import GB, Activations, Strategy
from engine.labs.memory_hardware.offload.partition import (
    L2L_BYTES,
    PARTS,
    best_cut,
    cuts,
    least_traffic,
)
from engine.labs.memory_hardware.offload.presets import RATES, load_node, node_names
from engine.labs.memory_hardware.offload.published import (
    fastest_stride,
    measured_runs,
    only_stride,
    table,
)
from engine.labs.memory_hardware.views import capacity as capacity_views
from engine.labs.memory_hardware.views.offload import (
    describe_errors,
    describe_gains,
    draw_iterations,
    draw_phases,
    errors,
    gains,
)
from engine.labs.memory_hardware.views.offload_lanes import describe_lanes, offload_timeline
from engine.labs.memory_hardware.views.offload_memory import (
    compare_memory,
    describe_by_construction,
    describe_memory,
    describe_other_machine,
    describe_overflow,
    draw_memory,
)
from engine.labs.memory_hardware.views.offload_node import describe_configuration
from engine.labs.memory_hardware.views.offload_sweeps import (
    best_k,
    describe_ratios,
    describe_strides,
    draw_ratios,
    draw_strides,
)

LAB = get_lab("memory_hardware")
LIGHT = Palette.light()
LOGGED = {"billions": 5.95, "gpus": 1, "subgroup": 46, "layers": 32, "hidden": 4096}


def run(name: str, **fields: object) -> Result:
    experiment = LAB.experiment(name)
    return experiment.load_run()(experiment.config.build(fields), QuietContext())


def test_the_cuts_with_least_traffic_are_those_of_the_paper() -> None:
    assert len(list(cuts())) == 2 ** len(PARTS)
    assert least_traffic() == 4 and L2L_BYTES / least_traffic() == 7
    offloading = {cut.on_host: cut for cut in cuts() if cut.traffic_bytes in (0, least_traffic())}
    assert {host: round(cut.saving, 2) for host, cut in offloading.items()} == {
        (): 1.0, ("g16",): 1.14, ("update",): 4.0, ("g16", "update"): 8.0,
    }  # fmt: skip
    assert best_cut().on_host == ("g16", "update") and best_cut().gpu_bytes == 2
    assert "28 bytes a parameter and step: 7 times" in capacity_views.describe_l2l(run("capacity"))


def test_the_printed_table_agrees_but_for_its_last_row() -> None:
    computed = {" ".join(cut.on_host): cut for cut in cuts()}
    wrong = [
        name
        for name, (kept, saving) in table("partition").rows.items()
        if kept != computed[name].gpu_bytes or saving != round(computed[name].saving, 2)
    ]
    assert wrong == ["g16 update"]


def test_the_largest_models_are_those_that_were_published() -> None:
    result = run("capacity")
    baseline, update, offload = result.array("largest")
    assert baseline == pytest.approx(1.4, abs=0.1) and offload == pytest.approx(13, abs=1)
    assert baseline < update < offload
    # Without activations and reserve the ratio is that of the bytes.
    bare = Activations(1, 1, True, 1)
    many = [Strategy("", size, 0.0, bare).largest(32 * GB) for size in (16, 2)]
    assert many[1] / many[0] == pytest.approx(8, rel=1e-3)


def test_more_memory_never_holds_a_smaller_model() -> None:
    sizes = [run("capacity", gpu_memory_gb=gb).array("largest") for gb in (8, 16, 32, 80)]
    assert np.all(np.diff(np.array(sizes), axis=0) > 0)


def test_a_gpu_that_holds_no_activations_is_refused() -> None:
    with pytest.raises(BadInput, match=r"gpu_memory_gb: does not hold the activations .* 4\.3 GB"):
        run("capacity", gpu_memory_gb=4)


def test_a_layer_keeps_what_its_formula_says() -> None:
    # Megatron's example: s = 2048, h = 12288, a = 96, so that 5 a s / h = 80.
    acts = Activations(2048, 1, True)
    assert acts.layer(12288, 128) == pytest.approx(2048 * 12288 * (34 + 80))


@pytest.mark.parametrize("name", node_names())
def test_every_rate_of_a_node_says_where_it_is_from(name: str) -> None:
    preset = load_node(name)
    assert preset.title and preset.rates.keys() <= set(RATES)
    fitted = [rate for rate in preset.rates.values() if rate.source == "fitted"]
    assert bool(fitted) == bool(preset.fitted_by)
    for rate in preset.rates.values():
        assert rate.low is None or (rate.high or 0) >= rate.value * 0.99 >= rate.low * 0.98


def test_a_node_is_changed_and_says_so() -> None:
    preset = load_node("h100").changed({"link": 12.0})
    assert preset.node.link == 12 and preset.rates["link"].source == "changed"
    with pytest.raises(BadInput, match="no rate 'speed'"):
        load_node("h100").changed({"speed": 1.0})
    with pytest.raises(BadInput, match="link: must be from"):
        load_node("h100").changed({"link": 1e9})
    with pytest.raises(BadInput, match="is none of a100, h100"):
        load_node("b200")


def test_fewer_ranks_have_more_of_a_node_and_more_nodes_change_nothing() -> None:
    preset = load_node("a100")
    one, node = preset.for_ranks(1), preset.node
    for name in ("cpu_adam", "downcast", "host"):
        assert one.rates[name].value == 4 * getattr(node, name)
        assert one.rates[name].source == "scaled"
    assert one.node.link == node.link and one.rates["link"].source == "fitted"
    assert preset.for_ranks(2).node.host == 2 * node.host
    assert preset.for_ranks(4) == preset.for_ranks(512) == preset
    assert load_node("h100").for_ranks(1).node == load_node("h100").node
    # What a visitor sets is what a rank gets.
    config = {"node": "a100", "billions": 5.95, "subgroup": 106, "gpus": 1, "host": 35.4}
    assert run("training", **config).number("host_rate") == 35.4


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, []),
        ({"node": "a100", "gpus": 1}, ["cpu adam, downcast, host", "4 times as much"]),
        ({"node": "a100", "gpus": 8}, ["further nodes"]),
        ({"gpus": 2}, ["No log tells", "so they stay"]),
        ({"micro_batch": 4}, ["micro-batch 1", "1.5 times more slowly"]),
        ({"node": "v100", "gpus": 1, "micro_batch": 2}, []),
    ],
    ids=str,
)
def test_settings_that_were_not_fitted_are_said(
    fields: dict[str, object], words: list[str]
) -> None:
    said = describe_configuration(run("training", **fields))
    assert bool(said) == bool(words) and all(word in said[0] for word in words)


def test_the_adam_of_the_v100_is_tested_by_the_sizes_that_did_not_set_it() -> None:
    rows = capacity_views.adam_rows(
        load_node("v100").node.cpu_adam, load_node("v100").node.gpu_adam
    )
    for row in rows:
        assert row["CPU here [s]"] == pytest.approx(row["CPU-Adam [s], published"], rel=0.2)


def test_the_finding_of_the_logs_is_reproduced() -> None:
    logged = next(one for one in measured_runs() if one.ratio == 1.0)
    assert logged is not None
    assert [round(one, 2) for one in gains(logged.iteration)] == [1.92, 1.29, 2.47]
    result = run("training")
    flush, interleaving, both = gains({mode: result.number(f"{mode}_s") for mode in
                                       ("default", "flush", "interleaved")})  # fmt: skip
    assert flush > interleaving > 1
    assert both == pytest.approx(2.47, rel=0.05)
    assert all(abs(off) < 5 for off in errors(result).values()) and len(errors(result)) == 3
    assert "2.47" not in describe_gains(result)  # the page never shows the log's figure as ours


@pytest.mark.parametrize("logged", measured_runs(), ids=lambda one: f"{one.model}-{one.ratio}")
def test_every_logged_median_is_predicted(logged: object) -> None:
    result = run("training", node=logged.node, ratio=logged.ratio)  # type: ignore[attr-defined]
    assert all(abs(off) < 5 for off in errors(result).values())


def test_nothing_measured_stands_beside_changed_settings() -> None:
    for change in ({"link": 20.0}, {"stride": 3}, {"node": "a100"}, {"ratio": 0.7},
                   {"subgroup": 500}, {"gpus": 8}, {"micro_batch": 2}):  # fmt: skip
        result = run("training", **change)
        assert not errors(result) and "nothing stands beside" in describe_errors(result)
        assert [bar.name for bar in draw_iterations(result, LIGHT).data] == ["Predicted"]


def test_memory_of_the_logged_model_is_explained() -> None:
    told = compare_memory(run("training", **LOGGED))
    assert told is not None
    rows = dict(zip(told["when"], zip(told["logged GB"], told["here GB"], strict=True),
                    strict=True))  # type: ignore[call-overload]  # fmt: skip
    for when in ("after forward", "after backward", "after update"):
        assert rows[when][1] == pytest.approx(rows[when][0], rel=0.03)
    assert rows["peak"][1] < rows["peak"][0]  # gathered parameters are left out
    assert compare_memory(run("training")) is None
    assert "Its memory can be compared, its time cannot" in describe_other_machine(
        run("training", **LOGGED)
    )


def test_what_agrees_by_construction_is_told_apart() -> None:
    assert "by construction" in describe_by_construction(run("training", **LOGGED))
    assert not describe_by_construction(run("training", **LOGGED, fixed_gb=5.0))


def test_a_model_that_does_not_fit_is_said_so() -> None:
    large = run("training", node="v100", billions=10, gpus=1)
    said = describe_overflow(large)
    assert "does not fit on the GPU with 32 GB" in said and "interleaving (35.1 GB)" in said
    # A blocking flush never holds more than one subgroup's gradients.
    assert "default" not in said
    assert "default (" in describe_overflow(run("training", node="v100", billions=16, gpus=1))
    assert said in describe_memory(large)
    small = run("training", node="v100", billions=5, gpus=1)
    assert not describe_overflow(small) and "fit" not in describe_memory(small)


def test_the_best_stride_is_within_one_of_the_logged() -> None:
    result = run("training", node="a100", billions=5.95, subgroup=106)
    assert best_k(result) == fastest_stride("a100")
    assert "In the logs of this node k = 2 was the fastest" in describe_strides(result)


def test_logs_of_one_stride_are_not_said_to_tell_the_fastest() -> None:
    result = run("training")
    said = describe_strides(result)
    assert fastest_stride("h100") is None and abs(best_k(result) - (only_stride("h100") or 0)) <= 1
    assert "do not tell which stride is the fastest" in said
    assert f"with k = 2 the timeline takes {result.array('stride_step_s')[0]:.2f} s" in said
    assert "In the logs" not in describe_strides(run("training", node="v100", gpus=1, billions=5))


@pytest.mark.parametrize(
    "fields",
    [{}, LOGGED, {**LOGGED, "subgroup": 10}, {"ratio": 0.0}, {"node": "v100", "gpus": 1}],
    ids=str,
)
def test_every_figure_has_its_axes_and_its_finding(fields: dict[str, object]) -> None:
    result = run("training", **fields)
    for modes in (("default", "flush", "interleaved"), ("delayed",)):
        timeline = offload_timeline(result, modes)
        assert {lane.group for lane in timeline.lanes} and timeline.start.min() == 0
        assert describe_lanes(result, modes).count("%") == len(modes)
        assert check_axes(draw_timeline(timeline, LIGHT, title="Lanes", alt="finding")) == []
    for figure in (draw_iterations(result, LIGHT), draw_phases(result, LIGHT),
                   draw_strides(result, LIGHT), draw_ratios(result, LIGHT),
                   draw_memory(result, LIGHT)):  # fmt: skip
        assert check_axes(figure) == []


def test_lanes_hold_every_span_once_and_a_cause_that_ends_there() -> None:
    result = run("training")
    timeline = offload_timeline(result)
    assert len(timeline) == ((result.array("iteration") == 0) & (result.array("mode") < 3)).sum()
    cause = timeline.cause
    assert cause is not None
    held = cause >= 0
    assert np.allclose(timeline.end[cause[held]], timeline.start[held])
    groups = np.array([lane.group for lane in timeline.lanes])[timeline.lane]
    assert np.all(groups[held] == groups[cause[held]])
    for lane in range(len(timeline.lanes)):
        own = np.flatnonzero(timeline.lane == lane)
        assert all(timeline.end[a] <= timeline.start[b] + 1e-9
                   for a, b in itertools.pairwise(own))  # fmt: skip


@pytest.mark.parametrize(
    ("config", "fields", "words"),
    [
        (TrainingConfig, {"node": "abacus"}, "node: must be one of a100, h100, v100"),
        (TrainingConfig, {"ratio": 1.5}, "ratio: must be from 0 to 1"),
        (TrainingConfig, {"stride": 1}, "stride: must be from 2 to 16"),
        (TrainingConfig, {"billions": 500, "gpus": 1, "subgroup": 10}, "at most 1,000"),
        (TrainingConfig, {"link": float("nan")}, "link: must be a finite number"),
        (CapacityConfig, {"gpu_memory_gb": 0}, "gpu_memory_gb: must be from 4"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    config: type[TrainingConfig], fields: dict[str, object], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        config.build(fields)


def test_the_line_of_logged_steps_over_the_ratio_is_ours() -> None:
    assert "0.06 + 2.21 × ratio s" in describe_ratios(run("training"))
    result = run("training")
    high = result.array("ratio") > 0.49
    slope, intercept = np.polyfit(result.array("ratio")[high],
                                  result.array("ratio_step_s")[0, high], 1)  # fmt: skip
    assert slope == pytest.approx(2.21, rel=0.03) and intercept == pytest.approx(0.06, abs=0.03)
    assert "Logged" not in describe_ratios(run("training", node="a100"))
