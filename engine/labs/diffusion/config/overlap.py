"""What the overlap of masks can be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from engine.core.errors import BadInput
from engine.labs.diffusion.config.model import UPLOAD, Modelled, SetList, prompts_field
from engine.labs.diffusion.config.seeds import seed_field
from engine.labs.diffusion.names import SiteName


class OverlapConfig(Modelled):
    """How much the masks of groups of prompts overlap, step by step and layer by layer."""

    groups: SetList = Field(
        "A,B,C,x50,unseen,scenes",
        title="Sets",
        max_length=200,
        json_schema_extra={
            "help": "names of sets, separated by commas; a set with enough prompts gives two groups"
        },
    )
    more_copied: str = prompts_field(
        "x30", "Further prompts, thought to be copied", "a set, or prompts of your own"
    )
    more_ordinary: str = prompts_field(
        "x1", "Further prompts, thought to be ordinary", "a set, or prompts of your own"
    )
    group_size: int = Field(
        8,
        ge=2,
        le=50,
        title="Prompts a group",
        json_schema_extra={"help": "all groups have as many: a mask depends on it"},
    )
    site: SiteName = Field("ff_out", title="Site", json_schema_extra={"widget": "select"})
    half: Literal["conditional", "both"] = Field(
        "conditional",
        title="Half",
        json_schema_extra={
            "advanced": True,
            "help": "conditional: the half of a guided call that has the prompt; both: as in the "
            "authors' code",
        },
    )
    joined: int = Field(
        5,
        ge=1,
        le=20,
        title="First steps joined",
        json_schema_extra={
            "advanced": True,
            "help": "tau: the last stop of the slider joins the masks of so many first steps of 20",
        },
    )
    splits: int = Field(
        40,
        ge=10,
        le=400,
        title="Random splits",
        json_schema_extra={
            "help": "pairs of groups drawn at random from all prompts: what overlap means nothing"
        },
    )
    beside: bool = Field(
        True,
        title="Twin beside it",
        json_schema_extra={"help": "the model trained without copies, with the default model only"},
    )
    seed: int = seed_field("Seed")

    def fits(self, read: Callable[[str], bytes]) -> None:
        """Prompts that were brought must be as many as a group takes."""
        from engine.labs.diffusion.prompt_files import read_prompts

        super().fits(read)
        for name, value in self._prompts().items():
            if value.startswith(UPLOAD):
                check_size(name, len(read_prompts(read(value), name)), self.group_size)


def check_size(field: str, prompts: int, size: int) -> None:
    """Raise BadInput where there are fewer prompts than a group takes."""
    if prompts < size:
        raise BadInput(field, f"has {prompts} prompts, a group takes {size}")
