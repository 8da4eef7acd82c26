"""Speed-up, roofline, sweep, what-if, tornado and energy: their numbers against the engine's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core import BadInput, Result, get_lab
from engine.core.context import QuietContext
from engine.core.units import si
from engine.figures import Palette, check_axes
from engine.labs.memory_hardware import config as configs
from engine.labs.memory_hardware.baseline import Baselines, cpu_ns
from engine.labs.memory_hardware.config.speedup import swept_values
from engine.labs.memory_hardware.device import device_names, load_device, parse_changes
from engine.labs.memory_hardware.energy import energy as ledger_of
from engine.labs.memory_hardware.fast import Totals, generate
from engine.labs.memory_hardware.ledgers import CLASSES
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.published import ENERGY, SPEEDUP
from engine.labs.memory_hardware.roofline import USEFUL, parts, products, roofs
from engine.labs.memory_hardware.shapes import GPT_SHAPES, SHAPES
from engine.labs.memory_hardware.speedup import beside, distinct
from engine.labs.memory_hardware.views import (
    bands,
    energy,
    estimate,
    pair,
    roofline,
    speedup,
    sweep,
    tornado,
)
from engine.labs.memory_hardware.views import whatif as board

LAB = get_lab("memory_hardware")
PALETTE = Palette.light()
TOKENS = 40


def run(name: str, **settings: object) -> Result:
    """An experiment of the lab, with few tokens."""
    experiment = LAB.experiment(name)
    config = experiment.config.build({"tokens": TOKENS, **settings})
    return experiment.load_run()(config, QuietContext())


def totals(model: str, change: str = "", *, head: bool = True) -> Totals:
    """The engine's own answer."""
    return generate(compiler(model, change=change, head=head), TOKENS)


def compiler(
    model: str, device: str = "pim-gpt", change: str = "", *, head: bool = True
) -> Compiler:
    at = load_device(device).changed(parse_changes(change))
    return Compiler(SHAPES[model], at, Choices(head=head))


def test_speedups_are_the_engine_s_times_for_every_model_with_and_without_head() -> None:
    result = run("speedup")
    for head, name in ((0, "gpt2"), (1, "gpt3-xl"), (0, "gpt3-medium")):
        at = GPT_SHAPES.index(name)
        own = totals(name, head=bool(head)).cycles * 1.0
        assert result.array("total_ns")[head, at] == own
        assert speedup.ratios(result, "gpu")[head, at] == result.array("gpu_ns")[at] / own


def test_models_of_one_shape_are_run_once_and_all_are_there() -> None:
    groups = distinct()
    assert sorted(name for members in groups.values() for name in members) == sorted(GPT_SHAPES)
    assert groups["gpt2"] == ["gpt2", "gpt3-small"] and len(groups) == 6


def test_a_chosen_model_that_is_none_of_the_eight_is_the_ninth_and_no_part_of_their_range() -> None:
    result, eight = run("speedup", model="llama-3.2-1b"), run("speedup")
    assert result.notes["models"] == [*GPT_SHAPES, "llama-3.2-1b"]
    assert result.array("total_ns")[1, 8] == totals("llama-3.2-1b").cycles
    assert np.array_equal(result.array("total_ns")[:, :8], eight.array("total_ns"))
    assert speedup.verdict(result, "gpu") == speedup.verdict(eight, "gpu")
    assert "llama-3.2-1b, which is none of the eight" in speedup.describe_speedups(result, "cpu")
    assert result.number("speedup_gpu_least") == eight.number("speedup_gpu_least")
    assert len(speedup.draw_speedups(result, PALETTE, versus="gpu").layout.xaxis.ticktext) == 9


def test_the_energy_of_a_ninth_model_is_its_own_ledger_and_the_sentence_is_about_it() -> None:
    result = run("energy", model="llama-3.2-1b", head=False)
    at = compiler("llama-3.2-1b", head=False)
    own = ledger_of(at, generate(at, TOKENS))
    assert own.total_pj is not None
    assert result.array("model_pj")[0, 8].sum() * TOKENS == pytest.approx(own.total_pj)
    words = energy.describe_energy(result, "model")
    assert words.startswith(f"llama-3.2-1b: {si(own.total_pj / TOKENS * 1e-12, 'J')} a token")
    other = run("energy", model="gpt2")
    assert energy.describe_energy(other, "model").startswith("gpt2: ")


