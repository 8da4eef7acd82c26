"""One field of a config as one widget, bound to the URL."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types
import streamlit as st
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from engine.core import BadInput, Config
from engine.core.errors import EngramError, from_validation
from engine.io.text import read_text
from engine.store import Store
from pages.kit.errors import complain
from pages.kit.links import link_text

Kind = Literal[
    "toggle", "segmented", "select", "slider", "number", "line", "area", "combo", "source", "hidden"
]
MAX_SEGMENTS = 5
MAX_SLIDER = 1000
UPLOAD_MB = 2


@dataclass(frozen=True)
class Control:
    """What a widget needs to know about its field."""

    config: type[Config]
    name: str
    key: str
    options: tuple[Any, ...] = ()
    label_prefix: str = ""

    @property
    def field(self) -> FieldInfo:
        """The pydantic definition."""
        return self.config.model_fields[self.name]

    @property
    def extra(self) -> dict[str, Any]:
        """``json_schema_extra`` of the field."""
        extra = self.field.json_schema_extra
        return extra if isinstance(extra, dict) else {}

    @property
    def default(self) -> Any:
        """The default of the field."""
        return self.field.get_default(call_default_factory=True)

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values of a Literal, else the options of the page or of the field."""
        if get_origin(self.field.annotation) is Literal:
            return get_args(self.field.annotation)
        if self.options:
            return self.options
        source = self.extra.get("options", ())
        return tuple(_called(source)) if isinstance(source, str) else tuple(source)

    @property
    def label(self) -> str:
        """Prefix, title and unit."""
        title = self.field.title or self.name.replace("_", " ").capitalize()
        title = f"{self.label_prefix}{title}"
        unit = self.extra.get("unit")
        return title if not unit or title.lower().endswith(unit) else f"{title} ({unit})"

    @property
    def help(self) -> str | None:
        """The tooltip."""
        text = self.extra.get("help") or self.field.description
        return str(text) if text else None

    def bound(self, *kinds: str) -> Any:
        """The first bound among ``kinds`` ("ge", "le", "multiple_of", "max_length"), or None."""
        for mark in self.field.metadata:
            for kind in kinds:
                if hasattr(mark, kind):
                    return getattr(mark, kind)
            if isinstance(mark, annotated_types.Len) and "max_length" in kinds:
                return mark.max_length
        return None

    @property
    def kind(self) -> Kind:
        """Which widget shows the field."""
        wish = self.extra.get("widget")
        if wish in get_args(Kind):
            return wish
        if wish == "text" and self.choices:
            return "source"
        annotation = self.field.annotation
        if annotation is bool:
            return "toggle"
        if get_origin(annotation) is Literal:
            return "segmented" if len(self.choices) <= MAX_SEGMENTS else "select"
        if annotation in (int, float):
            low, high = self.bound("ge"), self.bound("le")
            narrow = low is not None and high is not None
            small = narrow and (annotation is float or high - low <= MAX_SLIDER)
            return "slider" if small else "number"
        if annotation is str:
            return "combo" if self.choices else "line"
        raise TypeError(f"{self.config.__name__}.{self.name}: no widget shows {annotation}")

    def check_link(self, text: str) -> BadInput | None:
        """What is wrong with ``text`` from a link for this field, or None."""
        for choice in self.choices if get_origin(self.field.annotation) is Literal else ():
            if link_text(choice) == text:
                return None
        return self.check(text)

    def check(self, value: Any) -> BadInput | None:
        """What is wrong with ``value`` for this field alone, or None."""
        try:
            _adapter(self.config, self.name).validate_python(value)
        except ValidationError as error:
            return from_validation(error, self.config, self.name, self.label)
        return None


def draw(control: Control) -> None:
    """Show the widget; its value is then ``st.session_state[control.key]``."""
    _DRAW[control.kind](control)


def _common(control: Control) -> dict[str, Any]:
    return {"key": control.key, "help": control.help, "bind": "query-params"}


