"""Finer facts for one's own memory: a language model reads its notes, and the map is drawn anew."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.corpus import Corpus, Passage
from pages.kit import field_key, select
from pages.panels.memory_graph.language import Language
from pages.panels.memory_graph.language_run import read_passages
from pages.panels.memory_graph.own_memory import Own


def show_facts(own: Own, language: Language | None, result: Result, memory: Memory) -> None:
    """The run of the model over the notes, and what is done with what it read."""
    with st.expander("Facts by a language model"):
        corpus = _corpus(result, memory)
        if corpus is None:
            st.markdown(
                "This memory was kept, or holds equal notes that became one: a language model "
                "reads documents as they were brought."
            )
            return
        if language is None:
            st.markdown(
                "Name a model under **Language model** in the settings to have it read these "
                "notes, or replay the record of an earlier run."
            )
        read = read_passages(language, corpus.passages, name="own")
        if read is None:
            return
        triples = field_key(own.lab, own.experiment, "triples")
        st.button(
            "Draw the memory with these facts",
            on_click=lambda: select(triples, read.keep_triples(corpus)),
            type="primary",
            key="memory_graph#own.facts",
        )


def _corpus(result: Result, memory: Memory) -> Corpus | None:
    """The passages in the order in which triples name them; None where notes are not they."""
    ids = result.notes.get("ids")
    entries = memory.entries()
    if ids is None or len(ids) != len(entries):
        return None
    passages = tuple(
        Passage(entry.title, entry.text, entry.source, entry.when) for entry in entries
    )
    return Corpus(passages, {key: place for place, key in enumerate(ids)})
