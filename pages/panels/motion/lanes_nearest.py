"""How near every motion lies to a clip that the models were trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from engine.core import BadInput, Lab
from engine.labs.motion.data.corpus import default_data, load_examples
from engine.labs.motion.evaluation.copies import Training
from engine.labs.motion.features import encode
from engine.labs.motion.references import has_recordings
from engine.labs.motion.shipped import cards
from engine.labs.motion.views.lanes import Shown
from engine.labs.motion.views.nearest import describe_nearest, nearest_table
from pages.kit import complain, say


@st.cache_resource(max_entries=1, show_spinner=False)
def _training(folder: str) -> tuple[Training, list[str]]:
    examples = load_examples(folder, "train")
    return Training([one.rows for one in examples]), [
        f"{one.action}{f', {one.style}' if one.style else ''} ({one.name})" for one in examples
    ]


def show_nearest(lab: Lab, shown: Sequence[Shown]) -> None:
    """The nearest training clip of every motion, where the recordings are at hand."""
    if not has_recordings():
        return
    with st.expander("Nearest training clip", key="motion.nearest", on_change="rerun") as at:
        if not at.open:
            return
        try:
            training, names = _training(str(default_data()))
        except BadInput as error:
            complain(error)
            return
        found = training.nearest([encode(one.positions.astype(np.float64)) for one in shown])
        rows = nearest_table(shown, found, names)
        st.dataframe(rows, hide_index=True, width="stretch")
        say(lab, describe_nearest(shown, found, cards()))
