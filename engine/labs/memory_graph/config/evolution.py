"""The settings of A-MEM's evolution."""

from __future__ import annotations

from pydantic import Field

from engine.core.config import Config
from engine.labs.memory_graph.config.files import Files
from engine.labs.memory_graph.config.retrieval import OWN_QUESTION

MOST_NOTES = 1000
SHOWN_NOTES = 400


class Switches(Config):
    """What the authors' code does and their paper does not say; all off is the paper."""

    index_without_content: bool = Field(
        False,
        title="(a) No content",
        json_schema_extra={
            "help": "until the first rebuild a note is found by its context and keywords alone, "
            "as in the repository of the paper"
        },
    )
    ranks_as_positions: bool = Field(
        False,
        title="(b) Ranks as places",
        json_schema_extra={
            "help": "the ranks 0 to k - 1 of the neighbours are taken for places in the store, so "
            "that its first notes are rewritten, as in the general repository"
        },
    )
    unwritten_history: bool = Field(
        False,
        title="(c) No history",
        json_schema_extra={
            "help": "the evolution_history of a note stays empty, as in both repositories; the lab "
            "keeps a ledger of its own"
        },
    )


class EvolutionConfig(Switches, Files):
    """A-MEM grown note by note, and what each arrival did to the notes that were there."""

    ask: str = OWN_QUESTION
    conversation: int = Field(
        0,
        ge=0,
        le=99_999,
        title="Conversation",
        json_schema_extra={"help": "of a file with several; each is a memory of its own"},
    )
    notes: int = Field(
        SHOWN_NOTES,
        ge=2,
        le=MOST_NOTES,
        title="Notes taken",
        json_schema_extra={"help": "the first ones in order of arrival"},
    )
    neighbours: int = Field(
        5,
        ge=1,
        le=20,
        title="Neighbours looked at",
        json_schema_extra={"help": "the paper's k, 5 in the authors' code"},
    )
    link_from: float = Field(
        0.2,
        ge=0.0,
        le=1.0,
        title="Link from cosine",
        json_schema_extra={"help": "rule: a neighbour at least this near is linked"},
    )
    link_named_from: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        title="Link from cosine, with a shared name",
        json_schema_extra={"help": "rule: enough where both notes hold the same name"},
    )
    rewrite_from: float = Field(
        0.2,
        ge=0.0,
        le=1.0,
        title="Rewrite from cosine",
        json_schema_extra={"help": "rule: a neighbour at least this near shares tags and context"},
    )
    rebuild_every: int = Field(
        100,
        ge=1,
        le=1000,
        title="Rebuild the index every",
        json_schema_extra={
            "unit": "evolutions",
            "help": "rewritten notes are found by their old texts until then; 100 in the authors' "
            "code",
        },
    )
    follow_links: bool = Field(
        False,
        title="Follow links",
        json_schema_extra={
            "help": "at retrieval, the notes that a note links to come behind it, each in a place "
            "of its own"
        },
    )
    evidence_at: int = Field(5, ge=1, le=50, title="Recall at")
    measure_every: int = Field(
        5,
        ge=1,
        le=100,
        title="Measure recall every",
        json_schema_extra={"unit": "notes", "advanced": True},
    )
    resamples: int = Field(
        1000, ge=100, le=10_000, title="Bootstrap resamples", json_schema_extra={"advanced": True}
    )
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})
