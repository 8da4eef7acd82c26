"""A page with the form of the optional language model and a run over four passages."""

from pathlib import Path

import streamlit as st

from engine.labs.memory_graph.corpus import as_corpus
from pages.kit import error_boundary
from pages.panels.memory_graph.language import language_model
from pages.panels.memory_graph.language_run import read_passages
from tests.memory_corpora import PASSAGES

st.set_page_config(layout="wide")
st.html(Path(__file__).parents[2] / "pages" / "kit" / "style.css")
st.title("Language", anchor=False)
with error_boundary("the test page"):
    model = language_model() if st.toggle("Form", True) else None
    st.text(f"model {model!r}")
    read = read_passages(model, PASSAGES)
    if read is not None:
        st.text(f"triples {sum(map(len, filter(None, read.extraction.triples)))}")
        st.text(f"digest {read.extraction.digest}")
        st.text(f"kept {read.keep_record()} {read.keep_triples(as_corpus(PASSAGES))}")
