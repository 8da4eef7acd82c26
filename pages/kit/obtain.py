"""A config becomes a result: shipped, stored, or computed while the page stays usable."""

from __future__ import annotations

import os
from dataclasses import dataclass

import streamlit as st

from engine.core import Config, Experiment, Lab, Result
from engine.store import Store, lookup
from pages.kit.run_panel import run_panel


@dataclass(frozen=True)
class Obtained:
    """What the page can show now.

    ``config`` is the one that ``result`` belongs to; ``fresh`` is False while that is not the
    config that was asked for. ``result`` is None only when nothing at all is there to show.
    """

    result: Result | None
    config: Config
    fresh: bool
    digest: str


class _AbsentError(Exception):
    """Keeps a miss out of the cache."""


def obtain(lab: Lab, experiment: Experiment, config: Config, *, fall_back: bool = True) -> Obtained:
    """The result of ``config``, or the last one shown while it is being computed.

    Where there is no result yet, a panel is drawn here: cost and Start (or a start by itself when
    a run takes at most two seconds), then progress, metrics so far, time left and Cancel.
    Without ``fall_back`` no earlier result takes its place, and it takes none's.
    """
    config.admit(local=os.environ.get("ENGRAM_LOCAL") == "1")
    config = config.grounded(Store.open().inputs.put)
    digest = experiment.digest(lab.name, config)
    memory = f"#shown.{lab.name}.{experiment.name}"
    result = find(lab, experiment, config)
    if result is not None:
        if fall_back:
            st.session_state[memory] = config
        return Obtained(result, config, True, digest)
    shown = previous(lab, experiment, st.session_state.get(memory)) if fall_back else None
    run_panel(lab, experiment, config, shown.config if shown else None)
    return shown or Obtained(None, config, False, digest)


def previous(lab: Lab, experiment: Experiment, last: Config | None) -> Obtained | None:
    """The result shown last, else the shipped default, else None."""
    for config in (last, experiment.config()):
        if isinstance(config, experiment.config):
            result = find(lab, experiment, config)
            if result is not None:
                return Obtained(result, config, False, experiment.digest(lab.name, config))
    return None


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
