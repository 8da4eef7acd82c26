"""What the experiment on forgetting can be asked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.core.config import Config
from engine.labs.memory_graph.config.files import Files
from engine.labs.memory_graph.config.retrieval import OWN_QUESTION

MOST_DRAWS = 50


class Recalling(Config):
    """What is asked of the memory as the days pass: whatever is found grows stronger."""

    recalled_by: Literal["entries", "questions", "nothing"] = Field(
        "entries",
        title="Recalled by",
        json_schema_extra={
            "widget": "select",
            "help": "entries: each new entry asks for what resembles it, as a chat with MemoryBank "
            "does; questions: the memory's own questions on seeded days, each once its answer is "
            "written; nothing: no memory is ever recalled",
        },
    )
    asked_per_day: int = Field(
        1,
        ge=1,
        le=20,
        title="Questions a day",
        json_schema_extra={"help": "where questions recall"},
    )
    found_k: int = Field(
        6,
        ge=1,
        le=50,
        title="Passages found",
        json_schema_extra={"help": "the top k that a question or an entry finds; 6 as published"},
    )


class ForgettingConfig(Recalling, Files):
    """A dated memory day by day under three forgetting formulas."""

    forget_by: Literal["threshold", "chance"] = Field(
        "threshold",
        title="Forget by",
        json_schema_extra={
            "help": "threshold: gone once the retention is too low; chance: kept with the "
            "probability R, drawn many times"
        },
    )
    least_retention: float = Field(
        0.3,
        ge=0.0,
        le=1.0,
        title="Least retention",
        json_schema_extra={"help": "by threshold: a memory whose retention is lower is forgotten"},
    )
    draws: int = Field(
        20,
        ge=5,
        le=MOST_DRAWS,
        title="Draws",
        json_schema_extra={"help": "by chance: how often the whole season is played"},
    )
    every_load: bool = Field(
        True,
        title="Draw at every load",
        json_schema_extra={
            "advanced": True,
            "help": "by chance: a new draw each day, as in the authors' code, so that the daily "
            "odds multiply; off: one draw for each memory and recall, so that the share that is "
            "left follows the curve",
        },
    )
    evidence: Literal["any", "all"] = Field(
        "any",
        title="Evidence needed",
        json_schema_extra={
            "help": "a question counts as answerable while any, or while all, of its gold passages "
            "are among those found"
        },
    )
    ask: str = OWN_QUESTION
    probes: int = Field(
        60,
        ge=1,
        le=500,
        title="Probing questions",
        json_schema_extra={"advanced": True, "help": "a seeded part where there are more"},
    )
    days_after: int = Field(
        30,
        ge=1,
        le=3650,
        title="Days after the last entry",
        json_schema_extra={"advanced": True, "unit": "d"},
    )
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})
