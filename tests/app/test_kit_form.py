"""Forms as a visitor meets them: from a link, by hand, and with values that cannot be used."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.tiny_lab import Count


def page() -> None:
    import streamlit as st

    from pages.kit import form
    from tests.tiny_lab import COUNT, LAB

    st.text(form(LAB, COUNT, options={"name": ["trace", "mark"]}).canonical_json())


def two_views() -> None:
    import streamlit as st

    from pages.kit import form
    from tests.tiny_lab import COUNT, LAB, WALK

    view = st.segmented_control("View", ["count", "walk"], default="count", key="tiny.view")
    experiment = COUNT if view == "count" else WALK
    st.text(form(LAB, experiment, key_prefix="tiny").canonical_json())


def start(function=page, **query: str) -> AppTest:
    app = AppTest.from_function(function, default_timeout=30)
    for name, value in query.items():
        app.query_params[f"tiny.{name}"] = value
    return app.run()


def config(app: AppTest):
    assert not app.exception
    return Count.from_json(app.text[0].value)


def warnings(app: AppTest) -> list[str]:
    return [element.value.replace("\\", "") for element in app.warning]


def test_without_a_link_the_defaults_hold():
    app = start()
    assert config(app).changed() == {}
    assert not app.warning


def test_a_link_sets_every_kind_of_field():
    app = start(steps="9", pause="1.5", sign="minus", loud="true", width="64", seed="12",
                name="own-name", policy="x")  # fmt: skip
    assert config(app).changed() == {
        "steps": 9, "pause": 1.5, "sign": "minus", "loud": True, "width": 64, "seed": 12,
        "name": "own-name", "policy": "x",
    }  # fmt: skip
    assert not app.warning


def test_a_followed_link_sets_a_widget_back_to_its_default():
    app = start(steps="9", pause="1.5")
    default = Count()
    app.query_params["tiny.steps"] = str(default.steps)
    assert config(app.run()).changed() == {"pause": 1.5}
    # The address has it for that run alone: what is set by hand afterwards stays.
    assert "tiny.steps" not in app.query_params
    app.slider(key="tiny.steps").set_value(7).run()
    assert config(app).changed() == {"steps": 7, "pause": 1.5}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("steps", "9999", "must be from 1 to 500"),
        ("steps", "many", "must be a whole number from 1 to 500"),
        ("pause", "-1", "must be from 0 to 5"),
        ("sign", "times", "must be 'plus' or 'minus'"),
        ("width", "17", "8"),
        ("seed", "-3", "must be from 0 to 9999"),
        ("loud", "perhaps", "must be true or false"),
    ],
)
def test_a_link_with_an_impossible_value_says_so_and_keeps_the_default(name, value, words):
    app = start(**{name: value})
    assert getattr(config(app), name) == getattr(type(config(app))(), name)
    [sentence] = warnings(app)
    assert words in sentence


def test_a_rule_across_fields_gives_one_sentence_and_the_last_valid_config():
    app = start(loud="true", steps="50")
    app.slider(key="tiny.steps").set_value(400).run()
    [sentence] = warnings(app)
    assert sentence == "Config: a loud run has at most 100 steps."
    assert config(app).steps == 50
    app.toggle(key="tiny.loud").set_value(False).run()
    assert not app.warning
    assert config(app).steps == 400


def test_markup_in_a_link_stays_text():
    app = start(sign="<img src=x onerror=alert(1)>[a](b)")
    [element] = app.warning
    assert "\\<img" in element.value and "\\[a\\]" in element.value


def test_a_value_of_another_view_that_does_not_fit_falls_back_to_the_default():
    app = start(two_views, steps="400")
    app.segmented_control(key="tiny.view").set_value("walk").run()
    assert not app.exception
    assert '"steps":7' in app.text[0].value


def typing() -> None:
    import streamlit as st

    from pages.kit import form
    from tests.tiny_lab import COUNT, LAB

    # AppTest knows only the listed choices; a callback stands for what a visitor types.
    st.button("type", on_click=lambda: st.session_state.update({"tiny.name": "n" * 30}))
    st.text(form(LAB, COUNT, options={"name": ["trace", "mark"]}).canonical_json())


def test_a_typed_value_that_cannot_be_used_says_so_and_the_last_valid_one_holds():
    app = start(typing)
    app.selectbox(key="tiny.name").set_value("mark").run()
    app.button[0].click().run()
    [sentence] = warnings(app)
    assert "20" in sentence
    assert config(app).name == "mark"
    app.selectbox(key="tiny.name").set_value("trace").run()
    assert not app.warning
    assert config(app).name == "trace"


def two_forms() -> None:
    from pages.kit import form
    from pages.kit.form import begin_forms
    from tests.tiny_lab import COUNT, LAB

    begin_forms()
    form(LAB, COUNT, fields=("steps", "loud"))
    form(LAB, COUNT, fields=("seed",))


def test_a_bad_value_that_two_forms_read_is_said_once_in_every_run():
    app = start(two_forms, loud="true", steps="200")
    assert len(warnings(app)) == 1
    assert len(warnings(app.run())) == 1
