"""Settings of the working-memory view."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.labs.memory_graph.config.files import file_field
from engine.labs.memory_graph.config.question import OneQuestion


class HiAgentConfig(OneQuestion):
    """HiAgent: what stands in an agent's prompt, step by step, flat and by subgoals."""

    in_a_row: int = Field(
        3,
        ge=1,
        le=20,
        title="Questions in a row",
        json_schema_extra={"help": "answered one after the other in one session"},
    )
    token_budget: int = Field(
        1500, ge=50, le=100_000, title="Budget", json_schema_extra={"unit": "tokens", "step": 50}
    )
    per_read: int = Field(
        2,
        ge=1,
        le=10,
        title="Passages an action returns",
    )
    most_reads: int = Field(
        4,
        ge=1,
        le=20,
        title="Actions for a subgoal, at most",
        json_schema_extra={"help": "an agent that has not found the passage by then goes on"},
    )
    counted: Literal["pieces", "words"] = Field(
        "pieces",
        title="Tokens are",
        json_schema_extra={
            "help": "pieces: of the embedded model's own tokenizer of 4,096 pieces, which cuts "
            "finer than that of a large model"
        },
    )
    trajectory: str = file_field(
        "Your own trajectory",
        "JSON lines of subgoal, action and observation, and retrieve where the agent called for "
        "a finished subgoal; empty: the scripted agent",
        widget="file",
    )
