"""The offload view without a browser: presets, own runs, settings that change the answer."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from engine.core import get_lab
from engine.labs.memory_hardware.offload.node import Node
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.step import step_seconds
from engine.store import Store
from tests.app.test_pages import texts, visit

LAB = get_lab("memory_hardware")
NAMES = "dir,model,cpu_ratio,subgroup,prefetch,opt_gaps,step_ms,rank0_numel"
VIEW = {"memory_hardware.view": "training"}


def opened(**fields: str) -> AppTest:
    return visit(
        "memory_hardware", **VIEW, **{f"memory_hardware.{k}": v for k, v in fields.items()}
    )


def brought(text: str) -> str:
    return Store.open().inputs.put(text.encode(), "runs.csv")


def own_runs() -> str:
    node = Node(cpu_adam=1.2, downcast=6.0, link=16.0)
    rows = [
        f"mine,my model,{ratio},1e8,{int(k > 0)},{k},"
        f"{1000 * step_seconds(Plan(2e9, 1e8, ratio, k), node)},2e9"
        for ratio in (0.5, 1.0)
        for k in (0, 2, 3, 4)
    ]
    return "\n".join([NAMES, *rows])


@pytest.mark.usefixtures("runner_off")
def test_the_logged_speed_up_is_taken_apart_beside_ours() -> None:
    said = texts(opened())
    assert "2.47x = 1.92x flush × 1.29x interleaving" in said
    assert "which the paper's abstract does not say" in said
    assert "1 + 12 / (38.1 / 2.25 - 2)" in said
    assert "13 and 1.4 billion parameters" not in said


@pytest.mark.usefixtures("runner_off")
def test_the_part_below_the_lanes_is_in_the_link() -> None:
    said = texts(opened(part="capacity"))
    assert "13 and 1.4 billion parameters" in said and "a slip for 2" in said
    assert "7 times the least" in said and "1 + 12 /" not in said
    app = opened()
    app.segmented_control(key="memory_hardware.part#choice").set_value("memory").run()
    assert app.query_params["memory_hardware.part"] == "memory"
    assert "The GPU has 80 GB" in texts(app)


@pytest.mark.usefixtures("at_once")
def test_what_was_not_fitted_and_what_does_not_fit_is_said_beside_the_times() -> None:
    app = opened(node="v100", billions="10", gpus="1")
    app.run()
    assert "does not fit on the GPU with 32 GB" in texts(app)
    app = opened(node="a100", billions="5.95", gpus="1", subgroup="106")
    app.run()
    assert "The rates are of 4 ranks on a node; here it has 1" in texts(app)


@pytest.mark.usefixtures("runner_off")
def test_a_node_without_logs_of_these_settings_says_so() -> None:
    preset = next(one for one in LAB.presets if one.name == "host-memory-binds")
    app = opened(**{name: str(value) for name, value in preset.config.items()})
    assert [warning.value for warning in app.warning] == []
    assert "nothing stands beside them" in texts(app)


@pytest.mark.usefixtures("runner_off")
def test_a_log_of_memory_stands_beside_the_model_that_it_is_of() -> None:
    preset = next(one for one in LAB.presets if one.name == "memory-that-comes-and-goes")
    shown = {**preset.config, "part": preset.page["part"]}
    app = opened(**{name: str(value) for name, value in shown.items()})
    assert "A training log of this model" in texts(app) and "by construction" in texts(app)
    assert "A training log of this model" not in texts(opened(part="memory"))


@pytest.mark.usefixtures("at_once")
def test_a_slower_link_is_simulated_and_marked_as_changed() -> None:
    app = opened(link="8")
    app.run()
    said = texts(app)
    assert [warning.value for warning in app.warning] == []
    assert "1 + 12 / (8 / 2.25 - 2)" in said and "nothing stands beside them" in said


@pytest.mark.usefixtures("at_once")
def test_measured_samples_lie_under_the_lanes_or_get_one_sentence() -> None:
    names = "t_s,pcie_tx_MBps,pcie_rx_MBps,gpu_util_pct,mem_util_pct,gpu_mem_used_GB"
    app = opened(utilisation=brought(f"{names}\n0,1,1,50,1,9\n1,1,1,60,1,9"))
    app.run()
    assert [warning.value for warning in app.warning] == []
    assert "2 of 2 measured samples" in texts(app)
    app = opened(utilisation=brought(f"{names}\n0,1,1,500,1,9"))
    assert len(app.warning) == 1
    assert "line 2: gpu_util_pct" in app.warning[0].value.replace("\\", "")


@pytest.mark.usefixtures("at_once")
def test_runs_of_the_visitors_own_are_fitted() -> None:
    app = opened(part="runs", runs=brought(own_runs()), seen="cpu_ratio=1.0")
    app.run()
    said = texts(app)
    assert [warning.value for warning in app.warning] == []
    assert "on the 4 rows of the fit" in said and "on the 4 others" in said
    assert "Of the measured steps that of k = " in said


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("text", "seen", "words"),
    [
        ("dir,model\na,b", "", "line 1: the columns"),
        (f"{NAMES}\nmine,m,1,1e8,0,0,many,2e9", "", "line 2: step_ms must be a number"),
        (f"{NAMES}\nmine,m,1,1e8,0,0,5,2e9", "", "at least 3 rows"),
        ("\x00\x01", "", "a UTF-8 text file is required"),
        (own_runs(), "dir=yours", "no row has dir=yours"),
        (own_runs(), "<b>", "looks like column=value"),
    ],
    ids=["columns", "number", "one row", "binary", "no row", "condition"],
)
def test_runs_that_cannot_be_used_get_one_sentence_and_figures_stay(
    text: str, seen: str, words: str
) -> None:
    app = opened(part="runs", runs=brought(text), seen=seen)
    assert len(app.warning) == 1
    assert words in app.warning[0].value.replace("\\", "")
    assert app.get("plotly_chart")


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize(
    ("part", "name", "value", "words"),
    [
        ("stride", "node", "abacus", "must be one of a100, h100, v100"),
        ("stride", "ratio", "1.5", "Ratio on the host"),
        ("memory", "stride", "1", "Stride k"),
        ("memory", "billions", "0", "Parameters of the model"),
        ("capacity", "gpu_memory_gb", "1", "Memory of the GPU"),
        ("runs", "runs", "/etc/passwd", "is not kept here"),
    ],
)
def test_a_bad_setting_gets_one_sentence(part: str, name: str, value: str, words: str) -> None:
    app = opened(**{"part": part, name: value})
    assert len(app.warning) == 1 and words in app.warning[0].value.replace("\\", "")
    assert app.get("plotly_chart")
