"""The event-boundary lab's run: a stream is read once, and holds all that a page cuts again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_graph.config import EventsConfig
from engine.labs.memory_graph.living.stream import Stream, stream_of
from engine.labs.memory_graph.living.stream_reading import (
    BLOCK,
    Reading,
    read_by_model,
    read_by_words,
)
from engine.labs.memory_graph.loading import Read, load_passages

Progress = Callable[[float, float], None]


def events(config: EventsConfig, read: Read, progress: Progress) -> Result:
    """Surprise of every token and the vectors by which tokens are compared.

    Fields: ``surprise`` (token) in nats, ``span`` (token, end): characters of the note ``text``,
    ``row_of`` (token): its vector among ``rows`` (row, channel), whole numbers of which one counts
    ``row_step`` (row), ``queries`` (block, channel): the mean of each 64 tokens, ``question``
    (channel) where one was asked, ``piece`` (token): the passage, ``border`` (border): tokens at
    which a known segment opens, 0 left out. Thresholds and boundaries are not part of it: they are
    cut from ``surprise`` (living/recut.py).
    Raises BadInput for a memory or text without words.
    """
    notes: dict[str, object] = {}

    def passages() -> tuple:
        loaded = load_passages(config, read)
        notes.update(loaded.notes)
        return loaded.corpus.passages

    stream = stream_of(config.own, passages, titles=config.titles)
    reading = _read(config, stream.text, progress)
    piece, border = _borders(stream, reading.spans)
    fields = {
        "surprise": Field(reading.nats.astype(np.float32), ("token",), "nat"),
        "span": Field(reading.spans.astype(np.int32), ("token", "end")),
        "row_of": Field(reading.row_of.astype(np.int32), ("token",)),
        **_in_bytes(reading.rows),
        "queries": Field(reading.queries, ("block", "channel")),
        "piece": Field(piece.astype(np.int32), ("token",)),
        "border": Field(border.astype(np.int32), ("border",)),
    }
    if reading.question is not None:
        fields["question"] = Field(reading.question, ("channel",))
    whole = stream.text
    return Result(
        fields,
        {
            "tokens": len(reading.nats),
            "mean_surprise": float(reading.nats.mean()),
            "known_borders": len(border),
            "left_unread": len(whole) - int(reading.spans[-1, 1]),
        },
        {
            **notes,
            "text": whole[: int(reading.spans[-1, 1])],
            "pieces": [[p.title, p.when] for p in stream.pieces[: int(piece[-1]) + 1]],
            "source": reading.source,
            "alike": config.alike,
            "clip": config.alike == "sentences",
            "borders": stream.borders,
            "order": stream.order,
            "question": config.ask.strip(),
            "block": BLOCK,
        },
    )


def _in_bytes(rows: np.ndarray) -> dict[str, Field]:
    """Vectors as bytes: their similarities are drawn, and half of a 254th of a vector is unseen."""
    step = np.abs(rows.astype(np.float32)).max(axis=1) / 127
    whole = np.round(rows / np.where(step > 0, step, 1)[:, None]).astype(np.int8)
    return {
        "rows": Field(whole, ("row", "channel")),
        "row_step": Field(step.astype(np.float32), ("row",)),
    }


def _read(config: EventsConfig, text: str, progress: Progress) -> Reading:
    def tell(done: int, total: int) -> None:
        progress(done, total)

    order = config.ngram_order if config.surprise_by == "ngram" else None
    if order is not None and config.alike == "sentences":
        return read_by_words(text, config.tokens, order, config.ask)
    keys = config.alike == "keys"
    return read_by_model(
        text, config.tokens, order=order, keys=keys, question=config.ask, progress=tell
    )


def _borders(stream: Stream, spans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The piece of each token (token,), and the first tokens of known segments (border,).

    A token of which most lies behind a beginning, such as one that leads with a blank, belongs to
    what begins there.
    """
    ends = np.cumsum([len(p.text) for p in stream.pieces])
    piece = np.searchsorted(ends, spans[:, 1] - 1, side="right")
    first = np.flatnonzero(np.diff(piece) > 0) + 1
    opens = np.array([p.opens for p in stream.pieces])
    reached = np.maximum.accumulate(np.where(opens, np.arange(len(opens)), 0))
    return piece, first[reached[piece[first]] > reached[piece[first - 1]]]
