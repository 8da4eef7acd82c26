"""A trace to run: which, in whose language, on what device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.io.paths import local_path, read_file
from engine.labs.memory_hardware.device import device_names, load_device, parse_changes
from engine.labs.memory_hardware.trace.replay import DEVICES, check_device
from engine.labs.memory_hardware.trace.samples import SAMPLES

UPLOAD = "input:"
TRACE_BYTES = 20_000_000
OWN_DEVICE = "simulator"


class TraceConfig(Config):
    """Somebody's trace, run by the rules of the simulator whose language it is in."""

    trace: str = Field(
        next(iter(SAMPLES)),
        title="Trace",
        min_length=1,
        max_length=1024,
        json_schema_extra={
            "widget": "source",
            "options": "engine.labs.memory_hardware.choices:traces",
            "paste": True,
            "upload_mb": TRACE_BYTES // 1_000_000,
            "help": "a shipped one, or a file or lines of your own: AiM instructions or DRAMsim3 "
            "requests",
        },
    )
    dialect: Literal["guess", "aim", "dramsim3"] = Field(
        "guess",
        title="Language",
        json_schema_extra={
            "help": "guess: from the first line; aim: instructions of the AiM simulator; dramsim3: "
            "an address, READ or WRITE, and a cycle on each line"
        },
    )
    trace_device: str = Field(
        OWN_DEVICE,
        title="Device",
        max_length=40,
        json_schema_extra={
            "widget": "combo",
            "options": "engine.labs.memory_hardware.choices:trace_devices",
            "help": "simulator: the parameters that the simulator of this language comes with",
        },
    )
    trace_change: str = Field(
        "",
        title="Changed constants of the trace's device",
        max_length=500,
        json_schema_extra={
            "help": "such as timing.rp=30 timing.faw=40; empty: as the simulator has them"
        },
    )
    reference_cycles: int = Field(
        0,
        ge=0,
        le=10**12,
        title="Cycles reported elsewhere",
        json_schema_extra={
            "unit": "cycles",
            "help": "what another simulator says of this trace, to compare with; 0: not known",
        },
    )

    @field_validator("trace_device")
    @classmethod
    def _known(cls, name: str) -> str:
        if name != OWN_DEVICE and name not in device_names():
            raise ValueError(f"must be {OWN_DEVICE} or one of {', '.join(device_names())}")
        return name

    @model_validator(mode="after")
    def _possible(self) -> Self:
        """Fits at least one language where it is guessed, else that one."""
        languages = tuple(DEVICES) if self.dialect == "guess" else (self.dialect,)
        errors = []
        for language in languages:
            name = DEVICES[language] if self.trace_device == OWN_DEVICE else self.trace_device
            try:
                device = load_device(name).changed(parse_changes(self.trace_change))
                check_device(language, device)
            except BadInput as error:
                errors.append(error.reason)
        if len(errors) == len(languages):
            raise ValueError(errors[-1])
        return self

    def admit(self, *, local: bool) -> None:
        """Samples and uploads; a page reads no other file of its machine."""
        if self.trace not in SAMPLES and not self.trace.startswith(UPLOAD):
            raise BadInput("trace", f"must be one of {', '.join(SAMPLES)} or an uploaded file")

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A file becomes the address of its content."""
        if self.trace in SAMPLES or self.trace.startswith(UPLOAD):
            return self
        path = local_path(self.trace, field="trace")
        if not path.is_file():
            raise BadInput("trace", f"{self.trace[:80]!r} is neither a file nor one of "
                           f"{', '.join(SAMPLES)}")  # fmt: skip
        data = read_file(path, field="trace", limit=TRACE_BYTES)
        return self.model_copy(update={"trace": put(data, path.name)})

    def fits(self, read: Callable[[str], bytes]) -> None:
        """The whole trace must be readable before a run of it is offered."""
        from engine.labs.memory_hardware.tracing import check_trace

        check_trace(self, read)
