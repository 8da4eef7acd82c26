"""One selection a page, kept in the URL: what is chosen in one figure lights up in the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import streamlit as st

from pages.kit.links import link_text

T = TypeVar("T", int, str)


def linked(
    key: str,
    default: T,
    *,
    low: int | None = None,
    high: int | None = None,
    options: Sequence[T] | None = None,
) -> T:
    """The selection under ``key`` ("<lab>.<name>"), from the URL at first, clamped to what exists.

    For selections without a widget of their own, such as a clicked cell: ``select`` sets them. A
    selection that also has a widget needs no ``linked``; give the widget the key and
    ``bind="query-params"``.
    """
    written, fallback = f"#written.{key}", f"#default.{key}"
    in_url = st.query_params.get(key)
    # The URL wins when it is not what was left there: a first visit, a link, the Back button.
    if key not in st.session_state or (in_url or "") != st.session_state.get(written, ""):
        st.session_state[key] = default if in_url is None else in_url
    elif in_url is None and st.session_state[key] == st.session_state.get(fallback, default):
        # Nobody chose it; where the default depends on a result, it is another one by now.
        st.session_state[key] = default
    st.session_state[fallback] = default
    value = _fit(st.session_state[key], default, low, high, options)
    st.session_state[key] = value
    text = "" if value == default else link_text(value)
    if not text and in_url is not None:
        del st.query_params[key]
    elif text and in_url != text:
        st.query_params[key] = text
    st.session_state[written] = text
    return value


def select(key: str, value: int | str) -> None:
    """Choose ``value``: call it in a callback, or before ``linked`` of the same key."""
    st.session_state[key] = value
    st.session_state[f"#written.{key}"] = st.query_params.get(key, "")


def _fit(
    value: Any, default: T, low: int | None, high: int | None, options: Sequence[T] | None
) -> T:
    try:
        value = type(default)(value)
    except (TypeError, ValueError):
        return default
    if options is not None and value not in options:
        return default
    if isinstance(value, int):
        if low is not None:
            value = max(low, value)
        if high is not None:
            value = min(high, value)
    return value


def choose(
    label: str,
    options: Mapping[str, str],
    key: str,
    *,
    default: str | None = None,
    label_visibility: Literal["visible", "hidden", "collapsed"] = "visible",
    help: str | None = None,
    width: Literal["content", "stretch"] = "content",
    menu: bool = False,
) -> str:
    """One of ``options`` (name -> what is written on it), with the name in the URL.

    Buttons side by side, or a ``menu`` where there is no room for them.

    A bound widget with a ``format_func`` writes its labels into the URL and drops a link that
    uses the names; this one keeps the names.
    """
    value = linked(key, default or next(iter(options)), options=list(options))
    widget = f"{key}#choice"
    st.session_state[widget] = value

    def take() -> None:
        select(key, st.session_state[widget])

    settings: dict[str, Any] = {
        "format_func": lambda name: options[name],
        "key": widget,
        "on_change": take,
        "label_visibility": label_visibility,
        "help": help,
    }
    if menu:
        st.selectbox(label, list(options), **settings)
    else:
        st.segmented_control(label, list(options), required=True, width=width, **settings)
    return value
