"""Rates fitted on rows whose node is known, and tables of runs that cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput, get_lab
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.memory_hardware.config import FitConfig
from engine.labs.memory_hardware.offload.cells import MOST_ROWS
from engine.labs.memory_hardware.offload.fit import fit_node, predict
from engine.labs.memory_hardware.offload.iteration import simulate
from engine.labs.memory_hardware.offload.node import Node
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.runs import chosen, read_runs
from engine.labs.memory_hardware.offload.step import step_seconds
from engine.labs.memory_hardware.offload.work import Work
from engine.labs.memory_hardware.views.training_fit import (
    describe_fit,
    draw_fit,
    draw_fit_iterations,
    draw_fit_strides,
    fit_table,
    rate_rows,
)
from engine.store import Store

NAMES = "dir,model,cpu_ratio,subgroup,prefetch,opt_gaps,step_ms,rank0_numel"
MORE = f"{NAMES},flush_async,fwd_ms,bwd_ms,iter_ms,num_elems_B,seqlen,gbs,dp,rank0_subgroups"
TRUE = Node(cpu_adam=1.5, downcast=8.0, link=20.0, flush=1.2, upcast=9.0, tflops=150.0, other=0.3)


def table(*rows: str, names: str = NAMES) -> str:
    return "\n".join([names, *rows])


def simulated(node: Node) -> str:
    """Rows of a node, with every phase told."""
    rows = []
    for ratio in (0.5, 1.0):
        for flush, k in (("blocking", 0), ("async", 0), ("async", 2), ("async", 3), ("async", 5)):
            plan = Plan(3e9, 1e8, ratio, k, "async" if flush == "async" else "blocking")
            made = simulate(plan, node, Work(12e9, 2048))
            ms = {name: 1000 * value for name, value in made.phases.items()}
            rows.append(
                f"a,x,{ratio},1e8,{int(k > 0)},{k},{ms['step']},3e9,{int(flush == 'async')},"
                f"{ms['forward']},{ms['backward']},{1000 * made.seconds},12,2048,4,4,30"
            )
    return table(*rows, names=MORE)


def test_a_node_is_found_again_with_all_of_its_phases() -> None:
    fit = fit_node(read_runs(simulated(TRUE)))
    assert fit.mean_error < 0.1
    for name in ("cpu_adam", "link", "flush", "upcast", "tflops", "other"):
        assert getattr(fit.node, name) == pytest.approx(getattr(TRUE, name), rel=0.1), name
        if name in fit.ranges:
            low, high = fit.ranges[name]
            assert low <= getattr(fit.node, name) <= high
    assert "host" not in fit.ranges


def test_a_share_of_host_memory_is_fitted_where_the_rows_need_it() -> None:
    node = Node(cpu_adam=1.5, downcast=3.0, link=20.0, host=34.0)
    rows = [
        f"a,x,1,1e8,{int(k > 0)},{k},{1000 * step_seconds(Plan(1.4e9, 1e8, 1.0, k), node)},1.4e9"
        for k in (0, 2, 3, 4, 5, 6, 8, 10)
    ]
    fit = fit_node(read_runs(table(*rows)))
    assert fit.node.host == pytest.approx(34, rel=0.1) and fit.mean_error < 0.5
    low, high = fit.ranges["host"]
    assert low < 34.5 and high > 33.5


def test_what_rows_cannot_tell_is_said_by_a_wide_range() -> None:
    node = Node(cpu_adam=1.5, downcast=8.0, link=20.0)
    rows = [
        f"a,x,{r},1e8,0,0,{1000 * step_seconds(Plan(3e9, 1e8, r), node)},3e9"
        for r in (0.25, 0.5, 1.0)
    ]  # fmt: skip
    fit = fit_node(read_runs(table(*rows)))
    assert fit.mean_error < 0.5
    low, high = fit.ranges["link"]
    assert high > 3 * low


def test_equal_plans_are_predicted_alike_whatever_the_flush() -> None:
    runs = read_runs(simulated(TRUE))
    seconds = predict(TRUE, runs)
    assert seconds[0] == seconds[1] and np.allclose(
        seconds, [run.seconds for run in runs], rtol=1e-6
    )


GOOD = "a,x,1,1e8,0,0,5,4e9"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dir,model\na,b", "runs: line 1: the columns cpu_ratio, .* are missing"),
        (f"{NAMES},model\n{GOOD},y", "line 1: the column 'model' is there twice"),
        (table(), "there is no row"),
        (table("a,x,1,1e8,0,0,many,4e9"), "line 2: step_ms must be a number .*'many'"),
        (table("a,x,1,1e8,0,0,0,4e9"), "line 2: step_ms must be a number from 0.001"),
        (table("a,x,1,1e8,0,0,nan,4e9"), "line 2: step_ms"),
        (table("a,x,1,1e8,0,0,-3,4e9"), "line 2: step_ms"),
        (table(GOOD, "a,x,1,1e8,0,0,1e300,4e9"), "line 3: step_ms"),
        (table("a,x,2,1e8,0,0,5,4e9"), "line 2: cpu_ratio must be a number from 0 to 1"),
        (table("a,x,1,0,0,0,5,4e9"), "line 2: subgroup must be a number from 1"),
        (table("a,x,1,1e8,1,2.5,5,4e9"), "line 2: opt_gaps must be a whole number"),
        (table("a,x,1,1e8,1,1,5,4e9"), "line 2: stride must be 0 or at least 2"),
        (table("a,x,1,1,0,0,5,4e9"), "line 2: subgroup gives more than"),
        (table("a,x,1,1e8,0,0,5"), "line 2: has not as many values"),
        (table(f"{GOOD},7,8,9"), "line 2: has not as many values"),
        (table(f"{'a' * 300},x,1,1e8,0,0,5,4e9"), "line 2: dir has more than 200 characters"),
        (table(f'"{"a" * 200_000}",x,1,1e8,0,0,5,4e9'), "line 2: field larger than"),
        (table('a,"x'), "line 2: unexpected end of data"),
        (table(*[GOOD] * (MOST_ROWS + 1)), f"line {MOST_ROWS + 2}: at most"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_table_that_cannot_be_used_is_named_by_line_and_column(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_runs(text)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "runs: the text is empty"),
        (b"\x00\x01\x02\x03", "runs: "),
        (b"\xff\xfe" * 40, "runs: "),
        (b"dir,model\n", "runs: line 1: the columns"),
        (table(GOOD).encode(), "seen: three rates need at least 3 rows"),
    ],
    ids=["empty", "zeros", "not UTF-8", "columns", "one row"],
)
def test_a_file_is_refused_before_a_run_is_offered(data: bytes, words: str) -> None:
    store = Store.open()
    config = FitConfig(runs=store.inputs.put(data, "runs.csv"))
    with pytest.raises(BadInput, match=words):
        config.fits(store.inputs.get)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ("dir=b", "seen: no row has dir=b"),
        ("colour=red", "seen: there is no column 'colour'"),
        ("dir", "seen: looks like column=value"),
        ("opt_gaps=2", "seen: three rates need at least 3 rows"),
    ],
)
def test_rows_that_are_not_there_are_refused(seen: str, words: str) -> None:
    store = Store.open()
    config = FitConfig(runs=store.inputs.put(simulated(TRUE).encode(), "runs.csv"), seen=seen)
    with pytest.raises(BadInput, match=words):
        config.fits(store.inputs.get)


def test_too_many_subgroups_are_refused_and_not_begun() -> None:
    rows = [f"a,x,1,1e6,1,{k},5,1.9e10" for k in (2, 3, 4)]
    with pytest.raises(BadInput, match=r"interleaved subgroups in all \(twenty"):
        fit_node(read_runs(table(*rows)))


def test_a_page_reads_no_other_file_of_its_machine() -> None:
    with pytest.raises(BadInput, match="runs: must be an uploaded file"):
        FitConfig(runs="/etc/passwd").admit(local=False)


def test_an_uploaded_table_is_fitted_on_some_rows_and_predicts_the_others(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(simulated(TRUE), encoding="utf-8")
    store = Store.open()
    config = FitConfig(runs=str(path), seen="cpu_ratio=1.0").grounded(store.inputs.put)
    experiment = get_lab("memory_hardware").experiment("training_fit")
    result = experiment.load_run()(config, QuietContext(store.inputs.get))
    assert result.number("seen") == 5 and result.number("rows") == 10
    assert result.number("unseen_error") < 1
    assert "on the 5 others" in describe_fit(result) and not result.notes["synthetic"]
    assert len(fit_table(result)["error %"]) == 10 and len(rate_rows(result)) >= 3  # type: ignore[arg-type]
    figure = draw_fit_strides(result, Palette.light())
    assert figure is not None and check_axes(figure) == []
    assert check_axes(draw_fit(result, Palette.light())) == []
    whole = draw_fit_iterations(result, Palette.light())
    assert whole is not None and check_axes(whole) == []
    measured, predicted = result.array("iteration_s")
    assert np.allclose(measured, predicted, rtol=0.02)
    assert len(chosen(read_runs(simulated(TRUE)), "cpu_ratio=0.5,opt_gaps=3")) == 1
