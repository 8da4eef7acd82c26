"""What the event view cuts again on the page, kept for the settings used last: no job is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from engine.core import Lab, Result
from engine.labs.memory_graph.living.border_rows import BorderRow, score_between, score_methods
from engine.labs.memory_graph.living.cohesion import Measure
from engine.labs.memory_graph.living.events import Statistics
from engine.labs.memory_graph.living.recut import (
    Cut,
    cut,
    cut_between,
    fixed_borders,
    piece_starts,
    refined,
)
from engine.labs.memory_graph.views.event_borders import GAMMA
from engine.labs.memory_graph.views.event_cohesion import token_rows
from engine.labs.memory_graph.views.events import PART, PARTS, part_of
from pages.kit import Obtained, choose, linked, select
from pages.panels.memory_graph.scene import MIDDLE, TOKEN

DRAWN = {
    "surprise": "Surprise",
    "modularity": "Modularity",
    "conductance": "Conductance",
}


@dataclass(frozen=True, eq=False)
class Scene:
    """A stream, how it is cut at present, and the chosen token."""

    lab: Lab
    obtained: Obtained
    result: Result
    digest: str
    cut: Cut
    other: Cut
    drawn: str
    token: int
    part: tuple[int, int]

    @property
    def refined(self) -> dict[Measure, np.ndarray]:
        """Boundaries after refinement of the whole stream."""
        return refined_cut(self.digest, self.cut.gamma, self.cut.statistics, self.result)

    @property
    def opening(self) -> np.ndarray:
        """The boundaries that are drawn as events."""
        if self.drawn == "surprise":
            return self.cut.opening
        return dict(self.refined)[self.drawn]  # type: ignore[index]

    @property
    def by(self) -> str:
        """Where they come from, in words."""
        return "by surprise" if self.drawn == "surprise" else f"refined by {self.drawn}"


def cut_scene(lab: Lab, obtained: Obtained, result: Result) -> Scene:
    """The controls of the cut, and the scene that they make."""
    columns = st.columns([4, 3, 6, 2.4], gap="medium")
    with columns[0]:
        gamma = st.slider(
            "Gamma",
            0.0,
            4.0,
            value=GAMMA,
            step=0.1,
            key="memory_graph.gamma",
            bind="query-params",
            help="standard deviations above the mean that open an event; 1.0 in the authors' "
            "configurations",
        )
    with columns[1]:
        statistics = choose(
            "Statistics as in",
            {"code": "Code", "paper": "Paper"},
            "memory_graph.statistics",
            help="code: mean and std once for each chunk of 512 tokens, from the window that ends "
            "with it; paper: over the 4,096 tokens before each token. Conductance is read alike.",
        )
    with columns[2]:
        drawn = choose(
            "Events by",
            DRAWN,
            "memory_graph.drawn",
            help="surprise alone, or its boundaries after refinement",
        )
    with columns[3]:
        size = choose("Tokens shown", {str(n): str(n) for n in PARTS}, "memory_graph.part",
                      default=str(PART), menu=True)  # fmt: skip
    experiment = lab.experiment("events")
    digest = experiment.digest(lab.name, obtained.config)
    other: Statistics = "paper" if statistics == "code" else "code"
    length = len(result.array("surprise"))
    token = linked(TOKEN, MIDDLE, low=MIDDLE, high=length - 1)
    token = length // 2 if token == MIDDLE else token
    return Scene(
        lab,
        obtained,
        result,
        digest,
        surprise_cut(digest, gamma, statistics, result),
        surprise_cut(digest, gamma, other, result),
        drawn,
        token,
        part_of(token, length, int(size)),
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def surprise_cut(digest: str, gamma: float, statistics: Statistics, _result: Result) -> Cut:
    """Threshold and boundaries: milliseconds."""
    return cut(_result.array("surprise"), gamma, statistics)


@st.cache_resource(max_entries=32, show_spinner=False)
def refined_cut(
    digest: str, gamma: float, statistics: Statistics, _result: Result
) -> dict[Measure, np.ndarray]:
    """Both refinements of the whole stream: tenths of a second."""
    opening = surprise_cut(digest, gamma, statistics, _result).opening
    return refined(
        opening, token_rows(_result), reading=statistics, clip=bool(_result.notes["clip"])
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def border_rows(
    digest: str, gamma: float, statistics: Statistics, tolerance: int, _result: Result
) -> list[BorderRow]:
    """Scores of all methods against the known borders."""
    found = surprise_cut(digest, gamma, statistics, _result).opening
    after = refined_cut(digest, gamma, statistics, _result)
    length = len(_result.array("surprise"))
    methods = {
        "surprise": found,
        **{str(name): opening for name, opening in after.items()},
        "fixed size": fixed_borders(length, len(found)),
    }
    given, piece = _result.array("border").astype(np.int64), _result.array("piece")
    rows = score_methods(methods, given, length, tolerance)
    if len(given) < len(piece_starts(piece)):
        # Segments of several passages, as the sessions of a chat: cuts between turns can be judged.
        between = cut_between(_result.array("surprise"), piece, gamma)
        rows.append(score_between(between, given, piece, tolerance))
    return rows


def choose_clicked(key: str) -> None:
    """The clicked place of a figure becomes the chosen token; call it as its ``on_select``."""
    event = st.session_state.get(key)
    points = event["selection"]["points"] if event else []
    if points and "x" in points[0]:
        select(TOKEN, max(0, round(float(points[0]["x"]))))
