"""The optional language model on a page: who is asked, and passages that it reads.

``language_model()`` draws the form and gives the model to ask; ``read_passages()`` draws the run
and gives what was read. The key lives in this session alone: jobs get the record and replay it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from engine.core.digest import digest_bytes
from engine.core.errors import EngramError
from engine.core.units import seconds
from engine.labs.memory_graph.corpus import Corpus, Passage
from engine.labs.memory_graph.language.chat import Chat, Message
from engine.labs.memory_graph.language.endpoint import Endpoint
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

CEILING = 200_000
PARALLEL = 4
TEST_SECONDS = 20.0
TEST = [Message("user", "Answer with the word yes.")]
TEST_TOKENS = 16
UPLOAD_MB = 20
EVERY = 1.0
URL, MODEL, KEY, LIMIT = (
    f"memory_graph#language.{name}" for name in ("url", "model", "key", "limit")
)
TESTED = "#language.tested"
Make = Callable[[Callable[[float], object]], Chat]


@dataclass(frozen=True)
class Language:
    """A model to ask; ``make(pause)`` builds its chat, and ``ceiling`` limits the tokens."""

    model: str
    site: str
    ceiling: int
    make: Make = field(repr=False)


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


def language_model() -> Language | None:
    """The form; None while it is incomplete or holds something that cannot be used."""
    with st.expander("Language model (optional)", icon=":material/forum:"):
        if os.environ.get("ENGRAM_ENDPOINTS", "").strip() == "off":
            st.markdown("This server asks no language models. Names link the passages.")
            return None
        st.markdown(
            "Without a model, names and numbers link the passages. A language model reads finer "
            "facts. **It is sent the texts of this memory: they leave this machine for the address "
            "below**, whose operator may keep them and bill you."
        )
        _keep(URL, MODEL, KEY, LIMIT)
        url = st.text_input(
            "Address",
            key=URL,
            max_chars=500,
            placeholder="https://host/v1",
            help="The base URL of an OpenAI-compatible API, where /chat/completions is added.",
        )
        left, right = st.columns(2)
        model = left.text_input("Model", key=MODEL, max_chars=200, help="As the API names it.")
        limit = right.number_input(
            "Token ceiling",
            1_000,
            100_000_000,
            CEILING,
            10_000,
            key=LIMIT,
            help="Sent and received together; a call that could exceed it is not made.",
        )
        key = st.text_input("Key", key=KEY, max_chars=500, type="password")
        st.caption(
            "The key is held in this session's memory, on the server of this page. It is in no "
            "link, no stored run, no record and no log, and is gone when the session ends."
        )
        if not url.strip() or not model.strip():
            st.caption("With an address and a model, both can be tested here.")
            return None
        return _tested(url, model.strip(), key, int(limit))


def _tested(url: str, model: str, key: str, ceiling: int) -> Language | None:
    """The model of the form, with its Test button."""
    # Only at their own machine may visitors reach what the server reaches.
    private = os.environ.get("ENGRAM_LOCAL") == "1"

    def make(pause: Callable[[float], object], limit: float | None = None) -> Endpoint:
        options = {} if limit is None else {"seconds": limit}
        return Endpoint(url, model, key, private=private, pause=pause, **options)

    try:
        site = make(time.sleep).address.site
    except EngramError as error:
        complain(error)
        return None
    asked = (url, model)
    if st.button("Test", key="memory_graph#language.test", help="One call of a few tokens."):
        with st.spinner("Asking"):
            st.session_state[TESTED] = (asked, *_test(make(lambda wait: None, TEST_SECONDS)))
    tested, answered, sentence = st.session_state.get(TESTED, (None, False, ""))
    if tested == asked:
        st.markdown(f":green-badge[answers] {plain(sentence)}") if answered else complain(sentence)
    return Language(model, site, ceiling, make)


def _test(chat: Chat) -> tuple[bool, str]:
    """Whether it answers, and a sentence on that."""
    start = time.monotonic()
    try:
        reply = chat.complete(TEST, TEST_TOKENS)
    except EngramError as error:
        return False, str(error)
    taken = seconds(time.monotonic() - start)
    return True, (
        f"In {taken}: {reply.prompt_tokens} tokens sent, {reply.completion_tokens} received."
    )


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
            _show(read, name)
        if read is None or read.extraction.stopped:
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


def _show(read: Read, name: str) -> None:
    first, *others = read.extraction.sentences
    st.markdown(f"**{plain(read.extraction.model)}**: {plain(first)}")
    for sentence in others:
        st.caption(plain(sentence))
    st.download_button(
        "Download the record",
        read.record,
        file_name="record.jsonl",
        mime="application/jsonl",
        icon=":material/download:",
        type="tertiary",
        key=f"memory_graph#language.{name}.record",
        on_click="ignore",
        help="Every reply of the model. With it this run is repeated without a model and a key.",
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
        verb = "Go on" if read is not None else "Read"
        missing = len(passages) if read is None else read.extraction.counts["unread"]
        text, button = st.columns([4, 1], vertical_alignment="center")
        text.markdown(
            f"{missing:,} passages go to **{plain(language.site)}**, two calls each: about "
            f"{prompt_tokens(passages):,} tokens for all of them, and the replies on top. The "
            f"ceiling is {language.ceiling:,}."
        )
        start = f"memory_graph#language.{name}.start"
        if button.button(verb, key=start, type="primary", width="stretch"):
            known = (
                read.record
                if read is not None and read.extraction.model == language.model
                else None
            )
            try:
                task = Task(
                    language.make,
                    passages,
                    language.ceiling,
                    parallel=PARALLEL,
                    known=known,
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
            data = given.getvalue()
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


def _keep(*keys: str) -> None:
    """Widgets of a view that is not drawn forget their values; these are typed once a session."""
    for key in keys:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]
