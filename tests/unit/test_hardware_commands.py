"""The memory-hardware lab on the command line, and what it refuses."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from engine.core import BadInput
from engine.labs.memory_hardware.commands import expand, generate, trace
from engine.labs.memory_hardware.commands_offload import offload
from engine.labs.memory_hardware.device import device_names, load_device, parse_changes
from engine.labs.memory_hardware.offload.fit import best_stride, fit_node, predict
from engine.labs.memory_hardware.offload.node import Node
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.runs import chosen, read_runs
from engine.labs.memory_hardware.offload.step import simulate_step, step_seconds
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.shapes import SHAPES, read_shape
from engine.labs.memory_hardware.trace.instructions import parse_aim
from engine.labs.memory_hardware.trace.requests import parse_dramsim3

LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "intermediate_size": 160,
    "vocab_size": 320,
    "rms_norm_eps": 1e-5,
}


def test_a_generation_tells_time_commands_and_speed_ups() -> None:
    told = generate(["--model", "gpt2", "--tokens", "8"])
    assert told["total_ns"] == pytest.approx(8 * told["per_token_ns"])
    assert told["commands"]["ACT"] == told["commands"]["PRE"]
    assert told["hits"] < told["commands"]["MAC"] + told["commands"]["WR"] - told["commands"]["ACT"]
    assert told["speedup_gpu"] > 1 and told["speedup_cpu"] > 1
    assert "timing.rp" in told["assumed"] and "mac.lanes" not in told["assumed"]


def test_energy_comes_by_class_and_beside_the_baselines() -> None:
    told = generate(["--model", "gpt2", "--tokens", "8"])
    assert told["energy_total_pj"] == sum(told["energy_pj"].values()) > 0
    assert {"activate", "mac column", "mac unit", "write", "refresh", "link", "asic"} <= set(
        told["energy_pj"]
    )
    # Power times time: the ratio of energies is the speed-up times the ratio of powers.
    watts = told["energy_total_pj"] / told["total_ns"] / 1e3
    for name, power in (("gpu", 70.0), ("cpu", 12.5)):
        ratio = told[f"speedup_{name}"] * power / watts
        assert told[f"energy_ratio_{name}"] == pytest.approx(ratio)
    unknown = generate(["--model", "gpt2", "--tokens", "2", "--device", "aim"])
    assert unknown["energy_pj"] is None and unknown["energy_ratio_gpu"] is None
    assert any("not known" in note for note in unknown["notes"])


def test_a_prompt_is_told_apart_from_the_tokens_after_it() -> None:
    alone = generate(["--model", "gpt2", "--tokens", "4", "--start", "6", "--no-refresh"])
    both = generate(["--model", "gpt2", "--tokens", "4", "--prompt", "6", "--no-refresh"])
    assert both["prefill_ns"] > 0 and alone["prefill_ns"] == 0
    assert both["per_token_ns"] == pytest.approx(alone["per_token_ns"])
    assert both["total_ns"] == pytest.approx(both["prefill_ns"] + alone["total_ns"])
    for name in ("gpu", "cpu"):
        assert both[f"speedup_{name}"] == pytest.approx(alone[f"speedup_{name}"])


@pytest.mark.parametrize("name", device_names())
def test_every_preset_generates_with_gpt2_xl(name: str) -> None:
    told = generate(["--model", "gpt2-xl", "--device", name, "--tokens", "3"])
    bits = SHAPES["gpt2-xl"].weights * 16
    moved = told["commands"]["MAC"] + told["commands"]["RD"]
    cut = Compiler(SHAPES["gpt2-xl"], load_device(name)).geometry
    values = cut.banks * cut.lanes if cut.lanes else cut.column_values
    # Every weight is used once a token, by a MAC in each bank or by a read; banks that have no
    # column left work along (512 banks for 1,600 columns: four rounds of 512).
    assert 1 <= moved * values * cut.channels * 16 / 3 / bits < 1.25


def test_a_memory_that_is_only_read_is_slower_than_one_that_multiplies() -> None:
    inside = generate(["--model", "gpt2-xl", "--tokens", "2"])
    outside = generate(["--model", "gpt2-xl", "--tokens", "2", "--device", "gddr6-readout"])
    # 16 banks a channel against one channel's pins, less what opening rows takes.
    assert 8 < outside["total_ns"] / inside["total_ns"] < 16


def test_a_slower_device_takes_longer() -> None:
    quick = generate(["--model", "gpt2", "--tokens", "4"])["total_ns"]
    slow = generate(["--model", "gpt2", "--tokens", "4", "--change", "timing.rp=18"])["total_ns"]
    assert slow > quick


def test_a_llama_shape_shares_keys_and_has_a_gate(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA), encoding="utf-8")
    shape = read_shape(path.read_text(encoding="utf-8"))
    assert (shape.kv_heads, shape.head_dim, shape.gated, shape.norm) == (2, 8, True, "rms")
    assert shape.block_weights == 64 * (64 + 2 * 16) + 64 * 64 + 3 * 64 * 160
    assert generate(["--model", str(path), "--tokens", "3"])["commands"]["MAC"] > 0


def test_a_window_becomes_a_table(tmp_path: Path) -> None:
    out = tmp_path / "window.parquet"
    told = expand(["--model", "gpt2", "--tokens", "4", "--from-ns", "5000", "--to-ns", "9000",
                   "--out", str(out)])  # fmt: skip
    table = pq.read_table(out).to_pydict()
    assert len(table["ns"]) == told["commands"] > 100
    assert min(table["ns"]) >= 5000 and max(table["ns"]) < 9000
    assert {"ACT", "MAC", "PRE"} <= set(table["command"])
    opened = table["command"].index("MAC")
    assert table["waited_for"][opened] in ("tRCD", "tCCD")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("[]", "JSON object"),
        ("{", "not JSON"),
        ({}, "no num_hidden_layers"),
        ({**LLAMA, "hidden_size": 0}, "hidden_size must be a whole number from 1"),
        ({**LLAMA, "num_attention_heads": True}, "num_attention_heads"),
        ({**LLAMA, "num_key_value_heads": 3}, "must divide"),
        ({**LLAMA, "num_local_experts": 8}, "experts"),
        ({**LLAMA, "num_attention_heads": 7, "num_key_value_heads": 7}, "whole heads"),
    ],
)
def test_a_bad_config_gets_one_sentence(config: object, words: str) -> None:
    text = config if isinstance(config, str) else json.dumps(config)
    with pytest.raises(BadInput, match=words):
        read_shape(text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("timing.ras=5", "longer than timing.rcd_mac"),
        ("timing.refi=100", "longer than timing.rfc"),
        ("organisation.banks=0", "organisation.banks must be a whole number from 1"),
        ("timing.rp=1.5", "whole number"),
        ("timing.rp=1e7", "from 1 to 1e\\+06"),
        ("organisation.row_bytes=1048576", "from 1 to 65536"),
        ("asic.clock_ghz=0.001", "from 0.01 to"),
        ("organisation.row_bytes=40", "whole columns"),
        ("timing.nothing=3", "there is no 'timing.nothing'"),
        ("mac.lanes=0", "mac.lanes must be a whole number from 1"),
        ("currents.mac_share=2", "mac_share must be at most 1"),
        ("link.gb_per_s=0", "link.gb_per_s must be a number from"),
    ],
)
def test_an_impossible_device_is_refused(change: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        load_device("pim-gpt").changed(parse_changes(change))


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("pim-gpt", "mac.lanes=2048", "at most the 1024 values of a row"),
        ("pim-gpt", "organisation.column_bytes=1", "column_bytes must be 2 or more"),
        ("gddr6-readout", "timing.ras=12", "longer than timing.rcd_rd"),
        ("gddr6-readout", "timing.faw=41", "timing.faw must be at most 40 cycles"),
        ("gddr6-dramsim3", "timing.aw32=1249", "timing.aw32 must be at most 1248 cycles"),
        ("gddr6-ramulator-1v35", "timing.rrd=81", "timing.rrd must be at most 80 cycles"),
    ],
)
def test_a_device_that_the_engine_cannot_run_is_refused(name: str, change: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        generate(["--model", "gpt2", "--tokens", "1", "--device", name, "--change", change])


@pytest.mark.parametrize("text", ["rp=3", "timing.rp", "timing.rp=x", "timing.rp=1e999"])
def test_a_change_has_a_form(text: str) -> None:
    with pytest.raises(BadInput, match="changes look like"):
        parse_changes(text)


@pytest.mark.parametrize("name", device_names())
def test_every_preset_can_exist_and_says_where_its_numbers_are_from(name: str) -> None:
    device = load_device(name)
    assert device.title and {c.source for c in device.constants.values()} <= {
        "paper", "repository", "derived", "assumed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("AiM FLY 1 0x1", "line 1: 'FLY' is no AiM instruction"),
        ("AiM MAC_ABK 64 0x0 0", "channel mask"),
        ("AiM MAC_ABK 64 0x1ffffffff 0", "channel mask"),
        ("AiM MAC_ABK 64 0x1 16384", "row must be from 0 to 16383"),
        ("AiM MAC_SBK 64 0x1 16 0", "bank must be from 0 to 15"),
        ("AiM MAC_ABK 64 0x1", "takes columns channels row"),
        ("AiM WR_ABK 0 0x3 0", "writes one channel"),
        ("MAC 1 2", "starts with AiM, R or W"),
        ("W CFR 9 1", "configuration register"),
        ("\x00\x01", "starts with AiM"),
        ("AiM MAC_ABK 1 0x1 0", "the end of the trace"),
    ],
)
def test_a_bad_instruction_is_named_with_its_line(line: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_aim(f"{line}\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no request"),
        ("0x10 READ", "line 1"),
        ("0x10 LOOK 1", "neither READ nor WRITE"),
        ("zz READ 1", "no hexadecimal address"),
        ("0x10 READ -1", "the cycle must be a whole number from 0"),
    ],
)
def test_a_bad_request_is_named_with_its_line(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_dramsim3(text)


def test_writes_and_single_banks_wait_for_modes_and_turnarounds(tmp_path: Path) -> None:
    path = tmp_path / "t.trace"
    path.write_text(
        "AiM WR_GB 2 0 0x1\nAiM MAC_ABK 2 0x1 0\nAiM RD_MAC 0 0x1\nAiM EOC\n", encoding="ascii"
    )
    told = trace([str(path), "--dialect", "aim"])
    # Into register mode, out of it, and in again: three changes of 32 cycles.
    assert told["commands"] == {"TMOD": 3, "WRGB": 2, "ACT16": 1, "MAC16": 2, "RDMAC16": 1}
    assert told["cycles"] == 1 + 32 + 2 + 1 + 32 + 56 + 2 + 2 + 32 + 2 + 2


def header(*rows: str) -> str:
    names = "dir,model,cpu_ratio,subgroup,prefetch,opt_gaps,step_ms,rank0_numel"
    return "\n".join([names, *rows])


def test_a_step_is_what_its_lanes_take() -> None:
    node = Node(cpu_adam=2.0, downcast=10.0, link=20.0)
    plan = Plan(4e9, 1e9)
    assert step_seconds(plan, node) == pytest.approx(4 * (1 / 2 + 1 / 10 + 2 / 20))
    kept = Plan(4e9, 1e9, ratio=0.5)
    on_gpu = 2 / 30  # after those of the host
    assert step_seconds(kept, node) == pytest.approx(2 * (1 / 2 + 1 / 10 + 2 / 20) + on_gpu)
    spans = simulate_step(Plan(4e9, 1e9, stride=2), node)
    for lane in {span.lane for span in spans}:
        own = sorted((span.start, span.end) for span in spans if span.lane == lane)
        assert all(a[1] <= b[0] + 1e-12 for a, b in itertools.pairwise(own))
    assert sum(span.lane == "GPU Adam" for span in spans) == 2


def test_rates_are_found_again_from_their_own_steps() -> None:
    node = Node(cpu_adam=1.7, downcast=9.0, link=15.0)
    rows = [
        f"a,x,{ratio},1e8,{int(k > 0)},{k},{1e3 * step_seconds(Plan(4e9, 1e8, ratio, k), node)},4e9"
        for ratio in (0.4, 0.7, 1.0)
        for k in (0, 2, 3, 5)
    ]
    runs = read_runs(header(*rows))
    fit = fit_node(chosen(runs, "dir=a"))
    assert fit.mean_error < 0.1
    assert np.allclose(predict(fit.node, runs), [run.seconds for run in runs], rtol=2e-3)


def test_the_best_stride_balances_cpu_and_link() -> None:
    assert best_stride(Node(2.0, 10.0, 28.0)) == pytest.approx(2.0)
    assert best_stride(Node(2.0, 10.0, 3.0)) == float("inf")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dir,model\na,b", "are missing"),
        (header(), "no row"),
        (header("a,x,1,1e8,0,0,many,4e9"), "line 2: step_ms"),
        (header("a,x,2,1e8,0,0,5,4e9"), "line 2: cpu_ratio must be a number from 0 to 1"),
        (header("a,x,1,0,0,0,5,4e9"), "line 2: subgroup"),
    ],
)
def test_a_bad_table_is_named_by_line_and_column(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_runs(text)


@pytest.mark.shared
def test_the_h100_sweep_is_fitted_and_the_best_stride_is_near_the_measured(
    shared_data: Path,
) -> None:
    told = offload(["--runs", str(shared_data / "pim" / "offload_measured_train.csv"), "--fit",
                    "dir=act-output-20B-scale-twinflow"])  # fmt: skip
    assert told["fitted_rows"] == 18 and told["fit_mean_error_percent"] < 5
    assert abs(told["best_stride"] - 2) <= 1


def test_named_models_have_their_published_sizes() -> None:
    # Rounded parameters as their papers and model cards give them.
    for name, billions in (("gpt2", 0.124), ("gpt2-xl", 1.56), ("gpt3-xl", 1.3)):
        assert SHAPES[name].weights / 1e9 == pytest.approx(billions, rel=0.05)


def test_the_usual_layout_of_keys_and_values_is_the_fastest_though_values_are_dear_to_write() -> (
    None
):
    usual, keys, values = (
        generate(["--model", "gpt2-xl", "--tokens", "256", *given])
        for given in ([], ["--keys", "column"], ["--values", "row"])
    )
    assert usual["total_ns"] < min(keys["total_ns"], values["total_ns"])
    written = [told["ns_by_part"]["V write (write)"] for told in (usual, values)]
    assert written[0] > 2 * written[1]
    assert keys["ns_by_part"]["QK (link)"] > usual["ns_by_part"]["QK (link)"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--tokens", "0"], "tokens: must be from 1 to 8192"),
        (
            ["--tokens", "8192", "--prompt", "1"],
            "tokens: with prompt and context must be at most 8,192",
        ),
        (
            ["--tokens", "8000", "--start", "100", "--prompt", "93"],
            "tokens: with prompt and context must be at most 8,192",
        ),
        (["--prompt", "-1"], "prompt: must be from 0"),
        (["--weights", "diagonal"], "--weights"),
        (["--device", "none"], "device: must be one of aim, gddr6-dramsim3"),
    ],
)
def test_a_generation_that_cannot_be_is_refused(given: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        generate(["--model", "gpt2", *given])


def test_every_choice_is_an_option() -> None:
    plain = generate(["--model", "gpt2", "--tokens", "4"])
    for option in (["--no-head"], ["--no-refresh"], ["--overlap"]):
        assert (
            generate(["--model", "gpt2", "--tokens", "4", *option])["total_ns"] < plain["total_ns"]
        )
    sums = generate(["--model", "gpt2", "--tokens", "4", "--weights", "rows"])
    assert "QKV (asic)" in sums["ns_by_part"] and "QKV (asic)" not in plain["ns_by_part"]


def test_a_model_that_does_not_fit_is_computed_and_said(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    large = {**LLAMA, "hidden_size": 4096, "num_hidden_layers": 32, "intermediate_size": 14_336}
    path.write_text(json.dumps(large), encoding="utf-8")
    told = generate(["--model", str(path), "--tokens", "2"])
    assert told["rows_used"] > told["rows"] and any("does not fit" in n for n in told["notes"])
    small = generate(["--model", "gpt2", "--tokens", "2"])
    assert not any("does not fit" in note for note in small["notes"])
