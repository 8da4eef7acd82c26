"""A visitor's samples of a GPU under the predicted lanes, and tables that cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput, Result, get_lab
from engine.core.context import QuietContext
from engine.labs.memory_hardware.config import TrainingConfig
from engine.labs.memory_hardware.offload.cells import MOST_ROWS
from engine.labs.memory_hardware.offload.utilisation import QUANTITIES, TIME, read_utilisation
from engine.labs.memory_hardware.views.offload_lanes import describe_measured, offload_timeline
from engine.store import Store

NAMES = ",".join((TIME, *QUANTITIES))
GOOD = "0,1000,2000,50,25,15.5"


def table(*rows: str) -> str:
    return "\n".join([NAMES, *rows])


def run(text: str, **fields: object) -> Result:
    store = Store.open()
    address = store.inputs.put(text.encode(), "samples.csv")
    config = TrainingConfig.build({"utilisation": address, **fields})
    config.fits(store.inputs.get)
    experiment = get_lab("memory_hardware").experiment("training")
    return experiment.load_run()(config, QuietContext(store.inputs.get))


def test_samples_lie_under_the_lanes_from_where_an_iteration_begins() -> None:
    text = table(*(f"{t},{1000 * t},0,{t},0,15" for t in range(40)))
    result = run(text, begins=10.0)
    counters = {c.name: c for c in offload_timeline(result).counters}
    sent = counters["Measured: PCIe from the GPU"]
    end = offload_timeline(result).end.max()
    assert sent.unit == "GB/s" and sent.time[0] == 0 and sent.value[0] == 10
    assert sent.time[-1] <= end < sent.time[-1] + 1
    assert np.array_equal(counters["Measured: GPU in use"].value, sent.value)
    assert f"{len(sent.time)} of 40 measured samples" in describe_measured(result)


def test_without_samples_nothing_is_said_to_be_measured() -> None:
    experiment = get_lab("memory_hardware").experiment("training")
    result = experiment.load_run()(TrainingConfig(), QuietContext())
    assert not describe_measured(result)
    assert not any("Measured" in c.name for c in offload_timeline(result).counters)


def test_samples_that_end_before_an_iteration_begins_are_refused() -> None:
    with pytest.raises(BadInput, match="begins: must be below the last sample's 0 s"):
        run(table(GOOD), begins=5.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("t_s\n1", "line 1: the columns pcie_tx_MBps, .* are missing"),
        (f"{NAMES},t_s\n{GOOD},0", "line 1: the column 't_s' is there twice"),
        (table(), "there is no row"),
        (table("0,1,1,101,1,1"), "line 2: gpu_util_pct must be a number from 0 to 100"),
        (table("0,-1,1,1,1,1"), "line 2: pcie_tx_MBps must be a number from 0"),
        (table("0,1,nan,1,1,1"), "line 2: pcie_rx_MBps .*'nan'"),
        (table("0,1,1,1,,1"), "line 2: mem_util_pct must be a number .*''"),
        (table(GOOD, "0,1,1,1,1,1"), "line 3: t_s must be above that of the line before"),
        (table("0,1,1"), "line 2: has not as many values"),
        (table(*(f"{i},1,1,1,1,1" for i in range(MOST_ROWS + 1))), f"line {MOST_ROWS + 2}"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_samples_that_cannot_be_used_are_named_by_line_and_column(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=f"utilisation: .*{words}"):
        read_utilisation(text)


def test_a_page_reads_no_file_of_its_machine_as_samples() -> None:
    with pytest.raises(BadInput, match="utilisation: must be an uploaded file"):
        TrainingConfig(utilisation="/etc/passwd").admit(local=False)


@pytest.mark.shared
def test_logged_samples_are_read(shared_data: Path) -> None:
    for name, used in (("default", 22.6), ("interleaved_k2", 71.6)):
        path = shared_data / "pim" / f"offload_util_20B_h100_{name}.csv"
        found = read_utilisation(path.read_text(encoding="utf-8"))
        busy = found.values[list(QUANTITIES).index("gpu_util_pct")]
        assert busy.mean() == pytest.approx(used, abs=1)
