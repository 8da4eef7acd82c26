"""A result is kept, another is on the page: the difference, in every view of every lab."""

from __future__ import annotations

import importlib
import json

import pytest
from streamlit.testing.v1 import AppTest

from engine.core import Config, Experiment, get_lab
from tests.app.test_pages import LABS, texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")


def views(lab: str) -> list[str]:
    if lab == "kv_cache":
        return list(get_kv_views())
    return list(importlib.import_module(f"pages.panels.{lab}.views").VIEWS)


def get_kv_views() -> tuple[str, ...]:
    from tests.app.test_kv_cache_foot import VIEWS

    return VIEWS


def keep(app: AppTest) -> AppTest:
    [button] = [button for button in app.button if button.label == "Keep for comparison"]
    app = button.click().run()
    assert not app.exception and not app.error
    return app


def tables(app: AppTest) -> list[list[str]]:
    return [list(map(str, frame.value.columns)) for frame in app.dataframe]


@pytest.mark.parametrize(("lab", "view"), [(lab, view) for lab in LABS for view in views(lab)])
def test_every_view_offers_to_keep_its_result(lab: str, view: str) -> None:
    app = visit(lab, **{f"{lab}.view": view})
    assert [button.label for button in app.button].count("Keep for comparison") == 1
    assert any(button.label == "Add to report" for button in app.button)


def other_settings(name: str) -> dict[str, str]:
    """A preset whose result ships and whose experiment is that of the default's view."""
    from pages.kit.links import preset_query

    lab = get_lab(name)
    for preset in lab.presets:
        experiment = lab.experiment(preset.experiment)
        if preset.config and experiment.config.build(preset.config) != experiment.config():
            return preset_query(lab, preset)
    raise AssertionError(name)


def shown_by(name: str, query: dict[str, str]) -> tuple[Config, Experiment]:
    from pages.kit.links import preset_query

    lab = get_lab(name)
    preset = next(preset for preset in lab.presets if preset_query(lab, preset) == query)
    experiment = lab.experiment(preset.experiment)
    return experiment.config.build(preset.config), experiment


@pytest.mark.parametrize("lab", [lab for lab in LABS if lab != "kv_cache"])
def test_settings_metrics_and_fields_of_two_shipped_results(lab: str) -> None:
    query = other_settings(lab)
    config, experiment = shown_by(lab, query)
    assert config != experiment.config()
    kept = experiment.digest(lab, experiment.config())
    app = visit(lab, **query, **{f"{lab}.kept-result": kept})
    assert ["Setting", "A", "B"] in tables(app), texts(app)
    assert not app.warning


def test_the_tables_tell_what_was_changed() -> None:
    from engine.core.difference import changed_settings

    lab = get_lab("memory_hardware")
    query = other_settings("memory_hardware")
    experiment = lab.experiment(query["memory_hardware.view"])
    digest = experiment.digest(lab.name, experiment.config())
    app = visit(lab.name, **query, **{"memory_hardware.kept-result": digest})
    preset = next(p for p in lab.presets if p.config and p.experiment == experiment.name)
    changes = changed_settings(experiment.config(), experiment.config.build(preset.config))
    [shown] = [f.value for f in app.dataframe if list(f.value.columns) == ["Setting", "A", "B"]]
    assert list(shown["Setting"]) == [change.title for change in changes]
    [metrics] = [f.value for f in app.dataframe if "B / A" in f.value.columns]
    a = float(str(metrics["A"].iloc[0]).replace(",", ""))
    b = float(str(metrics["B"].iloc[0]).replace(",", ""))
    ratio = float(metrics["B / A"].iloc[0])
    assert ratio == pytest.approx(b / a, rel=2e-3)


@pytest.mark.parametrize(
    "kept", ["0" * 16, "<img src=x onerror=window.__x=1>", "../../../etc/passwd", "f" * 400]
)
def test_a_kept_result_that_is_not_here_gives_a_sentence(kept: str) -> None:
    app = visit("memory_hardware", **{"memory_hardware.kept-result": kept})
    assert len(app.warning) == 1 and "kept result" in app.warning[0].value.replace("\\", "")
    [button] = [button for button in app.button if button.label == "Let A go"]
    app = button.click().run()
    assert not app.warning
    assert "memory_hardware.kept-result" not in app.query_params


def digest_of(lab: str, experiment: str) -> str:
    found = get_lab(lab).experiment(experiment)
    return found.digest(lab, found.config())


def test_results_of_two_experiments_are_compared_on_what_both_have() -> None:
    query = {"motion.view": "retention", "motion.kept-result": digest_of("motion", "lens")}
    app = visit("motion", **query)
    assert "compared on what both have by name" in texts(app) and not app.warning
    [settings] = [f.value for f in app.dataframe if list(f.value.columns) == ["Setting", "A", "B"]]
    assert "absent" in set(settings["A"]) | set(settings["B"])
    [fields] = [f.value for f in app.dataframe if "Largest B - A" in f.value.columns]
    assert list(fields["Field"]) == ["Positions"]
    assert "**State** is not subtracted: its axes are (reader, place) in A" in texts(app)


def test_results_with_nothing_in_common_say_what_can_be_compared() -> None:
    lab, kept = "memory_hardware", digest_of("memory_hardware", "generation")
    query = {f"{lab}.view": "training", f"{lab}.kept-result": kept}
    app = visit(lab, **query)
    title = get_lab(lab).experiment("generation").title
    assert f"can be compared with any result of *{title}*" in texts(app)
    assert ["Setting", "A", "B"] not in tables(app)


def test_the_choice_of_a_field_says_how_much_differs_and_begins_with_the_most() -> None:
    query = other_settings("kv_cache")
    _, experiment = shown_by("kv_cache", query)
    kept = experiment.digest("kv_cache", experiment.config())
    app = visit("kv_cache", **query, **{"kv_cache.kept-result": kept})
    [menu] = [box for box in app.selectbox if box.label == "Field shown below"]
    [fields] = [f.value for f in app.dataframe if "Largest B - A" in f.value.columns]
    shares = [float(share) for share in fields["Differing [%]"]]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0
    assert menu.options[0] == f"{fields['Field'][0]}: {fields['Differing [%]'][0]} % differ"
    assert len(menu.options) == len(shares)
    assert f"{sum(share > 0 for share in shares)} of {len(shares)} differ" in texts(app)
    # Both as they are stand above the difference.
    titles = [json.loads(chart.proto.spec)["layout"]["title"]["text"]
              for chart in app.get("plotly_chart")]  # fmt: skip
    field = fields["Field"][0]
    at = titles.index(f"B - A: {field}")
    both = [f"A: {field}", f"B: {field}"], [f"A and B: {field}"]
    assert titles[at - 2 : at] == both[0] or titles[at - 1 : at] == both[1]


def test_without_a_result_of_the_settings_there_is_no_comparison_yet() -> None:
    app = keep(visit("memory_hardware"))
    kept = app.query_params["memory_hardware.kept-result"]
    query = {"memory_hardware.kept-result": kept, "memory_hardware.tokens": "17"}
    app = visit("memory_hardware", **query)
    assert "comes with the result of the present settings" in texts(app)
