"""What is asked of the memory lens: one clip, and many clips with every token erased in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.io.paths import local_path, read_file
from engine.labs.motion.config.remembered import MOST_STEPS, OneClip, Sampled

TEXTS = "\n".join(
    (
        "a person walks and turns left",
        "a person raises the right hand",
        "a person runs forward",
        "a person bows",
    )
)
MOST_TEXTS = 12
UPLOAD, MOST_BYTES = "input:", 20_000_000


class Erased(Config):
    """From which memories a token is erased."""

    erased_in: Literal["scans", "everywhere"] = Field(
        "scans",
        title="Erased in",
        json_schema_extra={
            "help": "scans: its step size is 0 in every scan, so that it reads and leaves nothing; "
            "everywhere: attention does not read it either"
        },
    )
    span: int = Field(
        1,
        ge=1,
        le=10,
        title="Tokens erased at once",
        json_schema_extra={"help": "four frames each; the chosen one and those after it"},
    )


class LensConfig(Erased, OneClip):
    """What every frame of a clip reads of every other, and what each of them leaves behind."""

    recording: str = Field(
        "",
        max_length=1024,
        title="Your own motion",
        json_schema_extra={
            "widget": "file",
            "help": "a BVH file, or an NPZ of this lab, with the text above: its first seconds are "
            "given noise and read once, instead of a clip being made",
        },
    )
    before_end: int = Field(
        0,
        ge=0,
        le=MOST_STEPS - 1,
        title="Steps before the end",
        json_schema_extra={
            "advanced": True,
            "help": "the step of sampling that is looked at; 0 is the last one",
        },
    )

    def admit(self, *, local: bool) -> None:
        """Uploads alone; a page reads no file of its machine."""
        if self.recording and not self.recording.startswith(UPLOAD):
            raise BadInput("recording", "must be an uploaded file")

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A file becomes the address of its content."""
        if not self.recording or self.recording.startswith(UPLOAD):
            return self
        path = local_path(self.recording, field="recording")
        if not path.is_file():
            raise BadInput("recording", f"there is no file {self.recording[:80]!r}")
        data = read_file(path, field="recording", limit=MOST_BYTES)
        return self.model_copy(update={"recording": put(data, path.name)})

    def fits(self, read: Callable[[str], bytes]) -> None:
        """The model, the text, and a recording that can be read."""
        super().fits(read)
        if self.recording:
            from engine.labs.motion.memory.own_motion import read_recording

            read_recording(read(self.recording))

    @model_validator(mode="after")
    def _has_that_step(self) -> Self:
        if self.before_end >= self.steps:
            raise BadInput("before_end", f"must be from 0 to {self.steps - 1}")
        return self


class EraseConfig(Erased, Sampled):
    """Every token erased in turn, in several clips: are key frames worth more than others?"""

    texts: str = Field(
        TEXTS,
        min_length=1,
        max_length=4000,
        title="Texts",
        json_schema_extra={"widget": "area", "help": "a line each, up to 12"},
    )
    seconds: float = Field(
        4.0,
        ge=2,
        le=9.5,
        title="Length of each",
        json_schema_extra={"unit": "s", "step": 0.5},
    )
    clips: int = Field(
        3, ge=1, le=5, title="Clips a text", json_schema_extra={"help": "with seeds from 0 on"}
    )
    key_share: float = Field(
        0.25,
        ge=0.05,
        le=0.5,
        title="Share of key frames",
        json_schema_extra={"step": 0.05, "help": "the tokens of the highest scores"},
    )

    @field_validator("texts")
    @classmethod
    def _some(cls, value: str) -> str:
        if not 1 <= len(lines(value)) <= MOST_TEXTS:
            raise BadInput("texts", f"must have 1 to {MOST_TEXTS} lines (got {len(lines(value))})")
        return value

    def texts_of(self) -> tuple[str, ...]:
        """A caption a line."""
        return lines(self.texts)


def lines(text: str) -> tuple[str, ...]:
    """The lines that hold something."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def lens_cost(config: LensConfig) -> float:
    """CPU seconds: a clip for every token that is erased."""
    return 3 + _sampling(config, 5 * config.seconds)


def erase_cost(config: EraseConfig) -> float:
    """CPU seconds: the same for every clip."""
    clips = len(config.texts_of()) * config.clips
    return 3 + clips * _sampling(config, 5 * config.seconds)


def _sampling(config: Sampled, clips: float) -> float:
    return clips * config.steps * (0.0024 + 0.001 * config.seconds)
