"""What a story is told with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field, field_validator

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.labs.motion.story.places import read_places
from engine.labs.motion.story.rows import read_table

EXAMPLE = (
    "A man walks to the door and waves with the right hand. Then he goes to the chair, sits down "
    "for 3 seconds and stands up. After that he runs to the window and jumps twice. He walks in a "
    "circle and bows."
)
GREATEST_SEED = 10**6


class StoryConfig(Config):
    """A story, or its table as it was edited; where motion comes from; how seams are treated."""

    story: str = Field(
        EXAMPLE,
        title="Story",
        max_length=100_000,
        json_schema_extra={
            "widget": "area",
            "help": "actions, places, numbers and times in plain sentences; what is not understood "
            "is listed",
        },
    )
    source: Literal["procedural", "recorded", "motion-mamba", "kmm", "transformer"] = Field(
        "procedural",
        title="Motion from",
        json_schema_extra={
            "widget": "select",
            "help": "procedural: clips that are computed; recorded: the recordings beside the "
            "checkout; the others: a model makes every segment",
        },
    )
    blend: Literal["cut", "inertial", "progressive"] = Field(
        "inertial",
        title="Seams",
        json_schema_extra={
            "widget": "select",
            "help": "cut: as they are; inertial: the difference decays over 12 frames; "
            "progressive: KMM restores the frames around a seam",
        },
    )
    rounds: int = Field(
        1,
        ge=1,
        le=5,
        title="Rounds",
        json_schema_extra={"help": "the story is told again, with other clips"},
    )
    seed: int = Field(0, ge=0, le=GREATEST_SEED, title="Seed")
    places: str = Field(
        "",
        title="Own places",
        max_length=2_000,
        json_schema_extra={
            "widget": "area",
            "advanced": True,
            "help": "a line each: name, x and z in metres from the start, and a radius where it "
            "stands in the way; empty: the floor plan of the lab",
        },
    )
    turn: float = Field(
        180.0,
        ge=30.0,
        le=360.0,
        title="Greatest turn",
        json_schema_extra={"unit": "°/s", "step": 10.0, "advanced": True},
    )
    match_by: Literal["words", "evaluator"] = Field(
        "words",
        title="Texts compared by",
        json_schema_extra={
            "advanced": True,
            "help": "words: stems, rare ones count more; evaluator: the lab's sentence vectors",
        },
    )
    texts: int = Field(
        40,
        ge=1,
        le=200,
        title="Clips by text",
        json_schema_extra={"advanced": True, "help": "the first list, of the nearest captions"},
    )
    motions: int = Field(
        10,
        ge=1,
        le=50,
        title="Clips by motion",
        json_schema_extra={
            "advanced": True,
            "help": "the second list, of those that go on best; the seed picks one of them",
        },
    )
    rows: str = Field(
        "",
        title="Table",
        max_length=100_000,
        json_schema_extra={"widget": "hidden"},
    )

    @field_validator("places")
    @classmethod
    def _are_places(cls, value: str) -> str:
        read_places(value)
        return value

    @field_validator("rows")
    @classmethod
    def _are_rows(cls, value: str) -> str:
        read_table(value, "")
        return value

    def fits(self, read: Callable[[str], bytes]) -> None:
        """Raise BadInput for a story without an action, or a source that is not here."""
        from engine.labs.motion.story.opening import check_source
        from engine.labs.motion.story.schedule import read_story

        if read_table(self.rows, self.story) is None:
            read_story(self.story, read_places(self.places))
        check_source(self.source)
        if self.blend == "progressive":
            try:
                check_source("kmm")
            except BadInput as error:
                raise BadInput("blend", error.reason) from None
