"""One clip to look at and to take away: of a model, of a file, or of a recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Self

from pydantic import Field

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.io.paths import local_path, read_file
from engine.labs.motion.shipped import check_shipped

UPLOAD = "input:"
FILE_BYTES = 20_000_000
MOST_FRAMES = 4000
GENERATED = ("model", "text", "seconds", "seed", "steps", "guidance")


class ClipConfig(Config):
    """A clip at 20 frames a second."""

    clip_from: Literal["model", "file", "recorded"] = Field(
        "model",
        title="Clip",
        json_schema_extra={
            "widget": "select",
            "help": "model: generated from a text; file: your own BVH, NPZ, NPY or CSV; recorded: "
            "a recording that you have",
        },
    )
    model: Literal["motion-mamba", "kmm", "transformer"] = Field(
        "motion-mamba", title="Model", json_schema_extra={"widget": "select"}
    )
    text: str = Field("a person walks and turns left", title="Text", min_length=1, max_length=2000)
    seconds: float = Field(
        5.0, ge=1, le=60, title="Length", json_schema_extra={"unit": "s", "widget": "number"}
    )
    seed: int = Field(0, ge=0, le=10**6, title="Seed")
    steps: int = Field(20, ge=1, le=100, title="Steps", json_schema_extra={"advanced": True})
    guidance: float = Field(
        2.5,
        ge=0,
        le=10,
        title="Guidance",
        json_schema_extra={
            "advanced": True,
            "step": 0.5,
            "help": "0: without the text; 1: the text as it is; above: past it",
        },
    )
    motion_file: str = Field(
        "",
        title="Motion file",
        max_length=1024,
        json_schema_extra={"widget": "file", "help": "BVH, NPZ, NPY or CSV"},
    )
    repair: bool = Field(
        True,
        title="CMU branch-bone repair",
        json_schema_extra={
            "help": "two common conversions of CMU's recordings have lost the thorax and the lower "
            "forearms, and begin with a T-pose; this puts the bones back and drops the pose"
        },
    )
    recording: str = Field(
        "",
        title="Recording",
        max_length=120,
        json_schema_extra={
            "widget": "combo",
            "options": "engine.labs.motion.choices:recordings",
            "help": "its name in the folder of recordings",
        },
    )
    data: str = Field(
        "",
        title="Folder of recordings",
        max_length=1024,
        json_schema_extra={
            "help": "in this lab's layout; empty: the one beside the checkout, if there is one"
        },
    )

    def admit(self, *, local: bool) -> None:
        """A page reads no file or folder that its visitor names, unless the machine is theirs."""
        if self.motion_file and not self.motion_file.startswith(UPLOAD) and not local:
            raise BadInput("motion_file", "must be an uploaded file")
        if self.data and not local:
            raise BadInput("data", "a folder is read on your own machine only")

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A file or a recording becomes the address of its content."""
        if self.clip_from == "file" and self.motion_file and not self._uploaded:
            path = local_path(self.motion_file, field="motion_file")
            data = read_file(path, field="motion_file", limit=FILE_BYTES)
            return self._of_file(put(data, path.name))
        if self.clip_from == "recorded" and self.recording:
            from engine.labs.motion.choices import recording_bytes

            return self._of_file(put(recording_bytes(self.data, self.recording), self.recording))
        return self

    def fits(self, read: Callable[[str], bytes]) -> None:
        """The whole file must be readable, or the model be here, before a run is offered."""
        if self.clip_from == "model":
            check_shipped(self.model)
        elif self.clip_from == "recorded":
            raise BadInput("recording", "choose one, or name a folder that holds some")
        elif not self.motion_file:
            raise BadInput("motion_file", "bring a BVH, NPZ, NPY or CSV file")
        else:
            from engine.labs.motion.files.incoming import read_motion

            read_motion(read(self.motion_file), repair=self.repair)

    @property
    def _uploaded(self) -> bool:
        return self.motion_file.startswith(UPLOAD)

    def _of_file(self, address: str) -> Self:
        """What else is set does not change the clip of a file, and so not its digest."""
        kept = {"clip_from": "file", "motion_file": address, "repair": self.repair}
        return type(self)(**kept)
