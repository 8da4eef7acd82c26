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
    describe_iso,
    describe_mixed,
    describe_pareto,
    draw_pareto,
    find_point,
    loaded_settings,
    point_id,
    setting_bits,
)
from engine.labs.kv_cache.views.sweep_claims import sweep_claims
from pages.kit import (
    choose,
    explain,
    form,
    obtain,
    palette,
    say,
    section,
    set_values,
    show,
    show_claims,
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
    chosen = find_point(result, scene.settings)
    iso = setting_bits(result, scene.settings, obtained.config.window)
    figure = draw_pareto(result, palette(), damage=damage, selected=chosen, iso_bits=iso)
    show(
        figure,
        CHART,
        describe_pareto(result),
        export=lambda: _table(result),
        on_select=lambda: _load(scene, result),
    )
    say(scene.lab, describe_pareto(result))
    if iso is not None:
        say(scene.lab, describe_iso(result, iso))
    for finding in (describe_mixed(result), describe_changes(result)):
        if finding:
            say(scene.lab, finding)
    if result.notes["skipped"]:
        reasons = "; ".join(f"{one['id']} ({one['reason']})" for one in result.notes["skipped"])
        st.caption(f"Left out, because they do not suit this model: {reasons}")
    _note(scene, result, chosen)
    with st.expander("All points as a table", key="kv_cache.points", on_change="rerun") as more:
        if more.open:
            st.dataframe(_table(result), hide_index=True, width="stretch")
    show_claims(sweep_claims(result))
    take_away(scene.lab, experiment, obtained)


def _load(scene: Scene, result: Result) -> None:
    """Put the formats and the order of the clicked point into the settings."""
    event: Any = st.session_state.get(CHART)
    points = event["selection"]["points"] if event else []
    if not points or not points[0].get("customdata"):
        return
    wanted = loaded_settings(result, str(points[0]["customdata"][0]))
    set_values(scene.lab, scene.lab.experiment("evaluate"), wanted)


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
        name: [point[name] for point in points] for name in ("key_format", "value_format", "order")
    }
    return columns | {
        f"{name} [{field.unit}]": field.array for name, field in result.fields.items()
    }
