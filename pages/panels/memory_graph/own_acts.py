"""What changes a kept memory, in callbacks: each gives back what it did as a sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime

import streamlit as st

from engine.core import BadInput, EngramError
from engine.core.settings import MB
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.memory import entries_in
from engine.labs.memory_graph.memory_write import Entry
from engine.store import Store
from pages.kit import Obtained, complain, plain
from pages.kit.uploads import uploaded_bytes
from pages.panels.memory_graph import own_memory
from pages.panels.memory_graph.own_memory import Own

TOLD = "#memory_graph.told"
WRITING = "memory_graph#"
UPLOAD_MB = 20
MERGE_NOTES, MERGE_NAMES = 2_000, 4_000


def attempt(act: Callable[..., str], *args: object) -> None:
    """Do something in a callback; its sentence, or the error's, is said on the page."""
    try:
        st.session_state[TOLD] = ("done", act(*args))
    except EngramError as error:
        st.session_state[TOLD] = ("refused", str(error))


def say_outcome() -> None:
    """What the last act did, once."""
    kind, sentence = st.session_state.pop(TOLD, ("", ""))
    if kind == "refused":
        complain(sentence)
    elif sentence:
        st.success(plain(sentence), icon=":material/check:")


def keep(own: Own, obtained: Obtained, memory: Memory) -> str:
    """A copy of the memory with an address of its own."""
    config = obtained.config.model_dump()
    label = str(st.session_state.get(f"{WRITING}keep-name", "")).strip() or "My memory"
    key = Store.open().memories.keep(
        memory.to_bytes(),
        label,
        drawn=config["corpus"],
        keep_rest="true" if config["keep_rest"] else "false",
    )
    own_memory.open_kept(own.lab, own.experiment, key)
    return f"{label} is kept. The link of this page opens it: keep that link."


def add(own: Own, memory: Memory) -> str:
    """One note more; nothing is built again."""
    Store.open().memories.check_room(own.kept)
    before = len(memory)
    when = st.session_state.get(f"{WRITING}when")
    note = memory.add(
        st.session_state.get(f"{WRITING}text", ""),
        when or "",
        st.session_state.get(f"{WRITING}title", "").strip(),
        source="written on the page",
    )
    if len(memory) == before:
        return f"This note was there already, as note {note}."
    for field in ("text", "title"):
        st.session_state[f"{WRITING}{field}"] = ""
    late = " Its date lies in the future." if when and when > _today() else ""
    return f"Note {note} was added.{late}"


def ask(memory: Memory) -> str:
    """What answers on a day, which is recalled by it."""
    st.session_state.pop(f"{WRITING}answers", None)
    day = st.session_state.get(f"{WRITING}asked") or _today()
    found = memory.ask(st.session_state.get(f"{WRITING}question", ""), at=day)
    st.session_state[f"{WRITING}answers"] = [
        {
            "Note": one.title or f"note {one.note}",
            "Date": one.when,
            "Score": one.score,
            "Text": one.text,
        }
        for one in found
    ]
    if not found:
        return "Nothing in this memory has anything of this question."
    return f"{len(found)} notes were found and recalled on {day}."


def forget(own: Own, memory: Memory) -> str:
    """Notes fade until a day."""
    day = st.session_state.get(f"{WRITING}day") or _today()
    fates = memory.forget(
        day, st.session_state[f"{WRITING}formula"], float(st.session_state[f"{WRITING}least"])
    )
    gone = sum(fate.gone for fate in fates)
    if not fates:
        return f"No note that is still remembered is dated up to {day}, so that nothing fades."
    return f"{gone} of {len(fates)} dated notes were forgotten on {day}."


def merge(own: Own, memory: Memory) -> str:
    """The notes of another memory as well."""
    upload = st.session_state.get(f"{WRITING}merge")
    if upload is None:
        raise BadInput("memory", "choose a file first")
    data = uploaded_bytes(upload)
    if len(data) > UPLOAD_MB * MB:
        raise BadInput("memory", f"may have {UPLOAD_MB} MB")
    Store.open().memories.check_room(own.kept)
    entries = entries_in(data)
    _admit_merge(entries)
    new = memory.unite(entries)
    return f"{new} of {len(entries)} notes were new here."


def _admit_merge(entries: list[Entry]) -> None:
    """On a server for others: names are compared with one another while the page waits."""
    if os.environ.get("ENGRAM_LOCAL") == "1":
        return
    names = {name for entry in entries for fact in entry.facts for name in (fact[0], fact[2])}
    for what, count, most in (
        ("notes", len(entries), MERGE_NOTES),
        ("names", len(names), MERGE_NAMES),
    ):
        if count > most:
            raise BadInput("memory", f"this server merges at most {most:,} {what} at a time (got "
                           f"{count:,}); Memory.merge in a script has no limit")  # fmt: skip


def delete(own: Own) -> str:
    """The kept memory, for good."""
    if not st.session_state.get(f"{WRITING}sure"):
        raise BadInput("delete", "tick the box first")
    own_memory.forget_kept(own.kept)
    return "The kept memory was deleted; the documents that it was built from are still shown."


def redraw(own: Own) -> str:
    """The map of all notes that there are now."""
    own_memory.redraw(own.lab, own.experiment, own.kept)
    return "The map is drawn from all notes."


def _today() -> date:
    return datetime.now(UTC).date()