def _toggle(control: Control) -> None:
    st.toggle(control.label, value=control.default, **_common(control))


def _segmented(control: Control) -> None:
    st.segmented_control(
        control.label,
        control.choices,
        default=control.default,
        required=True,
        width="stretch",
        **_common(control),
    )


def _select(control: Control) -> None:
    choices = list(control.choices)
    st.selectbox(control.label, choices, index=choices.index(control.default), **_common(control))


def _combo(control: Control) -> None:
    """Known values to choose from; others can be typed and are checked by the config."""
    choices = list(dict.fromkeys([*control.choices, control.default]))
    st.selectbox(
        control.label,
        choices,
        index=choices.index(control.default),
        accept_new_options=True,
        **_common(control),
    )


def _source(control: Control) -> None:
    """A shipped sample or a file of the visitor's own, kept in the store by its content."""
    store = Store.open()
    choices = list(dict.fromkeys([control.default, *control.choices]))
    own = st.session_state.get(control.key) or st.query_params.get(control.key, "")
    names = {}
    if isinstance(own, str) and own.startswith("input:"):
        try:
            names[own] = store.inputs.name(own)
            choices.append(own)
        except EngramError as error:
            st.session_state.pop(control.key, None)
            complain(error)
    elif isinstance(own, str) and own and own not in choices:
        allowed = ", ".join(str(choice) for choice in choices)
        complain(BadInput(control.label, f"must be one of {allowed} or an uploaded file"))
    st.selectbox(control.label, choices, index=0, **_common(control))
    for name in names.values():
        st.caption(f"Your file: `{name.replace('`', '')}`")
    with st.popover("Your own file", icon=":material/upload_file:", type="tertiary"):
        st.file_uploader(
            f"{control.label} (a text file in UTF-8, at most {UPLOAD_MB} MB)",
            key=f"{control.key}#upload",
            max_upload_size=UPLOAD_MB,
            on_change=_take_upload,
            args=(control.key,),
        )
        # Inside: the open popover would cover a sentence below it.
        if refused := st.session_state.get(f"{control.key}#refused"):
            complain(refused)


def _take_upload(key: str) -> None:
    upload = st.session_state.get(f"{key}#upload")
    st.session_state.pop(f"{key}#refused", None)
    if upload is None:
        return
    data = upload.getvalue()
    try:
        read_text(data, limit=UPLOAD_MB * 2**20, field="file")
        st.session_state[key] = Store.open().inputs.put(data, upload.name)
        st.session_state.pop(f"{key}#complaint", None)
    except EngramError as error:
        st.session_state[f"{key}#refused"] = str(error)


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
        **_common(control),
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
        **_common(control),
    )


def _line(control: Control) -> None:
    limit = control.bound("max_length")
    st.text_input(control.label, value=control.default, max_chars=limit, **_common(control))


def _area(control: Control) -> None:
    limit = control.bound("max_length")
    st.text_area(
        control.label, value=control.default, max_chars=limit, height=96, **_common(control)
    )


def _hidden(control: Control) -> None:
    """No widget: the value comes from the link or from the page."""
    if control.key not in st.session_state:
        st.session_state[control.key] = st.query_params.get(control.key, control.default)


_DRAW: dict[str, Callable[[Control], None]] = {
    "toggle": _toggle,
    "segmented": _segmented,
    "select": _select,
    "combo": _combo,
    "source": _source,
    "slider": _slider,
    "number": _number,
    "line": _line,
    "area": _area,
    "hidden": _hidden,
}


@cache
def _adapter(config: type[Config], name: str) -> TypeAdapter[Any]:
    field = config.model_fields[name]
    if not field.metadata:
        return TypeAdapter(field.annotation)
    return TypeAdapter(Annotated[(field.annotation, *field.metadata)])


@cache
def _called(source: str) -> Sequence[Any]:
    module, _, function = source.partition(":")
    return tuple(getattr(importlib.import_module(module), function)())
