"""The questions that a page offers, without the passages that answer them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engine.core.errors import BadInput
from engine.io.jsonl import read_rows
from engine.labs.memory_graph.config import Files
from engine.labs.memory_graph.questions import FIELD
from engine.labs.memory_graph.sources import SAMPLES, sample_questions

MOST = 10_000


def question_texts(files: Files, read: Callable[[str], bytes]) -> list[str]:
    """The texts of the questions that ``files`` name, or that came with its sample, in order.

    ``read`` gives the bytes of an "input:" address, which never change. Raises BadInput.
    """
    value = files.questions or (files.corpus if files.corpus in SAMPLES else "")
    if not value:
        return []
    if value in SAMPLES:
        path = sample_questions(value)
        return [] if path is None else list(_texts(path.read_bytes(), files.keep_rest))
    return list(_texts(read(value), files.keep_rest))


@lru_cache(maxsize=8)
def _texts(data: bytes, keep_rest: bool) -> tuple[str, ...]:
    def convert(row: dict[str, Any], place: str) -> str:
        text = row.get("question")
        if not isinstance(text, str) or not text.strip():
            raise BadInput(FIELD, 'a text "question" is required')
        return text

    return read_rows(data, convert, field=FIELD, keep_rest=keep_rest).items[:MOST]
