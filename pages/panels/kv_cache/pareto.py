"""View 2: memory against damage; a click loads a format into every other view."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core import Result
from engine.labs.kv_cache.views.pareto import (
    DAMAGE,
    Damage,
    damage_bits,
    describe_changes,
    describe_pareto,
    draw_pareto,
    point_id,
    side,
)
from pages.kit import (
    choose,
    explain,
    field_key,
    form,
    obtain,
    palette,
    say,
    section,
    show,
    take_away,
)
from pages.panels.kv_cache.needs_model import needs_model
from pages.panels.kv_cache.scene import Scene

CHART = "kv_cache_pareto"


def show_pareto(scene: Scene) -> None:
    """The front of bits against damage for a menu of formats."""
    section(
        "Bits against damage",
        "Each point is a format, measured on the same windows. Click one to load it on the left.",
    )
    if needs_model(scene):
        return
    experiment = scene.lab.experiment("pareto")
    fields = ("menu", "sides", "orders", "windows", "extra")
    config = form(scene.lab, experiment, fields=fields, layout="row")
    obtained = obtain(scene.lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    damage: Damage = choose("Damage", DAMAGE, "kv_cache.damage")
    chosen = _chosen(scene, result)
    figure = draw_pareto(result, palette(), damage=damage, selected=chosen)
    show(
        figure,
        CHART,
        describe_pareto(result),
        export=lambda: _table(result),
        on_select=lambda: _load(scene, result),
    )
    say(scene.lab, describe_pareto(result))
    if changes := describe_changes(result):
        say(scene.lab, changes)
    if result.notes["skipped"]:
        reasons = "; ".join(f"{one['id']} ({one['reason']})" for one in result.notes["skipped"])
        st.caption(f"Left out, because they do not suit this model: {reasons}")
    _note(scene, result, chosen)
    with st.expander("All points as a table") as more:
        if more.open:
            st.dataframe(_table(result), hide_index=True, width="stretch")
    take_away(scene.lab, experiment, obtained.config, result)


def _chosen(scene: Scene, result: Result) -> str | None:
    """The point of the setting on the left, if it is among them."""
    settings = scene.settings
    quantised = settings.value_format if side(result) == "value" else settings.key_format
    wanted = f"{quantised}|{settings.order}"
    known = {point_id(point) for point in result.notes["points"]}
    return wanted if wanted in known else None


def _load(scene: Scene, result: Result) -> None:
    """Put the clicked format and order into the settings."""
    event: Any = st.session_state.get(CHART)
    points = event["selection"]["points"] if event else []
    if not points or not points[0].get("customdata"):
        return
    found = points[0]["customdata"]
    format_id, _, order = str(found[0]).partition("|")
    evaluate = scene.lab.experiment("evaluate")
    if side(result) != "value":
        st.session_state[field_key(scene.lab, evaluate, "key_format")] = format_id
        st.session_state[field_key(scene.lab, evaluate, "order")] = order
    if side(result) != "key":
        st.session_state[field_key(scene.lab, evaluate, "value_format")] = format_id


def _note(scene: Scene, result: Result, chosen: str | None) -> None:
    names = [point_id(point) for point in result.notes["points"]]
    if chosen is None:
        explain(scene.lab, "Pareto front")
        return
    i = names.index(chosen)
    low, high = result.array("delta_nll_low")[i], result.array("delta_nll_high")[i]
    explain(
        scene.lab,
        "Pareto front",
        bits=float(damage_bits(result)[i]),
        delta_nll=f"{result.array('delta_nll')[i]:+.4f} ({low:+.4f} to {high:+.4f})",
    )


def _table(result: Result) -> dict[str, Any]:
    points = result.notes["points"]
    columns: dict[str, Any] = {
        "format": [point["id"] for point in points],
        "order": [point["order"] for point in points],
    }
    return columns | {
        f"{name} [{field.unit}]": field.array for name, field in result.fields.items()
    }
