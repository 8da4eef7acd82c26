"""Keep a memory, let it grow and fade, and take it away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import streamlit as st

from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.living.forgetting import Threshold
from engine.store.memories import Limits
from pages.kit import Obtained, plain, section
from pages.panels.memory_graph import own_acts
from pages.panels.memory_graph.own_acts import UPLOAD_MB, WRITING, attempt, say_outcome
from pages.panels.memory_graph.own_memory import Own

LONGEST_NOTE = 100_000
ANY_DAY = {"min_value": date(1, 1, 1), "max_value": date(9999, 12, 31)}
FORMULAS = {
    "paper": "as the paper writes it",
    "code": "as the authors' code has it",
    "corrected": "the code, corrected",
}


def show_keep(own: Own, obtained: Obtained, memory: Memory) -> None:
    """Downloads for every memory; for a kept one, all that changes it."""
    section("Keep it")
    say_outcome()
    counts = memory.counts()
    if not own.kept:
        limits = Limits.read()
        st.markdown(
            "This memory is the result of a computation and never changes. A kept copy has an "
            "address of its own: it grows note by note without being built again, forgets, "
            f"answers and merges. {_terms(limits)}"
        )
        with st.form("memory_graph-keep", border=False):
            name, button = st.columns([3, 1], vertical_alignment="bottom")
            name.text_input("Name", "My memory", max_chars=80, key=f"{WRITING}keep-name")
            button.form_submit_button(
                "Keep this memory",
                type="primary",
                on_click=attempt,
                args=(own_acts.keep, own, obtained, memory),
            )
        _take_away(memory, "memory")
        return
    st.markdown(
        f"**{plain(own.label)}** has {counts['notes']:,} notes, {counts['ghosts']:,} of them "
        f"forgotten, with {counts['phrases']:,} names and {counts['facts']:,} facts. Whoever has "
        "the link of this page can read and change it; nobody can list it."
    )
    _stale(own, obtained, counts["notes"])
    tabs = st.tabs(["Add a note", "Ask", "Forget", "Merge", "Delete"])
    with tabs[0]:
        _add_form(own, memory)
    with tabs[1]:
        _ask_form(memory)
    with tabs[2]:
        _forget_form(own, memory)
    with tabs[3]:
        _merge_form(own, memory)
    with tabs[4]:
        _delete_form(own)
    _take_away(memory, own.label)


def _terms(limits: Limits) -> str:
    """How long and how large, in words."""
    age = f"for {limits.days:g} days after its last use" if limits.days else "until it is deleted"
    return f"It is kept {age}, with at most {limits.one_mb:g} MB."


def _stale(own: Own, obtained: Obtained, notes: int) -> None:
    drawn = int(obtained.result.number("notes")) if obtained.result is not None else notes
    if notes != drawn:
        more = notes - drawn
        words, button = st.columns([3, 1], vertical_alignment="center")
        words.markdown(
            f"{more} {'note' if more == 1 else 'notes'} came after the map was drawn; search and "
            "the ego graphs know them already."
        )
        button.button(
            "Draw the map again",
            on_click=attempt,
            args=(own_acts.redraw, own),
            width="stretch",
        )


def _add_form(own: Own, memory: Memory) -> None:
    with st.form("memory_graph-add", border=False):
        st.text_area("Note", key=f"{WRITING}text", max_chars=LONGEST_NOTE, height=140)
        title, day = st.columns(2)
        title.text_input("Title", key=f"{WRITING}title", max_chars=300)
        day.date_input(
            "Date",
            None,
            key=f"{WRITING}when",
            min_value=date(1, 1, 1),
            max_value=date(9999, 12, 31),
        )
        st.form_submit_button("Add", on_click=attempt, args=(own_acts.add, own, memory))


def _ask_form(memory: Memory) -> None:
    st.markdown("What is found on a day is recalled on it, and lasts longer.")
    with st.form("memory_graph-ask", border=False):
        question, day = st.columns([3, 1])
        question.text_input("Question", key=f"{WRITING}question", max_chars=1000)
        day.date_input("On", key=f"{WRITING}asked", **ANY_DAY)
        st.form_submit_button("Ask and recall", on_click=attempt, args=(own_acts.ask, memory))
    if answers := st.session_state.get(f"{WRITING}answers"):
        st.dataframe(answers, hide_index=True, width="stretch")


def _forget_form(own: Own, memory: Memory) -> None:
    st.markdown(
        "Every dated note fades from its date, or from its last recall, to the day given here. "
        "What falls below the threshold is forgotten: it keeps its history and is found no more."
    )
    with st.form("memory_graph-forget", border=False):
        day, formula, least = st.columns(3)
        day.date_input("Day", key=f"{WRITING}day", **ANY_DAY)
        formula.selectbox(
            "Formula",
            list(FORMULAS),
            format_func=lambda name: FORMULAS[name],
            key=f"{WRITING}formula",
        )
        least.slider("Least retention", 0.0, 1.0, Threshold().least, 0.05, key=f"{WRITING}least")
        st.form_submit_button("Forget", on_click=attempt, args=(own_acts.forget, own, memory))


def _merge_form(own: Own, memory: Memory) -> None:
    st.markdown("A memory's file, or what its export wrote. Notes that are here already stay once.")
    with st.form("memory_graph-merge", border=False):
        st.file_uploader(
            f"Memory (.memory or .jsonl, at most {UPLOAD_MB} MB)",
            key=f"{WRITING}merge",
            max_upload_size=UPLOAD_MB,
        )
        st.form_submit_button("Merge", on_click=attempt, args=(own_acts.merge, own, memory))


def _delete_form(own: Own) -> None:
    with st.form("memory_graph-delete", border=False):
        st.checkbox("Delete this kept memory for good", key=f"{WRITING}sure")
        st.form_submit_button("Delete", on_click=attempt, args=(own_acts.delete, own))


def _take_away(memory: Memory, label: str) -> None:
    name = "".join(c if c.isalnum() else "-" for c in label.lower()).strip("-")[:60] or "memory"
    kinds: list[tuple[str, str, str, Callable[[], bytes], str]] = [
        ("Memory file", "memory", "application/vnd.sqlite3", memory.to_bytes, "opens here again"),
        (
            "Notes (JSONL)",
            "jsonl",
            "application/x-ndjson",
            memory.lines,
            "notes with their history",
        ),
        ("Graph (GraphML)", "graphml", "application/xml", memory.graphml, "for Gephi and others"),
    ]
    with st.container(horizontal=True):
        for words, ending, mime, make, help in kinds:
            st.download_button(
                words,
                make,
                file_name=f"{name}.{ending}",
                mime=mime,
                key=f"{WRITING}take-{ending}",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                help=help,
            )
