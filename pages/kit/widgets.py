"""One field of a config as one widget, bound to the URL."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.kit.control import Control, Kind
from pages.kit.uploads import draw_documents, draw_file, draw_source


def draw(control: Control) -> None:
    """Show the widget; its value is then ``st.session_state[control.key]``."""
    _DRAW[control.kind](control)


def _toggle(control: Control) -> None:
    st.toggle(control.label, value=control.default, **control.bound_to_url)


def _segmented(control: Control) -> None:
    st.segmented_control(
        control.label,
        control.choices,
        default=control.default,
        required=True,
        width="stretch",
        **control.bound_to_url,
    )


def _select(control: Control) -> None:
    choices = list(control.choices)
    st.selectbox(
        control.label, choices, index=choices.index(control.default), **control.bound_to_url
    )


def _combo(control: Control) -> None:
    """Known values to choose from; others can be typed and are checked by the config."""
    choices = list(dict.fromkeys([*control.choices, control.default]))
    st.selectbox(
        control.label,
        choices,
        index=choices.index(control.default),
        accept_new_options=True,
        **control.bound_to_url,
    )


def _slider(control: Control) -> None:
    kind = float if control.field.annotation is float else int
    low, high = kind(control.bound("ge")), kind(control.bound("le"))
    step = control.bound("multiple_of") or control.extra.get("step")
    st.slider(
        control.label,
        low,
        high,
        value=kind(control.default),
        step=kind(step) if step else None,
        **control.bound_to_url,
    )


def _number(control: Control) -> None:
    kind = float if control.field.annotation is float else int
    low, high = control.bound("ge"), control.bound("le")
    step = control.bound("multiple_of") or control.extra.get("step")
    st.number_input(
        control.label,
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        value=kind(control.default),
        step=kind(step) if step else None,
        **control.bound_to_url,
    )


def _line(control: Control) -> None:
    limit = control.bound("max_length")
    st.text_input(control.label, value=control.default, max_chars=limit, **control.bound_to_url)


def _area(control: Control) -> None:
    limit = control.bound("max_length")
    st.text_area(
        control.label, value=control.default, max_chars=limit, height=96, **control.bound_to_url
    )


def _hidden(control: Control) -> None:
    """No widget: the value comes from the link or from the page."""
    if control.key not in st.session_state:
        st.session_state[control.key] = st.query_params.get(control.key, control.default)


_DRAW: dict[Kind, Callable[[Control], None]] = {
    "toggle": _toggle,
    "segmented": _segmented,
    "select": _select,
    "combo": _combo,
    "source": draw_source,
    "documents": draw_documents,
    "file": draw_file,
    "slider": _slider,
    "number": _number,
    "line": _line,
    "area": _area,
    "hidden": _hidden,
}
