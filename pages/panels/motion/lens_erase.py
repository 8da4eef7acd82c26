"""Below the lens: every frame of several clips erased in turn, and KMM's claim beside it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from engine.core import Lab, Result
from engine.labs.motion.views.claims import erase_claims
from engine.labs.motion.views.erase import (
    RANKED,
    change_limits,
    clip_name,
    describe_claim,
    describe_rank,
    describe_sides,
    describe_untouched,
    draw_changes,
    draw_groups,
    draw_ranks,
    effect_table,
    token_labels,
)
from pages.kit import choose, form, obtain, offer, palette, say, section, show, show_claims
from pages.kit.components.matrix import matrix

OWN = ("texts", "seconds", "clips", "key_share")


def show_erase(lab: Lab) -> None:
    """Who is missed most, in several clips of several texts."""
    section(
        "Is a key frame missed more?",
        "Every token is erased in turn, in several clips. If key frames carry a clip, erasing "
        "one of them must change the other frames more than erasing any frame does.",
    )
    experiment = lab.experiment("erase")
    with st.expander("Texts and clips"):
        config = form(lab, experiment, fields=OWN, layout="row")
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    say(lab, f"{describe_sides(result)} {describe_untouched(result)}".strip())
    left, right = st.columns(2, gap="large")
    with left:
        figure = draw_groups(result, palette())
        show(figure, "motion_erase_groups", describe_claim(result),
             export=lambda: effect_table(result))  # fmt: skip
    with right:
        by = choose("Against", RANKED, "motion.ranked", default="read")
        figure = draw_ranks(result, palette(), by=by)
        show(figure, "motion_erase_ranks", describe_rank(result, by),
             export=lambda: effect_table(result))  # fmt: skip
    show_claims(erase_claims(result))
    _changes(result)


def _changes(result: Result) -> None:
    names = {str(at): clip_name(result, at) for at in range(int(result.number("clips")))}
    clip = int(choose("Clip", names, "motion.clip", menu=True))
    low, high = change_limits(result)
    values = np.maximum(1000 * result.array("change")[clip].astype(np.float64), low)
    matrix(
        values,
        key="motion_erase_changes",
        palette=palette(),
        title=clip_name(result, clip),
        row_title="Erased: first frame",
        column_title="Frame that changes",
        value="Mean change of a joint",
        unit="mm",
        row_labels=token_labels(result),
        log=True,
        limits=(low, high),
        height=320,
        alt=describe_sides(result),
    )
    offer("motion_erase_changes", lambda: draw_changes(result, palette(), clip=clip),
          describe_sides(result), lambda: effect_table(result))  # fmt: skip
