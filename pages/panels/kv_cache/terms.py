"""The field's words, each in one sentence, beside the place where they first appear."""

from __future__ import annotations

import streamlit as st

TERMS = {
    "Key and value": "what a transformer keeps of every token it has read: a query is compared "
    "with the keys, and the values are mixed by the result.",
    "KV head": "one of the parallel parts of a layer's cache; several query heads may share one.",
    "Channel": "one of the numbers of a key or value vector.",
    "RoPE": "rotary position embedding: pairs of channels are rotated by an angle that grows with "
    "the position.",
    "Logit": "a score before the softmax: of a key for a query, or of a token to come next.",
    "RMSE": "root mean square error; relative to the root mean square of the exact numbers.",
    "SQNR": "signal to quantisation noise ratio in decibels; larger is better.",
    "Outlier channel": "a channel that is much larger than the others at every token.",
    "Sort key": "the number by which channels are ordered before blocks are cut.",
    "KL": "Kullback-Leibler divergence from the exact to the quantised distribution.",
    "nat": "the unit of loss and KL with natural logarithms; 1 nat is 1.44 bits.",
    "Top-1 agreement": "how often both caches rank the same next token first.",
}


def show_terms() -> None:
    """A button that opens the list."""
    with st.popover("Terms", icon=":material/menu_book:", type="tertiary"):
        for term, meaning in TERMS.items():
            st.markdown(f"**{term}**: {meaning}")
