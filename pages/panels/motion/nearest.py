"""The memorisation meter of one clip, where the recordings are beside the checkout."""

from __future__ import annotations

import streamlit as st

from engine.core import EngramError, Lab, Result
from engine.labs.motion.choices import has_recordings
from engine.labs.motion.data.corpus import default_data
from engine.labs.motion.memorised import Shelf, find_nearest, read_shelf
from engine.labs.motion.views.floor import positions_of
from engine.labs.motion.views.nearest import HOW, describe_part
from pages.kit import complain, say


def show_nearest(lab: Lab, result: Result) -> None:
    """The nearest training clip and how near real clips lie; a sentence where there are none."""
    if not has_recordings():
        st.caption("Nearest training clip: the recordings are not beside this checkout.")
        return
    try:
        shelf = _shelf(str(default_data()))
    except EngramError as error:
        complain(error)
        return
    found = find_nearest(shelf, positions_of(result))
    if found is None:
        st.caption("Nearest training clip: this clip is too short to compare.")
        return
    say(
        lab,
        f"**Nearest training clip**: {100 * found.distance:.1f} cm a joint away "
        f"({found.name}: {found.caption}; {describe_part(found.mirrored, found.start)}). "
        f"{100 * found.nearer:.0f} % of {len(shelf.usual)} real validation clips lie nearer to "
        f"one. {HOW}",
    )


@st.cache_resource(max_entries=1, show_spinner="Reading the recordings")
def _shelf(folder: str) -> Shelf:
    return read_shelf(folder)
