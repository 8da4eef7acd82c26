"""The Streamlit helpers of every page."""

from pages.kit.errors import complain, error_boundary, plain
from pages.kit.form import form, keep_settings, set_values
from pages.kit.linked import choose, linked, select
from pages.kit.links import field_key, permalink, preset_query, query
from pages.kit.obtain import Obtained, default_result, forget, obtain
from pages.kit.pictures import show_pictures
from pages.kit.presets import config_link, preset_link, presets
from pages.kit.rooms import shown_labs
from pages.kit.run_panel import run_panel, visitor
from pages.kit.show import offer, show
from pages.kit.skeletons import show_skeletons
from pages.kit.take_away import take_away, took_away
from pages.kit.theme import palette
from pages.kit.timelines import show_timeline
from pages.kit.viewed import View, on_phone, show_views
from pages.kit.words import (
    badge,
    copy_as_python,
    explain,
    remember_lines,
    say,
    section,
    show_claims,
    show_terms,
    show_unmeasured,
)

__all__ = [
    "Obtained",
    "View",
    "badge",
    "choose",
    "complain",
    "config_link",
    "copy_as_python",
    "default_result",
    "error_boundary",
    "explain",
    "field_key",
    "forget",
    "form",
    "keep_settings",
    "linked",
    "obtain",
    "offer",
    "on_phone",
    "palette",
    "permalink",
    "plain",
    "preset_link",
    "preset_query",
    "presets",
    "query",
    "remember_lines",
    "run_panel",
    "say",
    "section",
    "select",
    "set_values",
    "show",
    "show_claims",
    "show_pictures",
    "show_skeletons",
    "show_terms",
    "show_timeline",
    "show_unmeasured",
    "show_views",
    "shown_labs",
    "take_away",
    "took_away",
    "visitor",
]
