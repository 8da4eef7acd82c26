"""Named situations as links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.core import Config, Experiment, Lab
from pages.kit.links import field_key, link_text, query


def presets(lab: Lab, *, view: str = "") -> None:
    """A chip per featured preset: a permalink whose tooltip tells the story.

    With ``view`` the others that open this view.
    """
    chosen = [
        preset
        for preset in lab.presets
        if (not preset.featured and preset.page.get("view") == view if view else preset.featured)
    ]
    if not chosen:
        return
    key = f"{lab.name}-presets-{view}" if view else f"{lab.name}-presets"
    with st.container(horizontal=True, gap="small", key=key):
        for preset in chosen:
            preset_link(lab, preset.name)


def preset_link(lab: Lab, name: str) -> None:
    """The link of one preset."""
    preset = next(preset for preset in lab.presets if preset.name == name)
    experiment = lab.experiment(preset.experiment)
    config = experiment.config.build(preset.config)
    page = {"view": experiment.name, **preset.page}
    config_link(lab, experiment, config, page, label=preset.title, help=preset.story)


def config_link(
    lab: Lab,
    experiment: Experiment,
    config: Config,
    page: Mapping[str, Any],
    *,
    label: str,
    help: str | None = None,
    icon: str | None = None,
) -> None:
    """A link to the lab's page with ``config`` and the state ``page``."""
    st.page_link(
        f"{lab.name}.py",
        label=label,
        help=help,
        icon=icon,
        query_params=_from_here(lab, experiment, query(lab, experiment, config, page)),
    )


def _from_here(lab: Lab, experiment: Experiment, asked: dict[str, str]) -> dict[str, str]:
    """``asked``, and the defaults of what other views set and keep, or the address says, by now.

    A link that was just followed stands in the address before a widget has taken it up.
    """
    default = experiment.config()
    for name in experiment.config.model_fields:
        key, plain = field_key(lab, experiment, name), getattr(default, name)
        words = link_text(plain)
        changed = st.session_state.get(key, plain) != plain
        if key not in asked and (changed or st.query_params.get(key, words) != words):
            asked[key] = words
    return asked
