"""What detection is asked: copied prompts, ordinary ones, and how often each is sampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from engine.core.errors import BadInput
from engine.labs.diffusion.config.model import UPLOAD, Modelled, SetList
from engine.labs.diffusion.config.seeds import seed_field

MOST_PROMPTS = 500


def _own_prompts(title: str, instead: str) -> Any:
    return Field(
        "",
        title=title,
        max_length=1024,
        json_schema_extra={
            "widget": "file",
            "prompts": True,
            "help": f"a text file of prompts, one a line, in the place of the {instead}; empty: "
            "the sets",
        },
    )


class DetectionConfig(Modelled):
    """Copied against ordinary prompts, each sampled with several seeds."""

    copied: SetList = Field(
        "A,B,C", title="Copied sets", json_schema_extra={"help": "names separated by commas"}
    )
    against: SetList = Field(
        "unseen,x1,scenes",
        title="Ordinary sets",
        json_schema_extra={
            "help": "names separated by commas: unseen titles and single paintings have captions "
            "like the copied ones, scenes have others"
        },
    )
    own_copied: str = _own_prompts("Your copied prompts", "copied sets")
    own_ordinary: str = _own_prompts("Your ordinary prompts", "ordinary sets")
    most: int = Field(
        24,
        ge=2,
        le=MOST_PROMPTS,
        title="Prompts of a set",
        json_schema_extra={"advanced": True, "help": "at most; the first ones are taken"},
    )
    seeds: int = Field(
        4,
        ge=1,
        le=10,
        title="Seeds",
        json_schema_extra={"help": "Webster's edges need at least 4"},
    )
    first_seed: int = seed_field()
    steps: int = Field(20, ge=1, le=100, title="Steps", json_schema_extra={"advanced": True})
    guidance: float = Field(
        2.0, ge=0, le=20, title="Guidance", json_schema_extra={"advanced": True, "step": 0.5}
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        both = set(self.copied.split(",")) & set(self.against.split(","))
        if both and not self.own_copied and not self.own_ordinary:
            raise BadInput("against", f"must hold no copied set ({', '.join(sorted(both))})")
        return self

    def fits(self, read: Callable[[str], bytes]) -> None:
        """Of the own ordinary prompts some are kept as a reference, so that four are needed."""
        super().fits(read)
        if self.own_ordinary.startswith(UPLOAD):
            from engine.labs.diffusion.prompt_files import read_prompts

            count = len(read_prompts(read(self.own_ordinary), "own_ordinary"))
            if count < 4:
                raise BadInput("own_ordinary", f"needs at least 4 prompts (it has {count})")

    def _prompts(self) -> Mapping[str, str]:
        return {name: value for name, value in super()._prompts().items() if value}
