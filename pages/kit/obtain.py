"""A config becomes a result: shipped, stored, or computed while the page stays usable."""

from __future__ import annotations

import os
from dataclasses import dataclass

import streamlit as st

from engine.core import BadInput, Config, EngramError, Experiment, Lab, Result
from engine.store import Store, lookup
from pages.kit.drawn import remember_source
from pages.kit.form import complain_once, titled
from pages.kit.run_panel import mark_previous, run_panel
from pages.kit.words import python_lines, remember_lines


@dataclass(frozen=True)
class Obtained:
    """What the page can show now.

    ``config`` is the one that ``result`` belongs to; ``fresh`` is False while that is not
    ``asked``, the config that was asked for. ``result`` is None only when nothing at all is there
    to show.
    """

    result: Result | None
    config: Config
    fresh: bool
    asked: Config


class _AbsentError(Exception):
    """Keeps a miss out of the cache."""


def obtain(lab: Lab, experiment: Experiment, config: Config, *, fall_back: bool = True) -> Obtained:
    """The result of ``config``, or the last one shown while it is being computed.

    Where there is no result yet, a panel is drawn here: cost and Start (or a start by itself when
    a run takes at most two seconds), then progress, metrics so far, time left and Cancel.
    Without ``fall_back`` no earlier result takes its place, and it takes none's.
    """
    found = _obtain(lab, experiment, config, fall_back)
    if found.result is not None:
        remember_source(lab, experiment, found.config)
        # A view may show several experiments, and its foot is that of one.
        remember_lines(experiment.title, python_lines(lab, experiment, found.config))
    return found


def _obtain(lab: Lab, experiment: Experiment, config: Config, fall_back: bool) -> Obtained:
    memory = f"#shown.{lab.name}.{experiment.name}"
    last = st.session_state.get(memory) if fall_back else None
    try:
        config.admit(local=os.environ.get("ENGRAM_LOCAL") == "1")
        config = config.grounded(Store.open().inputs.put)
    except EngramError as error:
        # Nothing is lost by a model or file that cannot be used: the figures stay.
        complain_once(_sentence(config, error))
        return _kept(lab, experiment, config, last, fall_back)
    result = find(lab, experiment, config)
    if result is not None:
        if fall_back:
            st.session_state[memory] = config
        return Obtained(result, config, True, config)
    shown = _kept(lab, experiment, config, last, fall_back)
    try:
        config.fits(Store.open().inputs.get)
    except EngramError as error:
        complain_once(_sentence(config, error))
        if shown.result is not None and shown.config != config:
            mark_previous(shown.config, config)
        return shown
    run_panel(lab, experiment, config, shown.config if shown.result is not None else None)
    return shown


def _sentence(config: Config, error: EngramError) -> str:
    return str(titled(type(config), error) if isinstance(error, BadInput) else error)


def _kept(
    lab: Lab, experiment: Experiment, asked: Config, last: Config | None, fall_back: bool
) -> Obtained:
    """What stays on the page: the result shown last, else the shipped default, else nothing."""
    for config in (last, experiment.config()) if fall_back else ():
        if isinstance(config, experiment.config):
            result = find(lab, experiment, config)
            if result is not None:
                return Obtained(result, config, False, asked)
    return Obtained(None, asked, False, asked)


def default_result(lab: Lab, experiment: Experiment) -> Result | None:
    """The result of the default config, for thumbnails."""
    return find(lab, experiment, experiment.config())


def find(lab: Lab, experiment: Experiment, config: Config) -> Result | None:
    """A result that is here already; the ones used last stay in memory."""
    digest = experiment.digest(lab.name, config)
    try:
        return _loaded(str(Store.open().home), digest, lab, experiment, config)
    except _AbsentError:
        return None


def forget() -> None:
    """Look on the disk again: results were deleted."""
    _loaded.clear()


@st.cache_resource(max_entries=12, show_spinner=False)
def _loaded(home: str, digest: str, _lab: Lab, _experiment: Experiment, _config: Config) -> Result:
    result = lookup(_lab, _experiment, _config)
    if result is None:
        raise _AbsentError
    return result
