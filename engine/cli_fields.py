"""Options of an experiment, made from its Config class: one definition, no second list."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from engine.core.arguments import Arguments
from engine.core.config import Config
from engine.core.errors import BadInput
from engine.core.registry import Experiment

PREFIX = "field:"


def experiment_options(prog: str, experiment: Experiment) -> Arguments:
    """A parser with ``--field-name`` (or ``--field_name``) for every field, plus the output."""
    parser = field_options(prog, experiment)
    output = parser.add_argument_group("output")
    output.add_argument("--out", metavar="DIR", help="write arrays, metrics and manifest there")
    output.add_argument(
        "--no-store", dest="store", action="store_false", help="neither read nor keep a result"
    )
    output.add_argument("--json", action="store_true", help="last line: one JSON object")
    return parser


def field_options(prog: str, experiment: Experiment) -> Arguments:
    """A parser with the fields alone."""
    parser = Arguments(prog, f"{experiment.title}. {experiment.config.__doc__ or ''}".strip())
    fields = parser.add_argument_group("fields")
    schema = experiment.config.model_json_schema().get("properties", {})
    for name, entry in schema.items():
        flags = list(dict.fromkeys([f"--{name.replace('_', '-')}", f"--{name}"]))
        more: dict[str, Any] = {"metavar": _metavar(entry)}
        if entry.get("type") == "boolean":
            more |= {"nargs": "?", "const": "true"}
            negated = [flag.replace("--", "--no-", 1) for flag in flags]
            fields.add_argument(
                *negated, dest=PREFIX + name, action="store_const", const="false",
                help=f"the same as {flags[0]} false",
            )  # fmt: skip
        fields.add_argument(*flags, dest=PREFIX + name, help=_help(entry), **more)
    return parser


def config_from_options(
    kind: type[Config],
    given: Mapping[str, Any],
    read: Mapping[str, Callable[[str], Any]] | None = None,
) -> Config:
    """The config that the given options describe; raises BadInput naming the field.

    ``read`` holds the fields whose text is not read by their type alone.
    """
    schema = kind.model_json_schema().get("properties", {})
    texts = {
        key.removeprefix(PREFIX): text
        for key, text in given.items()
        if key.startswith(PREFIX) and text is not None
    }
    own = read or {}
    return kind.build(
        {
            name: own[name](text) if name in own else _value(text, schema[name])
            for name, text in texts.items()
        }
    )


def values_from_text(kind: type[Config], given: str) -> tuple[str, list[Any]]:
    """``field=a,b,c`` as the field and its values; a JSON list serves values with commas.

    Raises BadInput naming what is wrong.
    """
    schema = kind.model_json_schema().get("properties", {})
    written, mark, text = given.partition("=")
    name = written.strip().replace("-", "_")
    if not mark or name not in schema:
        known = ", ".join(schema)
        raise BadInput("--vary", f"field=a,b,c is required with one of the fields {known}")
    if text.lstrip().startswith("["):
        try:
            return name, list(json.loads(text))
        except (ValueError, RecursionError):
            raise BadInput(name, "a list that begins with [ must be JSON") from None
    return name, [_value(part.strip(), schema[name]) for part in text.split(",")]


def _value(text: str, entry: Mapping[str, Any]) -> Any:
    """``text`` as the value it stands for; what does not parse is left to the field to refuse."""
    kinds = _kinds(entry)
    if "null" in kinds and text.lower() in ("none", "null", ""):
        return None
    if "string" in kinds:
        return text
    if "array" in kinds and not text.lstrip().startswith("["):
        return [_value(part.strip(), entry.get("items", {})) for part in text.split(",") if part]
    try:
        return json.loads(text.lower() if kinds == {"boolean"} else text)
    except (ValueError, RecursionError):
        return text


def _kinds(entry: Mapping[str, Any]) -> set[str]:
    kinds = {entry["type"]} if isinstance(entry.get("type"), str) else set()
    for option in entry.get("anyOf", ()):
        kinds |= _kinds(option)
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    for choice in [*entry.get("enum", ()), *([entry["const"]] if "const" in entry else ())]:
        kinds.add(names.get(type(choice), "null"))
    return kinds


def _metavar(entry: Mapping[str, Any]) -> str:
    if "enum" in entry:
        return "{" + ",".join(str(choice) for choice in entry["enum"]) + "}"
    return next(iter(sorted(_kinds(entry) - {"null"})), "value").upper()


def _help(entry: Mapping[str, Any]) -> str:
    parts = [str(entry.get("title", ""))]
    if "help" in entry:
        parts.append(str(entry["help"]))
    low, high = entry.get("minimum"), entry.get("maximum")
    if low is not None and high is not None:
        parts.append(f"{low:g} to {high:g}")
    if entry.get("unit", "1") != "1":
        parts.append(f"in {entry['unit']}")
    if "default" in entry:
        parts.append(f"default {json.dumps(entry['default'], ensure_ascii=False)}")
    # argparse expands percent signs in help texts.
    return "; ".join(part for part in parts if part).replace("%", "%%")