def test_another_machine_changes_the_ratio_and_not_the_memory() -> None:
    result = run("speedup")
    other = beside(result, Baselines(gpu_layer_ms=0, gpu_gb_per_s=150))
    assert np.array_equal(other.array("total_ns"), result.array("total_ns"))
    shape = SHAPES["gpt2-xl"]
    bytes_read = 4 * shape.layers * shape.block_weights
    at = GPT_SHAPES.index("gpt2-xl")
    assert other.array("gpu_ns")[at] == pytest.approx(TOKENS * bytes_read / 150)


def test_the_bytes_of_a_cached_cpu_s_numbers_can_be_set() -> None:
    cached = {"cpu_prefix": "cached"}
    single, half = run("speedup", **cached), run("speedup", **cached, cpu_weight_bytes=2)
    assert np.allclose(single.array("cpu_ns"), 2 * half.array("cpu_ns"))


def test_a_cached_cpu_reads_weights_and_what_is_cached() -> None:
    shape = SHAPES["gpt2"]
    given = Baselines(cpu_cached=True, cpu_weight_bytes=2, cpu_gb_per_s=10)
    weights = shape.layers * shape.block_weights
    cached = sum(2 * shape.layers * shape.kv_width * (5 + i) for i in range(1, 4))
    assert cpu_ns(shape, 3, 5, given) == pytest.approx(2 * (3 * weights + cached) / 10)


@pytest.mark.parametrize("device", device_names())
@pytest.mark.parametrize("model", ["gpt2", "llama-3.2-1b"])
@pytest.mark.parametrize("context", [1, 129, 1000])
def test_roofline_parts_are_the_token_s_time_and_stay_under_their_ceiling(
    device: str, model: str, context: int
) -> None:
    of = compiler(model, device)
    found, roof = parts(of, context), roofs(of)
    alone = generate(of, 1, start=context - 1)
    tck = of.device["timing.tck_ns"]
    for part in found:
        cycles = sum(c for (label, _), c in alone.by_label.items() if label == part.label)
        assert part.ns == pytest.approx(cycles * tck)
        assert min(part.busy_ns.values()) > -1e-6 * part.ns
        assert part.attained <= roof.over(part) * (1 + 1e-9)


def test_operations_are_two_for_each_weight_and_for_each_cached_number_of_a_head() -> None:
    shape = SHAPES["llama-3.2-1b"]
    counted = products(shape, 100, head=True)
    matrices = sum(n for name, (n, _) in counted.items() if name not in ("QK", "SV"))
    assert matrices == shape.weights
    multiplied, held = counted["QK"]
    assert multiplied / held == shape.heads / shape.kv_heads
    assert held == shape.layers * shape.kv_width * 100


def test_a_memory_without_mac_units_has_no_ceiling_but_its_pins() -> None:
    of = compiler("gpt2", "gddr6-readout")
    roof = roofs(of)
    assert math.isinf(roof.macs) and roof.pins == 256
    part = parts(of, 64)[0]
    assert part.busy_ns[USEFUL] == pytest.approx(part.row_bytes / 256)


