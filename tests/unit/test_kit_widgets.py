import pytest

from engine.core import labs
from pages.kit.control import Control
from pages.kit.errors import plain
from pages.kit.links import field_key
from tests.tiny_lab import Count


def control(name: str, **more) -> Control:
    return Control(Count, name, f"tiny.{name}", **more)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("steps", "slider"),
        ("pause", "slider"),
        ("sign", "segmented"),
        ("loud", "toggle"),
        ("width", "select"),
        ("seed", "number"),
        ("name", "line"),
        ("policy", "hidden"),
    ],
)
def test_the_type_and_the_bounds_choose_the_widget(name, kind):
    assert control(name).kind == kind


def test_options_turn_a_line_into_a_choice():
    assert control("name", options=("trace", "mark")).kind == "combo"


def test_title_and_unit_make_the_label():
    assert control("steps").label == "Steps (ticks)"


@pytest.mark.parametrize("value", [0, 501, "many", None, 3.5])
def test_check_names_the_field_and_the_range(value):
    error = control("steps").check(value)
    assert error is not None and str(error).startswith("Steps (ticks): ")


def test_check_accepts_what_the_config_accepts():
    assert control("steps").check(500) is None
    assert control("steps").check("500") is None  # as a link writes it


@pytest.mark.parametrize("lab", labs().values(), ids=lambda lab: lab.name)
def test_every_field_of_every_lab_has_a_widget(lab):
    for experiment in lab.experiments:
        for name in experiment.config.model_fields:
            shown = Control(experiment.config, name, field_key(lab, experiment, name))
            assert shown.kind
            assert shown.check(shown.default) is None


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "[a](javascript:x)", "$x$", ":red[x]", "**b**", "`c`"]
)
def test_plain_escapes_markup(text):
    import re

    assert re.sub(r"\\(.)", r"\1", plain(text)) == text
    assert not re.search(r"(?<!\\)[<>\[\]()$:*`]", plain(text))
