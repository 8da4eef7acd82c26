"""Names of settings in the URL, and permalinks made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from engine.core import Config, Experiment, Lab, Preset

MAX_QUERY = 1800


def field_key(lab: Lab, experiment: Experiment, name: str) -> str:
    """The widget key and query parameter of a field: ``<lab>.<field>``.

    Experiments of a lab share the parameter, so that a choice made in one view holds in the
    others. Where an experiment has another default than most, its parameter is its own:
    ``<lab>.<experiment>.<field>``.
    """
    return _keys(lab)[experiment.name, name]


def link_text(value: Any) -> str:
    """A setting as the URL writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def query(
    lab: Lab,
    experiment: Experiment,
    config: Config,
    page: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """The query parameters that reopen ``config``; ``page`` adds state such as the view."""
    state = {f"{lab.name}.{name}": link_text(value) for name, value in (page or {}).items()}
    fields = {
        field_key(lab, experiment, name): link_text(value)
        for name, value in config.changed().items()
    }
    return {**state, **fields}


def permalink(
    lab: Lab,
    experiment: Experiment,
    config: Config,
    page: Mapping[str, Any] | None = None,
) -> str:
    """A link to the lab's page with ``config``, relative to the root of the server."""
    pairs = query(lab, experiment, config, page)
    return f"{lab.name}?{urlencode(pairs)}" if pairs else lab.name


def preset_query(lab: Lab, preset: Preset) -> dict[str, str]:
    """The query parameters of a preset; raises BadInput when its config is not valid."""
    experiment = lab.experiment(preset.experiment)
    config = experiment.config.build(preset.config)
    return query(lab, experiment, config, {"view": experiment.name, **preset.page})


@cache
def _keys(lab: Lab) -> dict[tuple[str, str], str]:
    defaults: dict[str, list[tuple[str, str]]] = {}
    for experiment in lab.experiments:
        for name, field in experiment.config.model_fields.items():
            value = repr(field.get_default(call_default_factory=True))
            defaults.setdefault(name, []).append((experiment.name, value))
    keys = {}
    for name, entries in defaults.items():
        # The first of the most frequent defaults: Counter keeps the order of appearance.
        common = Counter(value for _, value in entries).most_common(1)[0][0]
        for experiment_name, value in entries:
            own = "" if value == common else f"{experiment_name}."
            keys[experiment_name, name] = f"{lab.name}.{own}{name}"
    return keys