@pytest.mark.parametrize(
    ("text", "values"),
    [("1x 2x", [12, 24]), ("30, 6; 6", [6, 30]), ("0.26x", [3]), ("1e1", [10])],
)
def test_values_of_a_sweep_are_numbers_or_factors(text: str, values: list[float]) -> None:
    assert swept_values(load_device("pim-gpt"), "timing.rp", text) == values


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"values": ""}, "values"),
        ({"values": "nan"}, "values"),
        ({"values": "1 2 3 4 5 6 7 8 9 10"}, "values"),
        ({"values": "-3"}, "values"),
        ({"values": "1e99"}, "values"),
        ({"constant": "timing.nothing"}, "constant"),
        ({"constant": "timing.ras", "values": "3"}, "values"),
        ({"change": "timing.ras=3"}, "change"),
    ],
)
def test_a_sweep_that_cannot_be_names_its_field(settings: dict, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        configs.SweepConfig.build(settings)
    assert caught.value.field == field


def test_a_sweep_is_the_engine_s_time_at_each_value_and_one_where_nothing_changes() -> None:
    result = run("sweep", constant="timing.rp", values="6 12 40", head=False)
    at = GPT_SHAPES.index("gpt3-large")
    own = [totals("gpt3-large", change=f"timing.rp={v}", head=False).cycles for v in (6, 12, 40)]
    assert result.array("total_ns")[at].tolist() == own
    relative = sweep.relative(result)
    assert np.all(relative[:, 1] == 1) and np.all(np.diff(relative, axis=1) > 0)


def test_parts_of_both_memories_add_up_to_their_totals() -> None:
    result = run("whatif", model="gpt2", other="gddr6-readout", start=300, prompt=9)
    assert result.array("part_ns").sum(axis=1) == pytest.approx(result.array("total_ns"))
    names, time = board.parts_of(result)
    gap = result.number("per_token_ns_b") - result.number("per_token_ns_a")
    assert (time[1] - time[0]).sum() == pytest.approx(gap)
    assert names[-1] == "refresh"


def test_values_that_no_memory_can_have_are_left_out_of_a_sweep_and_said() -> None:
    result = run("sweep", constant="timing.ras", values="6 28 40")
    assert result.array("values").tolist() == [28, 40]
    assert result.notes["refused"][0].startswith("6: timing.ras must be longer")


def test_a_memory_beside_itself_has_no_difference() -> None:
    result = run("whatif", model="gpt2", other="pim-gpt")
    assert result.number("ratio") == 1 and not np.diff(result.array("part_ns"), axis=0).any()
    assert "same time" in board.describe(result)


def test_the_largest_part_of_a_difference_stands_beside_all_of_it() -> None:
    result = run("whatif", model="gpt2", other="gddr6-readout")
    names, time = board.parts_of(result)
    gap = time[1] - time[0]
    whole = result.number("per_token_ns_b") - result.number("per_token_ns_a")
    most = int(np.argmax(gap))
    assert whole > gap[most]
    both = f"{si(gap[most] * 1e-9, 's')} of {si(whole * 1e-9, 's')}."
    assert board.describe(result).endswith(f"The largest part is {names[most]}: {both}")


def test_parts_that_go_the_other_way_are_said() -> None:
    other = "timing.rp=13 link.gb_per_s=40"
    result = run("whatif", model="gpt2", other="pim-gpt", other_change=other)
    gap = np.diff(board.parts_of(result)[1], axis=0)[0]
    assert gap.min() < 0 < gap.max()
    assert "others go the other way and leave" in board.describe(result)


@pytest.mark.parametrize(
    ("ends", "title", "alt"),
    [
        ((12e3, 23e3), "is behind after", "B is 3.00 µs behind A."),
        ((9e3, 18e3), "is ahead after", "B is 2.00 µs ahead of A."),
        ((12e3, 14e3), "is behind or ahead after", "B is 6.00 µs ahead of A."),
        ((9e3, 20e3), "is ahead after", "A and B are level."),
    ],
)
def test_who_is_ahead_is_said_by_the_sign(ends: tuple[float, float], title: str, alt: str) -> None:
    first, second = (
        [pair.Step("QKV", (), 0, one), pair.Step("QK", (), one, two)]
        for one, two in ((10e3, 20e3), ends)
    )
    figure = pair.draw_lag(first, second, PALETTE)
    assert title in figure.layout.title.text and figure.layout.meta["alt"].endswith(alt)


def test_a_tornado_holds_the_engine_s_totals_and_says_what_cannot_be() -> None:
    result = run("tornado", model="gpt2", factor=3.0)
    names = result.notes["constants"]
    for name in ("timing.rp", "mac.lanes", "link.gb_per_s"):
        now = load_device("pim-gpt")[name]
        at = names.index(name)
        for end, factor in enumerate((1 / 3, 3)):
            value = now * factor if name.startswith("link") else round(now * factor)
            own = totals("gpt2", change=f"{name}={value}").cycles
            assert result.array("total_ns")[at, end] == own
    assert any(words.startswith("timing.ras: ") for words in result.notes["refused"])
    for of in tornado.known(result):
        found = tornado.bars_of(result, of)
        assert "timing.cwl" in found.idle and not set(found.idle) & set(found.names)
        widest = np.nanmax(np.abs(found.change), axis=1)
        assert widest[0] == widest.max() and widest.min() > 0
    assert "currents.vdd" in tornado.bars_of(result, "ns").idle
    assert "currents.vdd" in tornado.bars_of(result, "pj").names


def test_a_tornado_begins_after_the_context_before() -> None:
    result = run("tornado", model="gpt2", start=300)
    own = generate(compiler("gpt2"), TOKENS, start=300).cycles
    assert result.number("base_ns") == own
    assert "40 tokens after 300 others" in str(
        tornado.draw_tornado(result, PALETTE, of="ns").layout.title.subtitle.text
    )
    with pytest.raises(BadInput):
        configs.TornadoConfig.build({"start": 8000, "tokens": 1000})


def test_the_engine_agrees_with_closed_forms_of_its_sensitivities() -> None:
    result = run("estimate", tokens=1024)
    away = np.abs(result.array("here") / result.array("derived") - 1)
    rows = [i for i, name in enumerate(result.notes["names"]) if "lanes" in name or "tRP" in name]
    assert away[rows].max() < 0.01 and away.max() < 0.07


@pytest.mark.parametrize("device", device_names())
def test_ledgers_by_model_by_memory_and_by_part_are_one_ledger(device: str) -> None:
    result = run("energy", model="gpt2", device=device)
    at = compiler("gpt2", device)
    own = ledger_of(at, generate(at, TOKENS))
    row = result.array("device_pj")[list(device_names()).index(device)]
    if own.pj is None:
        assert np.isnan(row).all() and not energy.known(result)
        assert result.notes["notes"] == list(own.notes)
        return
    assert set(own.pj) <= set(CLASSES)
    assert row.sum() * TOKENS == pytest.approx(own.total_pj)
    assert np.allclose(result.array("part_pj").sum(axis=0), row)
    assert np.allclose(result.array("model_pj")[1, GPT_SHAPES.index("gpt3-small")], row)


def test_published_ranges_are_those_of_both_versions() -> None:
    printed = {(band.against, band.low, band.high) for band in (*SPEEDUP, *ENERGY)}
    assert printed == {
        ("GPU", 41, 137), ("CPU", 631, 1074), ("GPU", 123, 383), ("CPU", 320, 602),
        ("GPU", 339, 1085), ("CPU", 890, 1632),
    }  # fmt: skip
    assert energy.energy_bands("gpu")[0].high == 383
    assert energy.conflict()["first_cpu"] == "890-1632x"


def test_a_sweep_names_the_unit_of_its_constant_and_a_count_has_none() -> None:
    figure = sweep.draw_sweep(run("sweep"), PALETTE)
    assert figure.layout.xaxis.title.text == "timing.rp [cycles], log scale"
    assert "the time at 12 cycles" in figure.layout.title.subtitle.text
    lanes = sweep.draw_sweep(run("sweep", constant="mac.lanes", values="8 16"), PALETTE)
    assert lanes.layout.xaxis.title.text == "mac.lanes"


def test_every_product_of_the_roofline_is_named_where_no_label_has_room() -> None:
    found = parts(compiler("gpt2"), 64)
    figure = roofline.draw_roofline(
        found, roofs(compiler("gpt2")), PALETTE, gpu_gb_per_s=300, subtitle="A token"
    )
    words = figure.layout.title.subtitle.text
    names = words.split(": ")[1].split(", ")
    at = {p.label: p.operations / p.pin_bytes for p in found}
    assert set(names) == set(at) and [at[n] for n in names] == sorted(at.values())


def test_every_figure_has_titles_units_and_an_alternative() -> None:
    of = compiler("gpt2")
    found, roof = parts(of, 64), roofs(of)
    ask = run("whatif", model="gpt2")
    ledger = run("energy", model="gpt2")
    speed = run("speedup")
    figures = [
        *(speedup.draw_speedups(speed, PALETTE, versus=v) for v in speedup.MACHINES),
        *(energy.draw_ratios(ledger, PALETTE, versus=v) for v in speedup.MACHINES),
        *(energy.draw_energy(ledger, PALETTE, by=by) for by in ("model", "device", "part")),
        roofline.draw_roofline(found, roof, PALETTE, gpu_gb_per_s=300, subtitle="A token"),
        roofline.draw_busy(found, PALETTE),
        sweep.draw_sweep(run("sweep"), PALETTE),
        board.draw_differences(ask, PALETTE),
        board.draw_tokens(ask, PALETTE, start=0),
        *(tornado.draw_tornado(run("tornado", model="gpt2"), PALETTE, of=of) for of in tornado.OF),
        estimate.draw_estimates(run("estimate"), PALETTE),
    ]
    for figure in figures:
        assert check_axes(figure) == []


def test_the_end_of_a_range_is_said_in_words() -> None:
    band = SPEEDUP[0]
    words = bands.distance(np.array([41.0, 68.5]), band)
    assert words == (
        "Our lower end is the published one and our upper end 50 % below the published one."
    )
    assert bands.ends(np.array([7.0, 1234.4])) == "7-1234x"
