"""A vote between motions whose names are hidden; what was voted stays in the session."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from engine.core import Result
from engine.core.digest import digest_bytes
from engine.labs.motion.config.lanes import LanesConfig
from engine.labs.motion.shipped import MODELS
from engine.labs.motion.views.lanes import LETTERS, Shown, blind_stage
from engine.labs.motion.views.vote import describe_tally, describe_vote, tally_table
from pages.kit import plain, say, set_values, show_skeletons
from pages.kit.asked import Asked

QUESTIONS = {"text": "Which fits the text better?", "motion": "Which moves better?"}
NEITHER = "No difference"
BLIND = "motion.blind"
BALLOT, TALLY = "#motion.ballot", "#motion.tally"


def blind(models: int) -> bool:
    """The switch of the vote; it takes two models to vote between."""
    return (
        st.toggle(
            "Blind vote",
            key=BLIND,
            bind="query-params",
            disabled=models < 2,
            help="Names, curves and figures are hidden until you have voted."
            if models > 1
            else "It takes two models; this result has one.",
        )
        and models > 1
    )


def show_vote(scene: Asked, result: Result, models: Sequence[Shown]) -> bool:
    """The ballot, or what it revealed; whether names may be shown."""
    ballot = _ballot(result, len(models))
    if ballot["given"] is None:
        show_skeletons(blind_stage(models, ballot["order"]), "motion_blind", height=380)
        st.markdown(f"Asked: **{plain(result.notes['text'])}**")
        letters = list(LETTERS[: len(models)])
        answers = {}
        for name, question in QUESTIONS.items():
            key = f"{BALLOT}.{name}.{ballot['number']}"
            answers[name] = st.segmented_control(question, [*letters, NEITHER], key=key)
        st.button(
            "Vote and see the names",
            type="secondary" if None in answers.values() else "primary",
            disabled=None in answers.values(),
            on_click=_give,
            args=(ballot, answers, [one.model for one in models]),
        )
        _tallies(scene)
        return False
    names = [MODELS[models[place].model or ""] for place in ballot["order"]]
    say(scene.lab, describe_vote(names, ballot["given"], QUESTIONS))
    _tallies(scene)
    st.button("Vote on another seed", on_click=_next, args=(scene,), icon=":material/casino:")
    return True


def _ballot(result: Result, models: int) -> dict[str, Any]:
    """An order nobody can foresee, kept while the same motions are on the page."""
    told = f"{result.notes['digests']} {result.notes['text']}".encode()
    mark = digest_bytes(told + result.array("pelvis").tobytes())
    ballot = st.session_state.get(BALLOT)
    if ballot is None or ballot["about"] != mark:
        order = list(range(models))
        secrets.SystemRandom().shuffle(order)
        number = 0 if ballot is None else ballot["number"] + 1
        ballot = {"about": mark, "order": order, "given": None, "number": number}
        st.session_state[BALLOT] = ballot
    return ballot


def _give(ballot: dict[str, Any], answers: dict[str, str], models: list[str]) -> None:
    tally = st.session_state.setdefault(TALLY, {name: Counter() for name in QUESTIONS})
    for name, answer in answers.items():
        chosen = "" if answer == NEITHER else models[ballot["order"][LETTERS.index(answer)]]
        tally[name][chosen] += 1
    st.session_state[BALLOT] = {**ballot, "given": answers}


def _next(scene: Asked) -> None:
    assert isinstance(scene.config, LanesConfig)
    set_values(scene.lab, scene.experiment, {"seed": (scene.config.seed + 1) % 1_000_000})


def _tallies(scene: Asked) -> None:
    tally = st.session_state.get(TALLY)
    if tally is None:
        return
    st.dataframe(tally_table(tally, QUESTIONS), hide_index=True)
    say(scene.lab, describe_tally(tally))
