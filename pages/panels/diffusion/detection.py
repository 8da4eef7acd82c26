"""Detection: the scores of many prompts, a threshold, and every method side by side."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.diffusion.detect.methods import METHODS
from engine.labs.diffusion.detect.reading import offered, ordinary_names
from engine.labs.diffusion.views.claims import score_claims, update_claims
from engine.labs.diffusion.views.detection import (
    Choice,
    class_title,
    default_flagged,
    describe_area,
    describe_threshold,
    draw_classes,
    draw_roc,
    groups,
    rate_rows,
)
from engine.labs.diffusion.views.detection_table import (
    area_rows,
    describe_by_layer,
    describe_by_step,
    draw_by_layer,
    draw_by_step,
)
from engine.labs.diffusion.views.detection_words import findings
from engine.labs.diffusion.views.method_claims import one_step_claims
from engine.labs.diffusion.views.scores import RAIL
from pages.kit import (
    badge,
    choose,
    explain,
    form,
    linked,
    obtain,
    palette,
    plain,
    say,
    section,
    select,
    show,
    show_claims,
    take_away,
    took_away,
)

METHOD = "diffusion.detect_method"
AGAINST = "diffusion.detect_against"
SCALE = "diffusion.detect_scale"
AVERAGE = "diffusion.detect_average"
FLAGGED = "diffusion.detect_flagged"
STEPPED = "diffusion.detect_step_score"
ALL = "all"
UNSET = -1
FIELDS = ("copied", "against", "own_copied", "own_ordinary", "seeds", "first_seed", "most")
SCALES = {
    "none": "As published",
    "all": "Over ordinary",
    "family": "Over its family",
}
AVERAGES = {"mean": "Mean of all", "first": "The first alone"}


def show_detection(lab: Lab) -> None:
    """ROC, histogram and threshold of one method; then all of them, and what comes out."""
    section(
        "Copied or ordinary?",
        "Each score of copied prompts against that of ordinary ones. Unseen titles and single "
        "paintings use the words of the copied captions; scenes are captions of another kind.",
    )
    experiment = lab.experiment("detection")
    config = form(lab, experiment, fields=FIELDS, layout="row")
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    for sentence in findings(result):
        say(lab, sentence)
    choice = _choose(result)
    st.caption(plain(f"{METHODS[choice.method].rule} {METHODS[choice.method].source}."))
    _one_method(lab, result, choice)
    _all_methods(lab, result, choice)
    explain(lab, "Telling copied from ordinary", layers=len(result.notes["layers"]))
    if not took_away():
        take_away(lab, experiment, obtained)


def _choose(result: Result) -> Choice:
    first, second = st.columns(2, gap="large")
    with first:
        method = choose(
            "Method", {name: METHODS[name].title for name in offered(result)}, METHOD, menu=True
        )
        names = ordinary_names(result)
        rivals = {ALL: "All", **{name: class_title(name).capitalize() for name in names}}
        against = choose("Against", rivals, AGAINST)
    with second:
        scale = choose(
            "Score",
            SCALES,
            SCALE,
            default="family",
            help="over the mean of ordinary prompts that are not tested: of all, or of those whose "
            "captions are of the same family; Ren's D and Webster's edges stay as they are",
        )
        average = choose("Seeds", AVERAGES, AVERAGE)
    return Choice(
        method,
        () if against == ALL else (against,),
        scale,  # type: ignore[arg-type]
        average,  # type: ignore[arg-type]
    )


def _one_method(lab: Lab, result: Result, choice: Choice) -> None:
    found = groups(result, choice)
    flagged = _choose_flagged(len(found.every), default_flagged(found))
    words = describe_threshold(result, choice, flagged)
    left, right = st.columns(2, gap="large")
    with left:
        show(
            draw_roc(result, palette(), choice=choice, flagged=flagged),
            "diffusion_roc",
            describe_area(result, choice),
            export=lambda: {
                "copied": [True] * len(found.copied) + [False] * len(found.ordinary),
                "score": found.every,
            },
        )
    with right:
        show(
            draw_classes(result, palette(), choice=choice, flagged=flagged),
            "diffusion_score_classes",
            words,
        )
    say(lab, f"{describe_area(result, choice)} {words}")
    st.dataframe(rate_rows(result, choice), hide_index=True, width="content")


def _choose_flagged(count: int, default: int) -> int:
    flagged = linked(FLAGGED, UNSET, low=UNSET, high=count)
    widget = f"{FLAGGED}#slider"
    st.session_state[widget] = default if flagged == UNSET else flagged
    st.slider(
        "Threshold: so many of the highest scores are flagged",
        0,
        count,
        key=widget,
        on_change=lambda: select(FLAGGED, st.session_state[widget]),
        help="at first the most that leaves nineteen in twenty ordinary prompts alone",
    )
    return int(st.session_state[widget])


def _all_methods(lab: Lab, result: Result, choice: Choice) -> None:
    st.subheader("All methods", anchor=False)
    badge(
        "measured here",
        "measured",
        "AUC against each class with the 95 % bootstrap interval over prompts.",
    )
    st.caption(f"AUC against each class; scores: {SCALES[choice.scale].lower()}.")
    st.dataframe(area_rows(result, choice), hide_index=True, width="stretch")
    show_claims((*update_claims(result), *score_claims(result), *one_step_claims(result)))
    left, right = st.columns(2, gap="large")
    with left:
        name = choose("Each step alone", RAIL, STEPPED)
        words = describe_by_step(result, choice, name)
        show(
            draw_by_step(result, palette(), choice=choice, name=name),
            f"diffusion_auc_by_step_{name}",
            words,
        )
        say(lab, words)
    with right:
        words = describe_by_layer(result, choice)
        show(draw_by_layer(result, palette(), choice=choice), "diffusion_auc_by_layer", words)
        say(lab, words)
