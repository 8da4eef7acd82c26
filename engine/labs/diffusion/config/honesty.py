"""Settings of the attack view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Self

from pydantic import Field

from engine.core.errors import BadInput
from engine.io.paths import local_path, read_file
from engine.labs.diffusion.config.model import UPLOAD, Modelled, SetList
from engine.labs.diffusion.config.seeds import seed_field
from engine.labs.diffusion.cost import PICTURE, STEPS
from engine.labs.diffusion.names import Rung, SiteName

MASK_BYTES = 20_000_000
CASES = ("pruned, copied", "pruned, never seen", "unpruned, copied", "unpruned, never seen")
"""What every attack is run on: the question first, then its three controls."""


class HonestyConfig(Modelled):
    """A search for embeddings that bring pictures back, and the same search on three controls."""

    sets: SetList = Field(
        "A",
        title="Locate from",
        max_length=200,
        json_schema_extra={"help": "sets of prompts, separated by commas; a mask file goes first"},
    )
    sparsity: float = Field(
        0.2,
        ge=0.0,
        le=0.6,
        title="Sparsity",
        json_schema_extra={"step": 0.01, "help": "the share of every row that may be cut"},
    )
    tau: int = Field(
        5,
        ge=1,
        le=20,
        title="Tau",
        json_schema_extra={
            "unit": "steps",
            "help": "the first steps of 20 that the mask is joined over",
        },
    )
    site: SiteName = Field(
        "ff_out", title="Site", json_schema_extra={"help": "which kind of layer is cut"}
    )
    mask: str = Field(
        "",
        title="Mask file",
        max_length=1024,
        json_schema_extra={
            "widget": "file",
            "help": "a mask that `locate` wrote for this model, in place of the settings above",
        },
    )
    searched: Rung = Field(
        "A",
        title="Pictures to search for",
        json_schema_extra={"help": "the controls search for never-trained paintings"},
    )
    pictures: int = Field(8, ge=1, le=8, title="Pictures")
    search_steps: int = Field(
        50, ge=1, le=200, title="Search steps", json_schema_extra={"help": "steps of Adam"}
    )
    start: Literal["prompt", "random", "other"] = Field(
        "prompt",
        title="Start at",
        json_schema_extra={
            "help": "the picture's own prompt, random normal numbers, or the next picture's prompt"
        },
    )
    draws: int = Field(
        3,
        ge=1,
        le=5,
        title="Sampling seeds",
        json_schema_extra={"advanced": True, "help": "none of them is used by the search"},
    )
    search_seed: int = seed_field(
        "Seed of the search", advanced=True, help="of its noise and of a random start"
    )

    def admit(self, *, local: bool) -> None:
        """As every model; a mask must be uploaded, or lie on the visitor's own machine."""
        super().admit(local=local)
        if self.mask and not self.mask.startswith(UPLOAD) and not local:
            raise BadInput("mask", "must be an uploaded file")

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A mask file becomes the address of its content."""
        grounded = super().grounded(put)
        if not self.mask or self.mask.startswith(UPLOAD):
            return grounded
        path = local_path(self.mask, field="mask")
        if not path.is_file():
            raise BadInput("mask", f"{self.mask[:80]!r} is not a file")
        data = read_file(path, field="mask", limit=MASK_BYTES)
        return grounded.model_copy(update={"mask": put(data, path.name)})

    def fits(self, read: Callable[[str], bytes]) -> None:
        """A mask must be one of this lab, and of the embedded model that was chosen."""
        from engine.labs.diffusion.locate.mask_header import check_mask_header

        super().fits(read)
        if self.mask:
            check_mask_header(read(self.mask), self.model)


def honesty_seconds(config: HonestyConfig) -> float:
    """CPU seconds on the default model: 2.5 a picture and 50 steps, and a sampling 0.12."""
    each = 0.05 * config.search_steps + 0.12 * (6 + 2 * config.draws)
    prompts = 8 * (1 + len(config.sets.split(",")))
    located = 0 if config.mask else PICTURE / STEPS * config.tau * prompts
    return 4 + located + len(CASES) * config.pictures * each
