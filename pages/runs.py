"""Every run: where it stands, what it asked for, and how to open, keep or forget it."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from engine.core import Config, EngramError, Experiment, Lab, NotFound, get_lab
from engine.core.units import seconds
from engine.runtime import get_runner
from engine.store import RunRow, Store
from engine.store.export import field_table, to_csv, to_npz, to_parquet
from pages.kit import badge, error_boundary, forget, permalink, plain
from pages.kit.links import MAX_QUERY
from pages.kit.run_panel import differences

PER_PAGE = 20
EVERY = 1.0  # seconds between two looks at a live run
STATES = {
    "queued": "assumed", "running": "measured", "done": "good",
    "failed": "bad", "cancelled": "synthetic", "lost": "warn",
}  # fmt: skip


def known(row: RunRow) -> tuple[Lab, Experiment, Config]:
    """The lab, experiment and config of a run; raises EngramError when they are gone."""
    lab = get_lab(row.lab)
    experiment = lab.experiment(row.experiment)
    return lab, experiment, experiment.config.build(row.config)


def when(stamp: float) -> str:
    """A time in the visitor's zone where the browser told it."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(st.context.timezone) if st.context.timezone else UTC
    return datetime.fromtimestamp(stamp, zone).strftime("%d %b %Y, %H:%M")


def show_row(store: Store, row: RunRow) -> None:
    """One run as one card."""
    with st.container(border=True, key=f"run-{row.id}"):
        try:
            lab, experiment, config = known(row)
            title, changes = f"{lab.title}: {experiment.title}", differences(config, type(config)())
        except EngramError as error:
            lab = experiment = config = None
            title, changes = f"{row.lab} {row.experiment}", str(error)
        text, state, actions = st.columns([6, 2, 4], vertical_alignment="center")
        name = f"**{plain(row.tag)}**  \n" if row.tag else ""
        text.markdown(f"{name}**{plain(title)}**  \n{plain(changes or 'default settings')}")
        with state.container(gap="xxsmall"):
            if row.live:
                st.fragment(follow, run_every=EVERY)(row.id)
            else:
                show_state(row)
        with actions.container(horizontal=True, horizontal_alignment="right"):
            if lab and experiment and config:
                link = permalink(lab, experiment, config, {"view": experiment.name})
                long = len(link) > MAX_QUERY
                st.link_button("Open", f"/{lab.name}?run={row.id}" if long else f"/{link}")
            show_actions(store, row)
        if row.error:
            st.caption(plain(row.error))


def show_state(row: RunRow) -> None:
    """Where a run stands, since when and how far."""
    badge(row.state, STATES[row.state])
    st.caption(f"{when(row.created)}{duration(row)}")


def follow(run_id: str) -> None:
    """Where a live run stands, again and again; the whole page once it has ended.

    The list is not drawn again for it: on a busy server that takes longer than the time between
    two looks, and the page would never come to rest.
    """
    with error_boundary("the run"):
        try:
            row = Store.open().runs.get(run_id)
        except NotFound:
            st.rerun()
        if not row.live:
            st.rerun()
        show_state(row)


def duration(row: RunRow) -> str:
    """How long a run took, or where a live one stands."""
    if row.state == "running" and row.total:
        return f", {row.done:g} of {row.total:g}"
    return f", {seconds(row.ended - row.started)}" if row.ended and row.started else ""


def show_actions(store: Store, row: RunRow) -> None:
    """Name a run; cancel a live one; export or delete an ended one."""
    with st.popover("Name"):
        st.text_input(
            "A name of your own",
            value=row.tag,
            max_chars=80,
            key=f"tag-{row.id}",
            on_change=lambda: store.runs.tag(row.id, st.session_state[f"tag-{row.id}"]),
        )
    if row.live:
        if st.button("Cancel", key=f"cancel-{row.id}", disabled=row.cancel_asked is not None):
            get_runner().cancel(row.id)
            st.rerun()
        return
    if row.state == "done" and store.results.has(row.digest):
        with st.popover("Export"):
            show_exports(store, row)
    with st.popover("Delete"):
        st.markdown("The run and its stored result go; settings in links stay.")
        if st.button("Delete", key=f"delete-{row.id}", type="primary"):
            store.runs.delete(row.id)
            store.results.delete(row.digest)
            forget()
            st.rerun()


def show_exports(store: Store, row: RunRow) -> None:
    """Downloads that are made when they are asked for."""

    def loaded():
        result = store.results.load(row.digest)
        if result is None:
            raise NotFound("the result is no longer kept here")
        return result

    manifest = store.results.manifest(row.digest) or {}
    stem = f"{row.lab}-{row.experiment}-{row.digest}"
    st.download_button(
        "All arrays (npz)", lambda: to_npz(loaded()), f"{stem}.npz", key=f"npz-{row.id}",
        on_click="ignore",
    )  # fmt: skip
    names = list(manifest.get("fields", {})) or list(loaded().fields)
    name = st.selectbox("Field", names, key=f"field-{row.id}")
    for label, ending, make in (("CSV", "csv", to_csv), ("Parquet", "parquet", to_parquet)):
        st.download_button(
            f"{label} of this field",
            lambda make=make: make(field_table(loaded()[name], name)),
            f"{stem}-{name}.{ending}",
            key=f"{ending}-{row.id}",
            on_click="ignore",
        )


def show_list() -> None:
    """A page of runs."""
    with error_boundary("the list of runs"):
        store = Store.open()
        count = store.runs.count()
        if not count:
            st.info("No runs yet. Open a lab and change a setting.", icon=":material/info:")
            return
        pages = (count - 1) // PER_PAGE + 1
        number = st.pagination(pages, key="runs.page", bind="query-params") if pages > 1 else 1
        for row in store.runs.list(PER_PAGE, PER_PAGE * ((number or 1) - 1)):
            show_row(store, row)


st.title("Runs", anchor=False)
st.markdown(
    "Equal settings share one run, and a result is kept under the digest of its settings. "
    "A run goes on when you close the page."
)
show_list()
