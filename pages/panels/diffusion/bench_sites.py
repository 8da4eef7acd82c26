"""The bench's question where the copies live: the same share cut at every kind of layer."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.core.units import percent
from engine.labs.diffusion.config import SitesConfig
from engine.labs.diffusion.views.sites import describe_sites, draw_sites, site_table
from pages.kit import badge, obtain, palette, say, section, show, take_away

FORMATS = {
    "SSIM": "%.2f",
    "Over 0.7": "percent",
    "Nearest is target": "percent",
    "SSIM held out": "%.2f",
    "Scenes as told": "percent",
    "Weights cut": "localized",
    "Weights": "localized",
}


def show_sites(lab: Lab, config: SitesConfig) -> None:
    """Bars, the sentence, and the table behind them."""
    experiment = lab.experiment("sites")
    section(
        "Where does it live?",
        "The paper looks at the second feed-forward layers. Here the same share is cut at every "
        "kind of layer, located and at random: a site that holds copies falls for the first and "
        "not for the second, and leaves the scenes as they are.",
    )
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    assert isinstance(obtained.config, SitesConfig)
    words = describe_sites(result)
    badge("measured here", "measured")
    show(
        draw_sites(result, palette(), words),
        "diffusion_sites",
        words,
        export=lambda: site_table(result),
    )
    say(lab, f"**{words}**")
    st.dataframe(
        site_table(result),
        hide_index=True,
        width="stretch",
        column_config={
            name: st.column_config.NumberColumn(format=form) for name, form in FORMATS.items()
        },
    )
    st.caption(
        f"Sparsity {percent(obtained.config.sparsity)} over the first {obtained.config.tau} steps. "
        "The sites differ in size: the same share is not the same number of weights. The text "
        "encoder runs once, so its mask joins no steps."
    )
    take_away(lab, experiment, obtained)
