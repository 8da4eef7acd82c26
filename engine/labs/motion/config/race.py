"""What the scan race is asked: sizes, lengths, and how much time it may take."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.core.config import Config

FIRST_LENGTH = 64


class RaceConfig(Config):
    """Back ends of the scan and an attention layer, timed in turns in one process."""

    channels: Literal[64, 128, 256, 512] = Field(
        256,
        title="Channels",
        json_schema_extra={"help": "width of the scan and of the attention layer"},
    )
    states: Literal[4, 8, 16, 32] = Field(
        16, title="States", json_schema_extra={"help": "numbers that a channel carries"}
    )
    batch: Literal[1, 4, 16] = Field(1, title="Sequences at once")
    longest: Literal[512, 1024, 2048, 4096] = Field(
        4096,
        title="Longest sequence",
        json_schema_extra={"unit": "frames", "help": f"from {FIRST_LENGTH} on, doubled each time"},
    )
    repeats: int = Field(
        5,
        ge=2,
        le=15,
        title="Repeats",
        json_schema_extra={"help": "rounds in which every one runs once, after a round that warms"},
    )
    budget_s: int = Field(
        90,
        ge=5,
        le=600,
        title="CPU time at most",
        json_schema_extra={"unit": "s", "help": "what would not fit is left out, and said"},
    )
    seed: int = Field(0, ge=0, le=9999, title="Seed", json_schema_extra={"advanced": True})

    @property
    def lengths(self) -> tuple[int, ...]:
        """64, 128, ... up to the longest."""
        found = [FIRST_LENGTH]
        while found[-1] < self.longest:
            found.append(2 * found[-1])
        return tuple(found)
