"""What the contest of retrievers and memories can be asked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from engine.labs.memory_graph.config.files import Files
from engine.labs.memory_graph.config.retrieval import Retrieval

OBSERVATIONS = "observations"
ADVANCED: JsonDict = {"advanced": True}


class ContestConfig(Retrieval, Files):
    """Every retriever and every memory on the same questions, by category."""

    observations: str = Field(
        "",
        title="Observations",
        max_length=1024,
        json_schema_extra={
            "widget": "file",
            "help": "JSON lines of notes made from the passages, {conv, text, evidence}; empty: "
            "none",
        },
    )
    days_later: int = Field(
        0,
        ge=0,
        le=3650,
        title="Asked days after the last note",
        json_schema_extra={"unit": "d", "help": "memories that fade are asked on this day"},
    )
    least_retention: float = Field(
        0.3,
        ge=0.0,
        le=1.0,
        title="Least retention",
        json_schema_extra={"help": "a note that has faded below it is gone"},
    )
    bank_recalled_by: Literal["entries", "nothing"] = Field(
        "entries",
        title="MemoryBank recalled by",
        json_schema_extra={
            "help": "entries: before the questions, each new note recalls the 6 nearest notes of "
            "earlier days that are still there; nothing: no note was ever recalled"
        },
    )
    buckets: int = Field(
        16,
        ge=2,
        le=4096,
        multiple_of=2,
        title="Buckets",
        json_schema_extra=ADVANCED,
    )
    probes: int = Field(
        4,
        ge=2,
        le=64,
        title="Buckets looked into",
        json_schema_extra=ADVANCED,
    )
    longest_event: int = Field(
        5,
        ge=2,
        le=128,
        title="Longest event",
        json_schema_extra={
            "advanced": True,
            "unit": "notes",
            "help": "EM-LLM's events of 8 to 128 tokens are 1 to 5 turns of a dialogue",
        },
    )
    resamples: int = Field(
        1000,
        ge=100,
        le=10_000,
        title="Bootstrap resamples",
        json_schema_extra=ADVANCED,
    )
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra=ADVANCED)

    @property
    def files(self) -> tuple[str, ...]:
        """The fields that name files."""
        return (*super().files, OBSERVATIONS)
