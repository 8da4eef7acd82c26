"""What a page shows while there is no result for the present settings."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import engine.runtime.runner
from engine.core import Field, Result
from engine.store import Store, save_shipped
from tests.tiny_lab import COUNT, LAB, Count


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    """A shipped default result, and a runner that is off."""
    monkeypatch.setenv("ENGRAM_SHIPPED", str(tmp_path / "shipped"))
    monkeypatch.setenv("ENGRAM_RUNNER", "off")
    monkeypatch.setattr(engine.runtime.runner, "_runner", None)
    save_shipped(LAB, COUNT, Count(), result_of(Count()), {})


def result_of(config: Count) -> Result:
    return Result({"count": Field(np.arange(config.steps, dtype=np.float32), ("step",), "ticks")})


def page() -> None:
    import streamlit as st

    from pages.kit import form, obtain
    from tests.tiny_lab import COUNT, LAB

    got = obtain(LAB, COUNT, form(LAB, COUNT))
    size = None if got.result is None else got.result["count"].size("step")
    st.text(f"{size} {got.config.steps} {got.fresh}")


def start(**query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    for name, value in query.items():
        app.query_params[f"tiny.{name}"] = value
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return "\n".join(element.value.replace("\\", "") for element in app.markdown)


def test_the_shipped_default_is_fresh():
    app = start()
    assert app.text[0].value == "3 3 True"
    assert not app.button


def test_without_a_result_the_default_stays_and_says_so():
    app = start(steps="300")
    assert app.text[0].value == "3 3 False"
    assert "previous settings (steps 3)" in words(app)
    assert "switched off" in words(app)


def test_the_last_result_shown_stays_not_the_default():
    store = Store.open()
    config = Count(steps=20)
    store.results.save(COUNT.digest(LAB.name, config), result_of(config), {})
    app = start(steps="20")
    assert app.text[0].value == "20 20 True"
    app.slider(key="tiny.steps").set_value(21).run()
    assert app.text[0].value == "20 20 False"
    assert "previous settings (steps 20)" in words(app)
    app.slider(key="tiny.steps").set_value(20).run()
    assert app.text[0].value == "20 20 True"


def test_a_heavy_run_shows_its_cost_before_it_starts(monkeypatch):
    monkeypatch.delenv("ENGRAM_RUNNER")
    app = start(steps="400", pause="0.5")
    [button] = app.button
    assert button.label == "Compute"
    assert "3 min 24 s" in words(app)
    button.click().run()
    assert not app.exception
    # The process-wide runner does not know the tiny lab, and says so in a sentence.
    assert any("tiny" in element.value for element in app.warning)
    assert Store.open().runs.count() == 0
