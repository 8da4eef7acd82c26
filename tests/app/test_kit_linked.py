"""A selection that nobody made stays out of the URL, whatever its default becomes."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from pages.kit import linked, select

    default = st.number_input("default", value=3)
    st.button("choose 5", on_click=lambda: select("lab.thing", 5))
    st.text(str(linked("lab.thing", int(default), low=0, high=9)))


def open_page(**query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def written(app: AppTest) -> list[str]:
    value = app.query_params.get("lab.thing", [])
    return [value] if isinstance(value, str) else value


def test_a_default_that_changes_is_followed_and_not_written() -> None:
    app = open_page()
    for default in (3, 7, 7, 2):
        app.number_input[0].set_value(default).run()
        assert app.text[0].value == str(default)
        assert written(app) == []


def test_a_choice_is_kept_and_written_whatever_the_default() -> None:
    app = open_page()
    app.button[0].click().run()
    for default in (3, 7, 2):
        app.number_input[0].set_value(default).run()
        assert app.text[0].value == "5"
        assert written(app) == ["5"]


def test_a_choice_from_the_link_is_kept() -> None:
    app = open_page(**{"lab.thing": "8"})
    app.number_input[0].set_value(7).run()
    assert app.text[0].value == "8" and written(app) == ["8"]
