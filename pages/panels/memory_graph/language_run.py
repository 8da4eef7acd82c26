"""A language model reads passages in the page's process; what it read goes on without the key.

Jobs run elsewhere from stored configs. So the model is asked here, in a thread with progress and
Cancel, and a job gets the record or the triples as an input, by their content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from engine.core.digest import digest_bytes
from engine.core.errors import EngramError
from engine.io.jsonl import LIMIT_BYTES
from engine.io.text import read_unpacked
from engine.labs.memory_graph.corpus import Corpus, Passage
from engine.labs.memory_graph.language.extraction import (
    Extraction,
    packed,
    prompt_tokens,
    replay,
)
from engine.labs.memory_graph.language.record import FIELD
from engine.labs.memory_graph.language.task import UNWATCHED_SECONDS, Task
from engine.store import Store
from pages.kit import complain, error_boundary, plain, visitor
from pages.kit.uploads import uploaded_bytes
from pages.panels.memory_graph.language import Language

PARALLEL = 4
UPLOAD_MB = 20
EVERY = 1.0


@dataclass(frozen=True)
class Read:
    """What a model read out of passages, and the record that gives the same without it."""

    extraction: Extraction
    record: bytes

    def keep_record(self) -> str:
        """The record as an input of jobs: "input:<16hex>"."""
        return Store.open().inputs.put(self.record, "record.jsonl")

    def keep_triples(self, corpus: Corpus) -> str:
        """The triples as an input of jobs, for the field ``triples``."""
        return Store.open().inputs.put(packed(self.extraction, corpus), "triples.jsonl.gz")


def read_passages(
    language: Language | None, passages: Sequence[Passage], *, name: str = "memory"
) -> Read | None:
    """The run of a model over ``passages``, or the replay of a record; None while there is none.

    ``name`` tells runs of one page apart. Give ``extraction.triples`` to the memory, where None
    stands for a passage that keeps its names; jobs get ``keep_record()`` or ``keep_triples()``.
    """
    texts = "\x1f".join(passage.content for passage in passages)
    digest = digest_bytes(texts.encode("utf-8", "replace"))
    held = f"#language.{name}"
    task = st.session_state.get(f"{held}.task")
    if isinstance(task, Task):
        task.watch()
        if not task.finished:
            with st.container(border=True, key=f"memory_graph-language-{name}"):
                st.fragment(_live, run_every=EVERY)(f"{held}.task", name)
            return None
        _take(task, held)
    done = st.session_state.get(f"{held}.read")
    read = done[1] if done is not None and done[0] == digest else None
    with st.container(border=True, key=f"memory_graph-language-{name}"):
        if refused := st.session_state.get(f"{held}.refused"):
            complain(refused)
        if read is not None:
            _show(read, name, held)
        other = (
            read is not None and language is not None and language.model != read.extraction.model
        )
        if read is None or read.extraction.stopped or other:
            _offer(language, passages, digest, held, name, read)
    return read


def _take(task: Task, held: str) -> None:
    """A run that is over becomes what is shown."""
    digest = st.session_state.pop(f"{held}.digest", "")
    del st.session_state[f"{held}.task"]
    if task.result is not None:
        st.session_state[f"{held}.read"] = (digest, Read(task.result, task.record))
    else:
        sentence = task.error or "The run failed; the log of the server has the details"
        st.session_state[f"{held}.refused"] = str(sentence)


def _show(read: Read, name: str, held: str) -> None:
    first, *others = read.extraction.sentences
    st.markdown(f"**{plain(read.extraction.model)}**: {plain(first)}")
    for sentence in others:
        st.caption(plain(sentence))
    with st.container(horizontal=True):
        st.download_button(
            "Download the record",
            read.record,
            file_name="record.jsonl",
            mime="application/jsonl",
            icon=":material/download:",
            type="tertiary",
            key=f"memory_graph#language.{name}.record",
            on_click="ignore",
            help="Every reply of the model. With it this run is repeated without model and key.",
        )
        st.button(
            "Forget it",
            icon=":material/delete:",
            type="tertiary",
            key=f"memory_graph#language.{name}.forget",
            on_click=lambda: st.session_state.pop(f"{held}.read", None),
            help="Names link the passages again; a downloaded record brings this reading back.",
        )


def _offer(
    language: Language | None,
    passages: Sequence[Passage],
    digest: str,
    held: str,
    name: str,
    read: Read | None,
) -> None:
    """Start, go on, or replay."""
    if language is not None:
        # What another model said is no beginning of this one's record.
        known = read if read is not None and read.extraction.model == language.model else None
        verb = "Read" if known is None else "Go on"
        missing = len(passages) if known is None else known.extraction.counts["unread"]
        text, button = st.columns([4, 1], vertical_alignment="center")
        text.markdown(
            f"{missing:,} passages go to **{plain(language.site)}**, two calls each: about "
            f"{prompt_tokens(passages):,} tokens for all of them, and the replies on top. The "
            f"ceiling is {language.ceiling:,}."
        )
        start = f"memory_graph#language.{name}.start"
        if button.button(verb, key=start, type="primary", width="stretch"):
            try:
                task = Task(
                    language.make,
                    passages,
                    language.ceiling,
                    parallel=PARALLEL,
                    known=known.record if known else None,
                    visitor=visitor(),
                )
            except EngramError as error:
                complain(error)
                return
            st.session_state.pop(f"{held}.refused", None)
            st.session_state[f"{held}.task"] = task
            st.session_state[f"{held}.digest"] = digest
            st.rerun()
    upload = f"memory_graph#language.{name}.upload"

    def take() -> None:
        given = st.session_state.get(upload)
        if given is None:
            return
        st.session_state.pop(f"{held}.refused", None)
        try:
            data = read_unpacked(uploaded_bytes(given), limit=LIMIT_BYTES, field=FIELD)
            st.session_state[f"{held}.read"] = (digest, Read(replay(data, passages), data))
        except EngramError as error:
            st.session_state[f"{held}.refused"] = str(error)

    with st.popover("Replay a record", icon=":material/replay:", type="tertiary"):
        st.file_uploader(
            f"The {FIELD} of an earlier run over these passages (.jsonl, at most {UPLOAD_MB} MB)",
            key=upload,
            max_upload_size=UPLOAD_MB,
            on_change=take,
        )


def _live(held: str, name: str) -> None:
    """How far it is, what it has spent, and Cancel."""
    with error_boundary("the language model's run"):
        task = st.session_state.get(held)
        if not isinstance(task, Task) or task.finished:
            st.rerun()
        task.watch()
        text, button = st.columns([4, 1], vertical_alignment="center")
        budget = task.budget
        text.progress(
            task.done / max(task.total, 1),
            text=f"{task.done:,} of {task.total:,} passages, {budget.spent:,} of "
            f"{budget.ceiling:,} tokens",
        )
        if button.button(
            "Stopping" if task.cancelling else "Cancel",
            key=f"memory_graph#language.{name}.cancel",
            disabled=task.cancelling,
            width="stretch",
        ):
            task.cancel()
            st.rerun(scope="fragment")
        st.caption(
            "What was read is kept. It stops by itself when this panel has not been open for "
            f"{UNWATCHED_SECONDS / 60:g} minutes."
        )
