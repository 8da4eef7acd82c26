"""What a visitor takes away from the KV-cache page, and what stays when something is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.core import get_lab
from tests.app.test_pages import ROOT, texts, visit

LAB = get_lab("kv_cache")
VIEWS = (
    "map",
    "pareto",
    "drift",
    "microscope",
    "ordering",
    "sensitivity",
    "positions",
    "streaming",
)

pytestmark = pytest.mark.usefixtures("runner_off")


def codes(app) -> list[str]:
    return [element.value for element in app.code]


@pytest.mark.parametrize("source", ["model", "synthetic"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_every_source_has_a_foot(view: str, source: str) -> None:
    app = visit("kv_cache", **{"kv_cache.view": view, "kv_cache.source": source})
    assert any(code.startswith("import engine\n") for code in codes(app))
    assert any(code.startswith("python -m engine kv_cache") for code in codes(app))
    assert any(f"kv_cache.view={view}" in code for code in codes(app)) or view == "map"


def test_formats_without_an_order_have_a_foot_too() -> None:
    query = {"kv_cache.view": "ordering", "kv_cache.key_format": "int4:channel:g32"}
    assert any(code.startswith("import engine") for code in codes(visit("kv_cache", **query)))


@pytest.mark.parametrize("model", ["foo/bar", "../../etc", "/etc", "no such folder"])
def test_a_model_that_cannot_be_used_takes_nothing_away(model: str) -> None:
    app = visit("kv_cache", **{"kv_cache.model": model})
    assert len(app.warning) == 1
    assert "Relative RMSE of the keys" in texts(app)
    assert app.get("plotly_chart")
    assert any(code.startswith("import engine\n") for code in codes(app))


def test_a_report_never_mixes_two_settings() -> None:
    labels = {button.label for button in visit("kv_cache").get("download_button")}
    assert {"Report (HTML)", "Arrays (npz)"} <= labels
    app = visit("kv_cache", **{"kv_cache.order": "in-head:w-norm"})
    labels = {button.label for button in app.get("download_button")}
    assert not {"Report (HTML)", "Arrays (npz)"} & labels
    assert "come with the result of these settings" in texts(app)
    assert any("order='in-head:w-norm'" in code for code in codes(app))


def test_the_copied_lines_of_the_map_give_the_numbers_of_the_map() -> None:
    app = visit("kv_cache", **{"kv_cache.key_format": "int4:token", "kv_cache.sinks": "4"})
    [lines] = [code for code in codes(app) if "head_errors" in code]
    out = subprocess.run(
        [sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    numbers = [float(part) for part in out.replace("[", " ").replace("]", " ").split()]
    said = next(m.value for m in app.markdown if m.value.startswith("Relative RMSE of the keys"))
    assert f"worst {max(numbers):.3g}" in said


def test_the_link_under_copy_as_python_opens_the_same_state() -> None:
    query = {"kv_cache.layer": "2", "kv_cache.side": "value", "kv_cache.value_format": "mxfp4"}
    links = [code for code in codes(visit("kv_cache", **query)) if code.startswith("/kv_cache?")]
    assert links and all(
        part in links[-1] for part in ("layer=2", "side=value", "value_format=mxfp4")
    )
