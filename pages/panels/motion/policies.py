"""View: key-frame masking, by hand on one clip and as it was measured in training."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.motion.config.restore import ROWS_A_TOKEN, RestoreConfig, written
from engine.labs.motion.shipped import is_shipped
from engine.labs.motion.views.restore import (
    draw_errors,
    draw_scores,
    masked_tokens,
    policy_rows,
    restore_stage,
    token_table,
)
from engine.labs.motion.views.restore_words import (
    describe_floor,
    describe_kernel,
    describe_policies,
    describe_restored,
    describe_scores,
)
from pages.kit import (
    View,
    badge,
    explain,
    form,
    palette,
    plain,
    say,
    set_values,
    show,
    show_skeletons,
    take_away,
)
from pages.kit.asked import Asked, begin
from pages.panels.motion.policies_measured import show_measured
from pages.panels.motion.tables import show_rows

SCORES = "motion_restore_scores"
REST = ("bandwidth", "passes", "told", "seed")


def policies_settings(lab: Lab) -> Asked:
    """The clip, which tokens are masked, and how they are restored."""
    experiment = lab.experiment("restore")
    source = form(lab, experiment, fields=("source",))
    made = getattr(source, "source", "sentence") == "sentence"
    form(lab, experiment, fields=("text",) if made else ("action", "style"))
    # The field of own tokens is always there: one that comes with a value of its own, as after a
    # drag over bars, would not be written into the link.
    config = form(lab, experiment, fields=("seconds", "policy", "share", "tokens", *REST))
    # What another view or the other kind of clip was told makes no other result.
    assert isinstance(config, RestoreConfig)
    return Asked(lab, experiment, config.settled())


def show_policies(scene: Asked) -> None:
    """The clip with its mask, the kernel, the policies on this clip, and the measurement."""
    found = begin(
        scene,
        "Key-frame masking",
        "KMM learns by restoring tokens that are masked, key frames first: dense ones that are far "
        "from whatever is denser. Drag over bars to mask tokens of your own.",
    )
    if found is None:
        if not is_shipped("kmm"):
            st.caption("KMM's weights are not in this checkout: no clip can be restored here.")
        show_measured(scene.lab)
        return
    obtained, result = found
    config = obtained.config
    assert isinstance(config, RestoreConfig)
    _origin(result, config)
    chosen = show_skeletons(restore_stage(result), "motion_restore", height=360)
    _toggle(scene, result, None if chosen is None else chosen[1] // ROWS_A_TOKEN)
    for words in (describe_restored(result), describe_floor(result)):
        say(scene.lab, words)
    figure = draw_scores(result, palette())
    show(figure, SCORES, describe_scores(result), export=lambda: token_table(result),
         on_select=lambda: _dragged(scene), selection_mode=("box", "points"))  # fmt: skip
    say(scene.lab, describe_kernel(result))
    figure = draw_errors(result, palette())
    show(figure, "motion_restore_errors", describe_restored(result),
         export=lambda: token_table(result))  # fmt: skip
    say(scene.lab, describe_policies(result))
    show_rows(policy_rows(result), "Errors of the restored tokens by what is masked.")
    show_measured(scene.lab)
    explain(
        scene.lab,
        "Masked tokens",
        bandwidth=f"{config.bandwidth:g}",
        masked=int(result.number("masked")),
        tokens=int(result.number("tokens")),
    )
    take_away(scene.lab, scene.experiment, obtained)


def _origin(result: Result, config: RestoreConfig) -> None:
    with st.container(horizontal=True, gap="small", key="motion-restore-badges"):
        badge("re-implementation, small data", "assumed", "Not the authors' weights.")
        if config.source == "procedural":
            badge("procedural clip", "synthetic", "Footsteps, reaches and free fall.")
        else:
            badge("clip made by KMM", "synthetic", "Its codes are at home in the codec.")
        badge(plain(result.notes["caption"])[:60], "exact")
    if result.notes["unread"]:
        st.caption("KMM knows no word of the caption: it restores without one.")


def _toggle(scene: Asked, result: Result, token: int | None) -> None:
    """The token under the playhead joins the mask, or leaves it."""
    count = int(result.number("tokens"))
    at = 0 if token is None else min(token, count - 1)
    masked = set(masked_tokens(result))
    wanted = sorted(masked ^ {at})
    st.button(
        f"{'Unmask' if at in masked else 'Mask'} token {at}",
        key="motion.restore#toggle",
        disabled=not 1 <= len(wanted) < count,
        help="the token where the playhead rests",
        on_click=_choose,
        args=(scene, wanted),
    )


def _dragged(scene: Asked) -> None:
    state = st.session_state.get(SCORES)
    points = state["selection"]["points"] if state else []
    wanted = sorted({int(point["x"]) for point in points})
    if wanted:
        _choose(scene, wanted)


def _choose(scene: Asked, tokens: list[int]) -> None:
    set_values(scene.lab, scene.experiment, {"policy": "own", "tokens": written(tokens)})


VIEW = View("Key-frame masking", policies_settings, show_policies)
