"""What the event-boundary view and its probe of order can be asked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.labs.memory_graph.config.files import Memories
from engine.labs.memory_graph.config.retrieval import OWN_QUESTION

LEAST_TOKENS, MOST_TOKENS = 256, 32_768


class Streamed(Memories):
    """A memory read as one stream, or a text of the visitor's own."""

    own: str = Field(
        "",
        title="Your own text",
        max_length=100_000,
        json_schema_extra={
            "widget": "area",
            "help": "read instead of the memory; blank lines are its known borders",
        },
    )


class EventsConfig(Streamed):
    """A stream read token by token: its surprise, and what is compared to refine and retrieve."""

    tokens: int = Field(
        8192,
        ge=LEAST_TOKENS,
        le=MOST_TOKENS,
        title="Tokens read",
        json_schema_extra={"step": 256, "help": "the stream is cut off there"},
    )
    surprise_by: Literal["model", "ngram"] = Field(
        "model",
        title="Surprise by",
        json_schema_extra={
            "help": "model: the embedded language model; ngram: an adaptive n-gram that knows only "
            "this stream, no language model"
        },
    )
    alike: Literal["keys", "sentences"] = Field(
        "keys",
        title="Similarity of",
        json_schema_extra={
            "help": "keys: products of the language model's keys, as in EM-LLM; sentences: cosine "
            "of the sentences' words, no language model"
        },
    )
    titles: bool = Field(
        False,
        title="Read titles too",
        json_schema_extra={
            "help": "a title on a line of its own gives the border away; off: the texts run on"
        },
    )
    ngram_order: int = Field(
        3, ge=1, le=5, title="Order of the n-gram", json_schema_extra={"advanced": True}
    )
    ask: str = OWN_QUESTION


class OrderConfig(Streamed):
    """SORT: which of two segments of the memory came first?"""

    excerpt_words: int = Field(
        10_000,
        ge=250,
        le=20_000,
        title="Words of the excerpt",
        json_schema_extra={"step": 250, "help": "250 to 20,000 in Book-SORT"},
    )
    segment_words: Literal[20, 50] = Field(20, title="Words of a segment")
    cue_words: int = Field(
        20,
        ge=1,
        le=50,
        title="Words of it shown",
        json_schema_extra={"help": "fewer: a harder look-up; at most the segment"},
    )
    per_bin: int = Field(
        110, ge=10, le=500, title="Pairs a bin", json_schema_extra={"advanced": True}
    )
    reach: int = Field(
        40,
        ge=1,
        le=200,
        title="Reach of contiguity (events)",
        json_schema_extra={"help": "how many neighbours in time the memory can follow"},
    )
    sort_seed: int = Field(
        0, ge=0, le=9999, title="Seed of the pairs", json_schema_extra={"advanced": True}
    )
