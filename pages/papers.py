"""Every paper that the labs follow: its claim, what was measured here, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from engine.core import STANDINGS, Claim, Comparison, Config, Experiment, Lab, NotFound, Paper
from engine.store import Store, lookup
from pages.kit import (
    choose,
    config_link,
    error_boundary,
    section,
    show_claims,
    show_unmeasured,
    shown_labs,
)


def compared(lab: Lab) -> Iterator[tuple[Comparison, Experiment, Config]]:
    """What the lab compares, with the config of each."""
    for comparison in lab.comparisons():
        experiment = lab.experiment(comparison.experiment)
        yield comparison, experiment, experiment.config.build(comparison.config)


def claims_of(
    lab: Lab, at: int, experiment: Experiment, config: Config
) -> tuple[Claim, ...] | None:
    """The claims of the lab's comparison ``at``; None where its result is not here."""
    home, digest = str(Store.open().home), experiment.digest(lab.name, config)
    try:
        return _read(home, lab.name, at, digest, lab, experiment, config)
    except NotFound:
        return None


@st.cache_resource(max_entries=256, show_spinner="Reading what was measured")
def _read(
    home: str, name: str, at: int, digest: str, _lab: Lab, _experiment: Experiment, _config: Config
) -> tuple[Claim, ...]:
    result = lookup(_lab, _experiment, _config)
    if result is None:
        raise NotFound(f"{name} has no result {digest}")  # an error is not kept, an answer is
    return tuple(_lab.comparisons()[at].claims(result))


def cite(paper: Paper) -> str:
    """One line of a list of sources."""
    title = f"[{paper.title}]({paper.link})" if paper.link else paper.title
    number = f", arXiv:{paper.arxiv}" if paper.arxiv else ""
    return f"{title}. {paper.authors}, {paper.year}{number}"


def show_lab(lab: Lab) -> None:
    """The papers with a claim, what was measured beside it or why nothing was, then the others."""
    section(lab.title, anchor=f"papers-{lab.name}")
    found: dict[str, list[tuple[Comparison, Experiment, Config, list[Claim]]]] = {}
    absent = []
    for at, (comparison, experiment, config) in enumerate(compared(lab)):
        claims = claims_of(lab, at, experiment, config)
        if claims is None:
            absent.append((comparison, experiment, config))
        for link in dict.fromkeys(claim.paper for claim in claims or ()):
            own = [claim for claim in claims or () if claim.paper == link]
            found.setdefault(link, []).append((comparison, experiment, config, own))
    untested = lab.unmeasured()
    told = count([claim for rows in found.values() for row in rows for claim in row[3]],
                 len(untested))  # fmt: skip
    if told:
        st.markdown(told)
    claimed = found.keys() | {claim.paper for claim in untested}
    for paper in lab.papers:
        if paper.link in claimed:
            st.space("small")
            show_paper(paper)
            for comparison, experiment, config, claims in found.get(paper.link, ()):
                show_claims(claims)
                show_link(lab, comparison, experiment, config)
            show_unmeasured(claim for claim in untested if claim.paper == paper.link)
    for comparison, experiment, config in absent:
        st.caption(f"{experiment.title}: not computed here yet.")
        show_link(lab, comparison, experiment, config)
    others = [paper for paper in lab.papers if paper.link not in claimed]
    if others:
        title = f"{len(others)} more sources: methods, formats and data that the lab builds on"
        with st.expander(title):
            st.markdown("\n".join(f"- {cite(paper)}" for paper in others))


def count(claims: list[Claim], untested: int) -> str:
    """How many claims hold, hold in part, do not show, and could not be compared or measured.

    Nothing where there is none.
    """
    told = [claim.standing for claim in claims]
    parts = [f"{words} {told.count(one)}" for one, words in STANDINGS.items() if one in told]
    parts += [f"not measured here {untested}"] if untested else []
    number = len(claims) + untested
    return f"{number} claim{'s' if number > 1 else ''}: {', '.join(parts)}." if number else ""


def show_paper(paper: Paper) -> None:
    """Its title and who wrote it."""
    st.subheader(paper.title, anchor=False)
    where = paper.link.removeprefix("https://") or "no address is known"
    st.caption(f"{paper.authors}, {paper.year}. [{where}]({paper.link})")


def show_link(lab: Lab, comparison: Comparison, experiment: Experiment, config: Config) -> None:
    """The view that shows the measurement, with its settings."""
    page = {"view": experiment.name, **comparison.page}
    config_link(lab, experiment, config, page, label=f"See it: {experiment.title}",
                icon=":material/arrow_forward:")  # fmt: skip


st.title("Papers", anchor=False)
st.markdown(
    "What the papers behind the labs claim, what was measured here, and whether it shows. The "
    "right side and the verdicts are computed from results that can be opened, changed and "
    "repeated; a claim that nothing here can test says why. Published figures say where they were "
    "read."
)
rooms = {lab.name: lab for lab in shown_labs()}
every = {"all": "All labs", **{name: lab.title for name, lab in rooms.items()}}
asked = choose("Lab", every, "papers.lab", label_visibility="collapsed")
for lab in rooms.values() if asked == "all" else (rooms[asked],):
    with error_boundary(f"the papers of {lab.title}"):
        show_lab(lab)
