"""Settings of an experiment as widgets that read and write the URL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from engine.core import BadInput, Config, Experiment, Lab
from pages.kit.control import Control
from pages.kit.errors import complain
from pages.kit.links import field_key, link_text
from pages.kit.widgets import draw

ROW = 4
SAID = "#said"
DRAWN = "#drawn"
KEPT = "#kept"


def form(
    lab: Lab,
    experiment: Experiment,
    *,
    fields: Collection[str] | None = None,
    layout: Literal["column", "row"] = "column",
    key_prefix: str | None = None,
    label_prefix: str = "",
    options: Mapping[str, Sequence[Any]] | None = None,
) -> Config:
    """Draw the widgets of ``experiment`` and return its config.

    ``fields`` names the ones to draw (all by default); the others keep what another form, the
    link or the default says. ``options`` gives values to choose from to fields of type str.
    A key may be drawn once a page: ``key_prefix`` (instead of the lab's name) makes a second set,
    whose titles begin with ``label_prefix``.
    Values that cannot be used give one sentence, and the last valid config is returned.
    """
    cls = experiment.config
    controls = {
        name: Control(
            cls,
            name,
            _key(lab, experiment, name, key_prefix),
            _tuple(options, name),
            label_prefix,
        )
        for name in cls.model_fields
    }
    drawn = [controls[name] for name in (cls.model_fields if fields is None else fields)]
    plain = [control for control in drawn if not control.extra.get("advanced")]
    advanced = [control for control in drawn if control.extra.get("advanced")]
    for control in _places(plain, layout):
        _say(_draw(control))
    if advanced:
        with st.expander("More settings"):
            complaints = [_draw(control) for control in _places(advanced, layout)]
        for complaint in complaints:
            _say(complaint)  # out of the closed box, where nobody would see it
    values = {name: _value(control) for name, control in controls.items()}
    memory = f"#valid.{key_prefix or lab.name}.{experiment.name}"
    try:
        config = cls.build(values)
    except BadInput as error:
        complain_once(str(titled(cls, error, label_prefix)))
        last = st.session_state.get(memory)
        # A config of an older session may belong to an older class.
        return last if isinstance(last, cls) else cls()
    st.session_state[memory] = config
    return config


def keep_settings(lab: Lab, *key_prefixes: str) -> None:
    """Keep what was set in views that were not drawn: Streamlit forgets undrawn widgets.

    A page with a form for each view calls it when all is drawn; ``key_prefixes`` are those of its
    second sets. Drawn widgets are left alone: what a visitor is typing just now would be
    overwritten.
    """
    drawn = st.session_state.get(DRAWN, set())
    kept = st.session_state.setdefault(KEPT, set())
    kept -= drawn
    for experiment in lab.experiments:
        for name in experiment.config.model_fields:
            keys = [field_key(lab, experiment, name), *(f"{own}.{name}" for own in key_prefixes)]
            for key in keys:
                if key in st.session_state and key not in drawn:
                    st.session_state[key] = st.session_state[key]
                    kept.add(key)


def set_values(lab: Lab, experiment: Experiment, values: Mapping[str, Any]) -> None:
    """Set fields from code, before their widgets are drawn or in a callback."""
    for name, value in values.items():
        st.session_state[field_key(lab, experiment, name)] = value


def complain_once(sentence: str) -> None:
    """Say it once a run, however many forms of the page read the same value."""
    said = st.session_state.setdefault(SAID, set())
    if sentence not in said:
        said.add(sentence)
        complain(sentence)


def begin_forms() -> None:
    """Forget what was said and drawn in the run before; the frame calls this."""
    st.session_state[SAID] = set()
    st.session_state[DRAWN] = set()


def _key(lab: Lab, experiment: Experiment, name: str, prefix: str | None) -> str:
    return f"{prefix}.{name}" if prefix else field_key(lab, experiment, name)


def _tuple(options: Mapping[str, Sequence[Any]] | None, name: str) -> tuple[Any, ...]:
    return tuple((options or {}).get(name, ()))


def _places(controls: Sequence[Control], layout: str) -> Iterator[Control]:
    """Each control inside the container where it belongs."""
    if layout == "column":
        yield from controls
        return
    shown = [control for control in controls if control.kind != "hidden"]
    yield from (control for control in controls if control.kind == "hidden")
    for start in range(0, len(shown), ROW):
        row = shown[start : start + ROW]
        for control, column in zip(row, st.columns(max(len(row), 2)), strict=False):
            with column:
                yield control


def _say(sentence: str | None) -> None:
    if sentence is not None:
        complain_once(sentence)


def _draw(control: Control) -> str | None:
    """Draw; a sentence where the link asked for a value that the widget had to drop."""
    complaint = f"{control.key}#complaint"
    asked = st.query_params.get(control.key)
    if asked is not None and control.key in st.session_state.get(KEPT, ()):
        st.session_state.pop(control.key, None)  # a link was followed; what was kept yields to it
    elif asked == link_text(control.default):
        # The address has a default only where a link was just followed, and Streamlit would go on
        # with what the widget was set to before.
        st.session_state[control.key] = control.default
    if control.key in st.session_state:
        if error := control.check(st.session_state[control.key]):
            # Typed by hand, or within another view's bounds only; a widget would fail on it.
            kept = st.session_state.get(f"{control.key}#kept", control.default)
            st.session_state[control.key] = control.default if control.check(kept) else kept
            if control.kind == "combo":
                st.session_state[complaint] = (str(error), st.session_state[control.key])
    elif asked is not None and (error := control.check_link(asked)):
        st.session_state[complaint] = (str(error), control.default)
    draw(control)
    st.session_state.setdefault(DRAWN, set()).add(control.key)
    st.session_state[f"{control.key}#kept"] = _value(control)
    said = st.session_state.get(complaint)
    if said is not None:
        sentence, meanwhile = said
        if _value(control) == meanwhile:
            return sentence
        del st.session_state[complaint]
    return None


def _value(control: Control) -> Any:
    return st.session_state.get(control.key, control.default)


def titled(cls: type[Config], error: BadInput, prefix: str = "") -> BadInput:
    """The same complaint with the field called as its widget is."""
    field = cls.model_fields.get(error.field)
    title = field.title if field and field.title else error.field
    return BadInput(f"{prefix}{title}", error.reason)
