"""A run as the visitor sees it: what it costs, how far it is, how to stop it.

The state lies in the store and not in the session: a reload, a second tab or another browser
shows the same run.
"""

from __future__ import annotations

import time
from contextlib import suppress

import streamlit as st
from pydantic.fields import FieldInfo

from engine.core import Config, EngramError, Experiment, Lab, NotFound
from engine.core.digest import digest_bytes
from engine.core.units import seconds
from engine.runtime import get_runner
from engine.runtime.runner import ClosedRunner
from engine.store import RunRow, Store
from pages.kit.errors import complain, error_boundary, plain

CHEAP_SECONDS = 2.0
EVERY = 0.5
SPARKLINES = 4
STOPPED = {
    "failed": "The last try failed",
    "cancelled": "The last try was cancelled",
    "lost": "The last try was lost with the process that computed it",
    "done": "The result is no longer kept here",
}


def run_panel(lab: Lab, experiment: Experiment, config: Config, shown: Config | None) -> None:
    """Show the live run of ``config``, or offer to start one; cheap ones start by themselves.

    ``shown`` is the config whose result stays on the page meanwhile, None when there is none.
    """
    digest = experiment.digest(lab.name, config)
    row = Store.open().runs.find(digest)
    cost = experiment.cost_seconds(config)
    closed = isinstance(get_runner(), ClosedRunner)
    unseen = row is None or row.state == "done"
    with st.container(border=True, key=f"{lab.name}-{experiment.name}-run"):
        if unseen and cost <= CHEAP_SECONDS and not closed:
            row = _submit(lab, experiment, config) or row
        if row is not None and row.live:
            st.fragment(_live, run_every=EVERY)(row.id, shown is not None)
        else:
            _offer(lab, experiment, config, row, cost, closed)
        if shown is not None and shown != config:
            mark_previous(shown, config)


def visitor() -> str:
    """Who asks, for the queue limits: a hash of the address, "local" on this machine."""
    address = st.context.ip_address
    return digest_bytes(address.encode()) if isinstance(address, str) else "local"


def differences(one: Config, other: Config) -> str:
    """The settings of ``one`` that ``other`` has not, in words."""
    parts = []
    for name, field in type(one).model_fields.items():
        mine = getattr(one, name)
        if mine != getattr(other, name, None) and (mine or not _is_hidden(field)):
            parts.append(f"{(field.title or name).lower()} {_in_words(str(mine))}")
    return ", ".join(parts)


def _is_hidden(field: FieldInfo) -> bool:
    """Whether the page keeps the field by itself: a visitor never saw that it is empty."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and extra.get("widget") == "hidden"


def _in_words(value: str) -> str:
    """A setting as a visitor knows it: a file by its name, JSON and long texts in short."""
    if value.startswith("input:"):
        with suppress(EngramError):
            value = Store.open().inputs.name(value)
    if value.startswith("{"):
        return "of its own"
    return f"{value[:37]}..." if len(value) > 40 else value or "empty"


def _submit(lab: Lab, experiment: Experiment, config: Config) -> RunRow | None:
    try:
        run_id = get_runner().submit(lab.name, experiment.name, config, visitor=visitor())
        return Store.open().runs.get(run_id)
    except EngramError as error:
        complain(error)
        return None


def _offer(
    lab: Lab,
    experiment: Experiment,
    config: Config,
    row: RunRow | None,
    cost: float,
    closed: bool,
) -> None:
    words = "These settings have not been computed yet."
    if row is not None:
        why = f": {plain(row.error).rstrip('.')}" if row.error else ""
        words = f"{STOPPED[row.state]}{why}."
    if closed:
        st.markdown(f"{words} New runs are switched off on this server.")
        return
    text, button = st.columns([4, 1], vertical_alignment="center")
    text.markdown(f"{words} A run takes about **{seconds(cost)}** on two cores.")
    key = f"{lab.name}.{experiment.name}#start"
    if button.button("Compute", key=key, type="primary", width="stretch") and _submit(
        lab, experiment, config
    ):
        st.rerun()


def _live(run_id: str, has_previous: bool) -> None:
    with error_boundary("the run"):
        store = Store.open()
        try:
            row = store.runs.get(run_id)
        except NotFound:
            st.rerun()
        if not row.live:
            st.rerun()
        text, button = st.columns([4, 1], vertical_alignment="center")
        stopping = row.cancel_asked is not None
        fraction = min(row.done / row.total, 1.0) if row.total else 0.0
        text.progress(fraction, text=_progress_words(store, row))
        if button.button(
            "Stopping" if stopping else "Cancel",
            key=f"run-{row.id}-cancel",
            disabled=stopping,
            width="stretch",
        ):
            get_runner().cancel(row.id)
            st.rerun(scope="fragment")
        _metrics(store, row)


def _progress_words(store: Store, row: RunRow) -> str:
    if row.state == "queued":
        ahead = store.runs.ahead(row.id)
        others = {0: "it is next", 1: "1 run is ahead"}.get(ahead, f"{ahead} runs are ahead")
        reason = store.runs.reason(row.id)
        return f"Waiting: {others}{f'; {reason}' if reason else ''}"
    if row.cancel_asked is not None:
        return "Stopping"
    passed = max(0.0, time.time() - (row.started or row.created))
    # What the first moments tell of the rest is worthless: they load and warm up.
    early = passed < 5 and row.done < 0.05 * (row.total or 0)
    if not row.total or not row.done or early:
        return f"Starting, {seconds(passed)} so far"
    left = passed / row.done * max(row.total - row.done, 0.0)
    return f"{row.done:g} of {row.total:g}, {seconds(passed)} so far, about {seconds(left)} left"


def _metrics(store: Store, row: RunRow) -> None:
    series = list(store.runs.metrics(row.id).items())[:SPARKLINES]
    if not series:
        return
    columns = st.columns(SPARKLINES)
    for (name, (_, values)), column in zip(series, columns, strict=False):
        finite = [float(value) for value in values[-200:] if value == value]
        if finite:
            column.metric(
                name.replace("_", " "),
                f"{finite[-1]:.4g}",
                chart_data=finite if len(finite) > 1 else None,
                chart_type="line",
            )


def mark_previous(shown: Config, asked: Config) -> None:
    """Say that the figures below are not those that were asked for, and which they are."""
    old = differences(shown, asked)
    words = f" ({plain(old)})" if old else ""
    st.markdown(
        ":orange-badge[:material/history: previous settings] "
        f"The figures below are for the previous settings{words}."
    )
