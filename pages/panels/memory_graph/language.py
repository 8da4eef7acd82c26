"""The form of the optional language model: who is asked, and with which key.

``language_model()`` draws it and gives the model to ask; ``language_run.read_passages()`` has it
read passages. The key lives in this session alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from engine.core.errors import EngramError
from engine.core.units import seconds
from engine.labs.memory_graph.language.chat import Chat, Message
from engine.labs.memory_graph.language.endpoint import Endpoint
from pages.kit import complain, plain

CEILING = 200_000
TEST_SECONDS = 20.0
TEST = [Message("user", "Answer with the word yes.")]
TEST_TOKENS = 16
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
        # Views are drawn in turn: what was typed outlives those without the form.
        stay: dict[str, Any] = {"persist_state": "session"}
        url = st.text_input(
            "Address",
            key=URL,
            max_chars=500,
            placeholder="https://host/v1",
            **stay,
            help="The base URL of an OpenAI-compatible API, where /chat/completions is added.",
        )
        left, right = st.columns(2)
        model = left.text_input(
            "Model", key=MODEL, max_chars=200, help="As the API names it.", **stay
        )
        limit = right.number_input(
            "Token ceiling",
            1_000,
            100_000_000,
            CEILING,
            10_000,
            key=LIMIT,
            **stay,
            help="Sent and received together; a call that could exceed it is not made.",
        )
        key = st.text_input("Key", key=KEY, type="password", **stay)
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
