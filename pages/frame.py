"""The main script: navigation built from the registry, the page in use, and the foot line."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:  # `streamlit run pages/frame.py` starts inside pages/
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from engine import __version__  # noqa: E402
from engine.core import EngramError, labs  # noqa: E402
from engine.store import Store  # noqa: E402
from pages.kit import complain, error_boundary, palette, select, set_values, shown_labs  # noqa: E402
from pages.kit.drawn import begin_drawing  # noqa: E402
from pages.kit.form import begin_forms  # noqa: E402
from pages.kit.take_away import begin_foot  # noqa: E402
from pages.kit.words import begin_words  # noqa: E402

PAGES = Path(__file__).parent
MARK = ROOT / "assets" / "mark"


def reopen() -> None:
    """``?run=<id>`` on a lab's page: its settings become those of the run."""
    run_id = st.query_params.get("run")
    if run_id is None:
        return
    del st.query_params["run"]
    try:
        row = Store.open().runs.get(run_id)
        lab = labs()[row.lab]
        experiment = lab.experiment(row.experiment)
        set_values(lab, experiment, experiment.config.build(row.config).model_dump())
        select(f"{lab.name}.view", experiment.name)
    except EngramError as error:
        complain(error)


def follow_link() -> None:
    """A link to the page in use changes the settings but not the address bar: bring it along."""
    now = st.query_params.to_dict()
    if st.session_state.get("#query", now) != now:
        st.query_params.update({})


def main() -> None:
    """One run of the script."""
    st.set_page_config(page_title="Engram Lab", page_icon=str(MARK / "mark.svg"), layout="wide")
    st.html(PAGES / "kit" / "style.css")
    st.logo(str(MARK / f"wordmark-{palette().theme}.svg"), size="large")
    page = st.navigation(
        [
            st.Page("home.py", title="Gallery", default=True),
            *[st.Page(f"{lab.name}.py", title=lab.title) for lab in shown_labs()],
            st.Page("papers.py", title="Papers"),
            st.Page("runs.py", title="Runs"),
            st.Page("report.py", title="Report"),
            st.Page("about.py", title="Sources"),
        ],
        position="top",
    )
    begin_drawing(page.url_path)
    begin_foot()
    begin_forms()
    begin_words()
    follow_link()
    reopen()
    try:
        with error_boundary(f"the page {page.title}"):
            page.run()
    finally:
        st.session_state["#query"] = st.query_params.to_dict()
    st.space("large")
    st.caption(
        f"Engram Lab {__version__} · Apache-2.0 · [sources and licences](about) · "
        "every figure can be computed again with `python -m engine`"
    )


main()
