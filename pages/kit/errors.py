"""What a visitor sees when something fails: a sentence and an id, never a traceback."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from engine.core import EngramError

log = logging.getLogger("engram.pages")
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:@])")


def plain(text: object) -> str:
    """``text`` as Markdown that shows exactly its characters: no links, no maths, no HTML."""
    return _MARKUP.sub(r"\\\1", " ".join(str(text).split()))


def complain(error: EngramError | str) -> None:
    """One sentence about an input that cannot be used."""
    text = str(error)
    sentence = f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
    st.warning(plain(sentence), icon=":material/info:")


@contextmanager
def error_boundary(where: str = "this page") -> Iterator[None]:
    """Turn an error into a short message; the traceback goes to the log under the same id."""
    try:
        yield
    except EngramError as error:
        complain(error)
    except Exception:
        mark = secrets.token_hex(4)
        log.exception("error %s on %s", mark, where)
        st.error(
            f"Something went wrong on {plain(where)}. Your settings, runs and results are kept. "
            f"The log has the details under **{mark}**.",
            icon=":material/error:",
        )
