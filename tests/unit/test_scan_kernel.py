"""The scan's kernel where it cannot be had: another back end answers, and the log says why."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.core.errors import BadInput
from engine.core.settings import home_folder
from engine.models.ssm import choose_backend, kernel, selective_scan
from engine.models.ssm.trial import try_kernel


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """As in a new process: nothing is remembered of an earlier kernel."""
    kernel.load_kernel.cache_clear()
    yield
    kernel.load_kernel.cache_clear()


@pytest.fixture
def compiler() -> str:
    try:
        return kernel.find_compiler()
    except kernel.NoKernel as error:
        pytest.skip(str(error))


def arguments() -> list[torch.Tensor]:
    make = torch.Generator().manual_seed(1)
    u, B, C = (torch.randn(1, 9, n, generator=make) for n in (4, 3, 3))
    return [u, torch.rand(1, 9, 4, generator=make), -torch.ones(4, 3), B, C]


def without_kernel(caplog: pytest.LogCaptureFixture, reason: str) -> None:
    given = arguments()
    with caplog.at_level(logging.INFO, logger="engine"):
        assert choose_backend(False, given[0]) == "loop"
        assert choose_backend(True, given[0]) == "ssd"
    assert reason in caplog.text
    torch.testing.assert_close(
        selective_scan(*given), selective_scan(*given, backend="reference"), rtol=1e-6, atol=1e-6
    )


def test_with_a_compiler_the_kernel_is_taken(compiler) -> None:
    for dtype in (torch.float16, torch.float32, torch.float64):
        assert choose_backend(False, torch.zeros(1, dtype=dtype)) == "c"
        assert choose_backend(True, torch.zeros(1, dtype=dtype)) == "c"


def test_the_first_scan_may_be_one_without_gradients(compiler) -> None:
    with torch.inference_mode():
        assert choose_backend(False, torch.zeros(1)) == "c"


def test_no_compiler(monkeypatch, caplog) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    without_kernel(caplog, "there is no C compiler")


def test_turned_off(monkeypatch, caplog) -> None:
    monkeypatch.setenv("ENGRAM_NO_CC", "1")
    without_kernel(caplog, "ENGRAM_NO_CC is set")
    assert not (home_folder() / "kernels").exists()


def test_a_compiler_that_fails(monkeypatch, caplog) -> None:
    monkeypatch.setenv("CC", "false")
    without_kernel(caplog, "failed")
    assert not list((home_folder() / "kernels").iterdir())


def test_a_home_that_cannot_be_written(compiler, caplog) -> None:
    home_folder().mkdir(exist_ok=True)
    (home_folder() / "kernels").write_text("in the way")
    without_kernel(caplog, "kernels")


def test_a_damaged_library_is_not_loaded(compiler, caplog) -> None:
    made = kernel.build_kernel(torch.float32, home_folder() / "kernels")
    made.write_bytes(b"no library")
    without_kernel(caplog, made.name)


def test_a_kernel_that_computes_something_else_fails_its_trial(
    compiler, caplog, monkeypatch, tmp_path
) -> None:
    wrong = tmp_path / "scan.c"
    text = kernel.SOURCE.read_text(encoding="utf-8")
    assert text.count("out[w] += state * C[n];") == 1
    wrong.write_text(text.replace("out[w] += state * C[n];", "out[w] += state * C[0];"))
    monkeypatch.setattr(kernel, "SOURCE", wrong)
    without_kernel(caplog, "its y is")


def test_it_is_built_once_for_a_source_and_again_for_another(
    compiler, monkeypatch, tmp_path
) -> None:
    folder = tmp_path / "kernels"
    first = kernel.build_kernel(torch.float32, folder)
    before = first.stat()
    assert kernel.build_kernel(torch.float32, folder) == first
    assert first.stat().st_mtime_ns == before.st_mtime_ns
    other = tmp_path / "scan.c"
    other.write_text(kernel.SOURCE.read_text(encoding="utf-8") + "/* */\n")
    monkeypatch.setattr(kernel, "SOURCE", other)
    second = kernel.build_kernel(torch.float32, folder)
    assert second != first
    assert sorted(folder.iterdir()) == sorted([first, second]), "nothing but the libraries stays"
    try_kernel(kernel.open_kernel(second), torch.float32)


def test_a_compiler_that_knows_no_native_flag_is_used_without_it(
    compiler, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr(kernel, "NATIVE", ("-march=nothing",))
    made = kernel.build_kernel(torch.float64, tmp_path)
    try_kernel(kernel.open_kernel(made), torch.float64)


def test_asking_for_the_kernel_where_there_is_none_is_said(monkeypatch) -> None:
    monkeypatch.setenv("ENGRAM_NO_CC", "1")
    with pytest.raises(BadInput, match="backend: the C kernel is not available"):
        selective_scan(*arguments(), backend="c")


def test_importing_the_room_compiles_and_loads_nothing(tmp_path) -> None:
    code = "import sys, engine.models.ssm; assert 'torch' not in sys.modules"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
    code = "import engine.models.ssm.scan; from pathlib import Path; import os; "
    code += "assert not Path(os.environ['ENGRAM_HOME'], 'kernels').exists()"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
