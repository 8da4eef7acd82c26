"""What a widget needs to know about its field."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from engine.core import BadInput, Config
from engine.core.errors import from_validation
from pages.kit.links import link_text

Kind = Literal[
    "toggle",
    "segmented",
    "select",
    "slider",
    "number",
    "line",
    "area",
    "combo",
    "source",
    "documents",
    "file",
    "hidden",
]
MAX_SEGMENTS = 5
MAX_SLIDER = 1000


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

    @property
    def bound_to_url(self) -> dict[str, Any]:
        """What every bound widget is given."""
        return {"key": self.key, "help": self.help, "bind": "query-params"}

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
