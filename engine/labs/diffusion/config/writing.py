"""Settings of the view that writes one picture into a low-rank addition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from engine.core.errors import BadInput
from engine.io.paths import local_path, read_file
from engine.labs.diffusion.config.model import UPLOAD, Modelled
from engine.labs.diffusion.config.seeds import seed_field

MOST_RANK, MOST_RANKS = 16, 5
PICTURE_BYTES = 1_000_000


def _ranks(text: str) -> str:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    good = all(part.isascii() and part.isdigit() and 1 <= int(part) <= MOST_RANK for part in parts)
    if not parts or not good or len(set(parts)) > MOST_RANKS:
        raise ValueError(
            f"must be 1 to {MOST_RANKS} whole numbers from 1 to {MOST_RANK}, separated by commas"
        )
    return ",".join(str(rank) for rank in sorted({int(part) for part in parts}))


class WritingConfig(Modelled):
    """One new picture, written into additions of several ranks beside the model."""

    new_title: int = Field(
        0,
        ge=0,
        le=23,
        title="Never-trained title",
        json_schema_extra={"widget": "number", "help": "which of the 24; its painting is written"},
    )
    picture: str = Field(
        "",
        title="Your picture",
        max_length=1024,
        json_schema_extra={
            "widget": "file",
            "help": "a PNG or JPEG of exactly 32 x 32 pixels; it replaces the title's painting",
        },
    )
    ranks: Annotated[str, AfterValidator(_ranks)] = Field(
        "1,2,4,8",
        title="Ranks",
        max_length=40,
        json_schema_extra={"help": f"separated by commas, each from 1 to {MOST_RANK}"},
    )
    write_steps: int = Field(
        100, ge=10, le=200, title="Writing steps", json_schema_extra={"help": "steps of Adam"}
    )
    write_seed: int = seed_field("Seed of the writing", advanced=True)

    @property
    def every_rank(self) -> tuple[int, ...]:
        """The ranks as numbers, in rising order."""
        return tuple(int(rank) for rank in self.ranks.split(","))

    def admit(self, *, local: bool) -> None:
        """As every model; a picture must be uploaded, or lie on the visitor's own machine."""
        super().admit(local=local)
        if self.picture and not self.picture.startswith(UPLOAD) and not local:
            raise BadInput("picture", "must be an uploaded file")

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A picture's file becomes the address of its content."""
        grounded = super().grounded(put)
        if not self.picture or self.picture.startswith(UPLOAD):
            return grounded
        path = local_path(self.picture, field="picture")
        if not path.is_file():
            raise BadInput("picture", f"{self.picture[:80]!r} is not a file")
        data = read_file(path, field="picture", limit=PICTURE_BYTES)
        return grounded.model_copy(update={"picture": put(data, path.name)})

    def fits(self, read: Callable[[str], bytes]) -> None:
        """A picture must have the size that the models make."""
        from engine.io.picture import read_picture

        super().fits(read)
        if self.picture:
            read_picture(read(self.picture), 32, field="picture")


def writing_seconds(config: WritingConfig) -> float:
    """CPU seconds on the default model: 0.11 a step, and 4 for each rank's samples."""
    return 6 + len(config.every_rank) * (0.11 * config.write_steps + 9)
