"""Every page without a browser and with the job runner off: what a first visitor gets."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine.core import Field, Result, labs
from engine.store import Store
from engine.store.runs import Request
from pages.kit.links import link_text, preset_query

pytestmark = pytest.mark.usefixtures("runner_off")

ROOT = Path(__file__).parents[2]
LABS = [name for name in labs() if (ROOT / "pages" / f"{name}.py").is_file()]


def visit(page: str | None = None, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60).run()
    for name, value in query.items():
        app.query_params[name] = value
    if page:
        app.switch_page(f"{page}.py").run()
    assert not app.exception
    assert not app.error
    return app


def texts(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.warning, *app.info, *app.title]
    return "\n".join(part.value.replace("\\", "") for part in parts)


@pytest.mark.parametrize("page", [None, *LABS, "papers", "runs", "report", "about"])
def test_a_page_has_one_title_and_a_foot_line(page):
    app = visit(page)
    assert len(app.title) == 1
    assert "Engram Lab" in app.caption[-1].value and "Apache-2.0" in app.caption[-1].value


def test_the_gallery_shows_a_figure_for_every_lab_with_a_page():
    app = visit()
    assert len(app.get("plotly_chart")) == len(LABS)
    headings = [heading.value for heading in app.subheader]
    assert headings == [labs()[name].title for name in LABS]


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_paints_a_figure_at_once_with_the_runner_off(lab):
    assert visit(lab).get("plotly_chart")


def submit(store: Store, steps: int, *, result: Result | None = None) -> str:
    """A row as the runner writes it; with a result it is a finished one."""
    from engine.labs.kv_cache import LAB

    experiment = LAB.experiment("synthetic")
    config = experiment.config(seed=steps)
    digest = experiment.digest(LAB.name, config)
    if result is not None:
        store.results.save(digest, result, {"lab": LAB.name, "experiment": experiment.name})
    return store.runs.submit(
        Request(LAB.name, experiment.name, 1, digest, config.canonical_json()),
        has_result=store.results.has,
        visitor_limit=9,
        queue_limit=9,
    )


def test_runs_are_listed_with_their_difference_and_can_be_deleted():
    store = Store.open()
    result = Result({"x": Field(np.arange(3.0), ("n",), "V")}, {"y": 1.0})
    run_id = submit(store, 7, result=result)
    app = visit("runs")
    assert "seed 7" in texts(app) and "done" in texts(app)
    app.button(key=f"delete-{run_id}").click().run()
    assert not app.exception
    assert store.runs.count() == 0
    assert store.results.load(store_digest(7)) is None
    assert "No runs yet" in texts(app)


def test_a_waiting_run_can_be_cancelled_and_is_then_no_longer_live(monkeypatch):
    monkeypatch.delenv("ENGRAM_RUNNER")
    store = Store.open()
    run_id = submit(store, 8)
    app = visit("runs")
    app.button(key=f"cancel-{run_id}").click().run()
    assert store.runs.get(run_id).state == "cancelled"
    assert "cancelled" in texts(app)


def test_a_tag_or_error_with_markup_stays_text():
    store = Store.open()
    run_id = submit(store, 9)
    taken = store.runs.take(at_most=9)
    assert taken is not None and taken.id == run_id
    store.runs.end(run_id, taken.attempts, "failed", "<img src=x onerror=window.__x=1> [a](b)")
    app = visit("runs")
    shown = [element.value for element in app.caption if "img" in element.value]
    assert shown and all("\\<img" in value and "\\[a\\]" in value for value in shown)


def test_an_empty_store_says_what_to_do():
    assert "Open a lab" in texts(visit("runs"))


def store_digest(steps: int) -> str:
    from engine.labs.kv_cache import LAB

    experiment = LAB.experiment("synthetic")
    return experiment.digest(LAB.name, experiment.config(seed=steps))


def test_times_are_shown_in_a_zone(monkeypatch):
    run_id = submit(Store.open(), 10)
    app = visit("runs")
    assert time.strftime("%Y", time.gmtime(Store.open().runs.get(run_id).created)) in texts(app)


PRESETS = [(name, preset) for name in LABS for preset in labs()[name].presets]


@pytest.mark.parametrize(
    ("name", "preset"), PRESETS, ids=lambda value: getattr(value, "name", value)
)
def test_a_preset_opens_with_its_settings_and_without_a_complaint(name, preset):
    pairs = preset_query(labs()[name], preset)
    app = visit(name, **pairs)
    assert not app.warning
    for key, text in pairs.items():
        if key in app.session_state:
            assert link_text(app.session_state[key]) == text, key
