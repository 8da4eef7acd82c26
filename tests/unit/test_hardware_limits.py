"""What is refused because it would take the machine's memory or minutes of its time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.core.errors import BadInput, LimitExceeded
from engine.labs.memory_hardware.device import load_device, parse_changes
from engine.labs.memory_hardware.expand import expand
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.schedule import Schedule
from engine.labs.memory_hardware.shapes import SHAPES, Shape, read_shape
from engine.labs.memory_hardware.table import write_parquet
from engine.labs.memory_hardware.trace.dramsim3 import run_dramsim3
from engine.labs.memory_hardware.trace.requests import parse_dramsim3
from engine.labs.memory_hardware.walk import place_runs

WIDE = Shape("wide", 1, 65_536, 1024, 1024, 4096, 1_048_576, 1000)


@pytest.mark.parametrize("name", ["pim-gpt", "gddr6-readout", "aim"])
def test_a_key_in_thousands_of_rows_is_refused_at_once(name: str) -> None:
    with pytest.raises(BadInput, match="at most 256 rows of a bank"):
        Compiler(WIDE, load_device(name))


def test_rows_too_short_for_the_model_are_refused() -> None:
    changes = {"organisation.row_bytes": 2, "organisation.column_bytes": 2, "mac.lanes": 1}
    with pytest.raises(BadInput, match=r"1,600.*too short"):
        Compiler(SHAPES["gpt2-xl"], load_device("pim-gpt").changed(changes))


def test_a_refresh_at_every_row_is_counted_but_not_taken_apart() -> None:
    device = load_device("pim-gpt").changed({"timing.refi": 2, "timing.rfc": 1})
    compiler = Compiler(SHAPES["gpt2-xl"], device)
    plan = Schedule(compiler, 1024)
    with pytest.raises(LimitExceeded, match="50,000 refreshes"):
        place_runs(plan, 1023)
    with pytest.raises(LimitExceeded, match="50,000 refreshes"):
        expand(compiler, 1024, 0, 1000)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ("buffer.bytes=1", "buffer.bytes must hold at least a column"),
        ("currents.idd4r=0", "currents.idd4r must be at least currents.idd3n"),
        ("timing.rp=18 timing.rp=20", "timing.rp is given twice"),
    ],
)
def test_devices_that_cannot_be_are_refused(changes: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        load_device("pim-gpt").changed(parse_changes(changes))


def test_a_factor_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(BadInput, match="is no number"):
        load_device("pim-gpt").scaled("timing.rp", 1e308)


LLAMA = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64,
         "num_attention_heads": 4, "vocab_size": 100}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "mamba"}, "attention in every layer is required"),
        ({"model_type": "t5"}, "attention in every layer"),
        ({"layer_types": ["linear_attention"]}, "layers by layer_types are not mapped"),
        ({"kv_lora_rank": 512}, "layers by kv_lora_rank"),
        ({"tie_word_embeddings": "false"}, "tie_word_embeddings must be true or false"),
    ],
)
def test_decoders_of_another_kind_are_not_computed_as_plain_ones(
    change: dict[str, object], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        read_shape(json.dumps({**LLAMA, **change}))


def test_a_deep_config_and_a_strange_name_do_no_harm() -> None:
    with pytest.raises(BadInput, match=r"nested too deeply|not JSON"):
        read_shape("[" * 100_000)
    strange = json.dumps({**LLAMA, "_name_or_path": "\ud800<img>\x1b[0m"})
    assert read_shape(strange).name == "img0m"


def test_a_request_after_too_many_refreshes_is_refused_before_the_run() -> None:
    device = load_device("gddr6-dramsim3").changed({"timing.refi": 1000, "timing.rfc": 126})
    organisation = {name: int(value) for name, value in device.section("organisation").items()}
    with pytest.raises(BadInput, match="line 1: 1,000,000 refreshes come before"):
        run_dramsim3(parse_dramsim3("0x0 READ 1000000000"), device.cycles(), organisation)


def test_an_old_table_stays_where_a_new_one_cannot_be_written(tmp_path: Path) -> None:
    commands = expand(Compiler(SHAPES["gpt2"], load_device("pim-gpt")), 1, 0, 500)
    with pytest.raises(BadInput, match="no file"):
        write_parquet(commands, 1.0, tmp_path)
    kept = write_parquet(commands, 1.0, tmp_path / "t.parquet")
    assert kept.is_file() and sorted(tmp_path.iterdir()) == [kept]
