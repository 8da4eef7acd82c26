"""A page with the run panel of the tiny lab; its jobs run in real job processes."""

import plotly.graph_objects as go
import streamlit as st

from engine.runtime import get_runner, runner
from engine.runtime.local import LocalRunner
from pages.kit import badge, choose, error_boundary, form, linked, obtain, show, take_away
from tests.tiny_lab import COUNT, LAB

st.set_page_config(layout="wide")


@st.cache_resource(max_entries=1)
def start() -> None:
    """The process-wide runner, which also knows the tiny lab."""
    runner._runner = LocalRunner(labs=["tests.tiny_lab:LAB"])
    get_runner().start()


start()
with error_boundary("the test page"):
    st.title("Tiny")
    view = choose("View", {"low": "From below", "high": "From above"}, "tiny.view")
    config = form(LAB, COUNT, layout="row")
    obtained = obtain(LAB, COUNT, config)
    cell = linked("tiny.cell", 0, low=0, high=9)
    st.text(f"cell {cell}, view {view}")
    if obtained.result is not None:
        badge("now" if obtained.fresh else "before", "good" if obtained.fresh else "warn")
        values = obtained.result.array("count")
        st.text(f"last {values[-1]:g}")
        figure = go.Figure(go.Scatter(y=values))
        show(figure, "count", f"The count ends at {values[-1]:g}", export={"count": values})
        take_away(LAB, COUNT, obtained)
