"""What is asked of an optimizer between GPU and host: a node, a model, and how it is updated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.io.paths import local_path, read_file
from engine.io.text import read_text
from engine.labs.memory_hardware.offload.presets import node_names
from engine.labs.memory_hardware.offload.runs import read_runs, rows_to_see
from engine.labs.memory_hardware.offload.utilisation import (
    MOST_SECONDS,
    QUANTITIES,
    TIME,
    read_utilisation,
)

UPLOAD = "input:"
RUNS_BYTES = 5_000_000
MOST_SUBGROUPS = 1000
AS_THE_NODE = "0: as the node has it"


def rate_field(title: str, unit: str, high: float) -> Any:
    """A rate that may differ from the node's."""
    return Field(
        0.0, ge=0.0, le=high, title=title, json_schema_extra={"unit": unit, "help": AS_THE_NODE}
    )


def _admit(given: str, field: str) -> None:
    if given and not given.startswith(UPLOAD):
        raise BadInput(field, "must be an uploaded file")


def _text(data: bytes, field: str) -> str:
    return read_text(data, limit=RUNS_BYTES, field=field)


def _address(given: str, field: str, put: Callable[[bytes, str], str]) -> str:
    if not given or given.startswith(UPLOAD):
        return given
    path = local_path(given, field=field)
    if not path.is_file():
        raise BadInput(field, f"{given[:80]!r} is not a file")
    return put(read_file(path, field=field, limit=RUNS_BYTES), path.name)


class TrainingConfig(Config):
    """One model on a node, as ZeRO-Offload, with an asynchronous flush, and interleaved."""

    node: str = Field(
        "h100",
        title="Node",
        max_length=40,
        json_schema_extra={
            "widget": "combo",
            "options": "engine.labs.memory_hardware.choices:nodes",
        },
    )
    billions: float = Field(
        15.33,
        ge=0.1,
        le=2000,
        title="Parameters of the model",
        json_schema_extra={
            "unit": "10⁹",
            "widget": "number",
            "help": 'the true count: the logs\' "20B" model has 15.33',
        },
    )
    gpus: int = Field(
        4,
        ge=1,
        le=512,
        title="GPUs",
        json_schema_extra={"help": "each owns an equal part of parameters and optimizer state"},
    )
    ratio: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        title="Ratio on the host",
        json_schema_extra={
            "step": 0.05,
            "help": "TwinFlow: the share of subgroups whose state lies on the host; the rest stays "
            "on the GPU",
        },
    )
    stride: int = Field(
        2,
        ge=2,
        le=16,
        title="Stride k",
        json_schema_extra={"help": "interleaved: every k-th subgroup is updated on the GPU"},
    )
    subgroup: int = Field(
        124,
        ge=10,
        le=4000,
        title="Subgroup",
        json_schema_extra={
            "unit": "M parameters",
            "widget": "slider",
            "step": 2,
            "help": "DeepSpeed packs whole tensors: its setting of 100 M gave 31 subgroups of "
            "124 M in the logs of the 20B model. Any size gives the same step of the CPU alone "
            "here, while logged ones differ by up to 12 %",
        },
    )
    link: float = rate_field("Link, each direction", "GB/s", 200.0)
    cpu_adam: float = rate_field("CPU Adam", "Gparam/s", 20.0)
    host: float = Field(
        0.0,
        ge=0.0,
        le=500.0,
        title="Host memory, a rank's share",
        json_schema_extra={"unit": "GB/s", "help": AS_THE_NODE, "advanced": True},
    )
    sequence: int = Field(
        2048,
        ge=128,
        le=131072,
        title="Sequence",
        json_schema_extra={"unit": "tokens", "advanced": True, "widget": "number"},
    )
    micro_batch: int = Field(
        1, ge=1, le=256, title="Micro-batch of a GPU", json_schema_extra={"advanced": True}
    )
    layers: int = Field(40, ge=1, le=500, title="Layers", json_schema_extra={"advanced": True})
    hidden: int = Field(
        5120,
        ge=64,
        le=65536,
        title="Width",
        json_schema_extra={
            "advanced": True,
            "widget": "number",
            "help": "layers and width: activations in the memory lane",
        },
    )
    fixed_gb: float = Field(
        3.45,
        ge=0.0,
        le=40.0,
        title="Buffers on the GPU",
        json_schema_extra={
            "unit": "GB",
            "advanced": True,
            "help": "what neither grows nor moves; 3.45 is left of a logged 15.35 GB when the "
            "parameters are taken away",
        },
    )

    utilisation: str = Field(
        "",
        title="Measured utilisation",
        max_length=1024,
        json_schema_extra={
            "widget": "file",
            "advanced": True,
            "help": f"a CSV of samples with the columns {', '.join((TIME, *QUANTITIES))}; it is "
            "drawn under the lanes",
        },
    )
    begins: float = Field(
        0.0,
        ge=0.0,
        le=MOST_SECONDS,
        title="An iteration begins at",
        json_schema_extra={
            "unit": "s",
            "widget": "number",
            "advanced": True,
            "help": "the second of the measured samples that lies under the start of the lanes",
        },
    )

    @field_validator("node")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in node_names():
            raise ValueError(f"must be one of {', '.join(node_names())}")
        return name

    @model_validator(mode="after")
    def _few(self) -> Self:
        count = self.parameters / (self.subgroup * 1e6)
        if count > MOST_SUBGROUPS:
            raise ValueError(
                f"a subgroup of {self.subgroup} M gives {count:,.0f} subgroups a GPU; at most "
                f"{MOST_SUBGROUPS:,}"
            )
        return self

    def admit(self, *, local: bool) -> None:
        """Uploads; a page reads no other file of its machine."""
        _admit(self.utilisation, "utilisation")

    def fits(self, read: Callable[[str], bytes]) -> None:
        """The file must be a table of samples."""
        if self.utilisation:
            read_utilisation(_text(read(self.utilisation), "utilisation"))

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A file becomes the address of its content."""
        return self.model_copy(
            update={"utilisation": _address(self.utilisation, "utilisation", put)}
        )

    @property
    def parameters(self) -> float:
        """Of one rank."""
        return self.billions * 1e9 / self.gpus

    @property
    def changes(self) -> dict[str, float]:
        """Rates that differ from the node's."""
        given = {"link": self.link, "cpu_adam": self.cpu_adam, "host": self.host}
        return {name: value for name, value in given.items() if value}


class FitConfig(Config):
    """Measured runs of a visitor: which rows to fit a node on, and the others to predict."""

    runs: str = Field(
        "",
        title="Measured runs",
        max_length=1024,
        json_schema_extra={
            "widget": "file",
            "help": "a CSV with the columns dir, model, cpu_ratio, subgroup, prefetch, opt_gaps, "
            "step_ms, rank0_numel; more of the authors' columns tell more; empty: steps that our "
            "own model made with noise",
        },
    )
    seen: str = Field(
        "",
        title="Fit on rows with",
        max_length=200,
        json_schema_extra={
            "help": "column=value, several joined by commas; the others are predicted; empty: fit "
            "on all rows"
        },
    )

    def admit(self, *, local: bool) -> None:
        """Uploads; a page reads no other file of its machine."""
        _admit(self.runs, "runs")

    def fits(self, read: Callable[[str], bytes]) -> None:
        """The file must be a table of runs with enough rows to fit on."""
        if self.runs:
            rows_to_see(read_runs(_text(read(self.runs), "runs")), self.seen)

    def grounded(self, put: Callable[[bytes, str], str]) -> Self:
        """A file becomes the address of its content."""
        return self.model_copy(update={"runs": _address(self.runs, "runs", put)})


class CapacityConfig(Config):
    """The largest model that one GPU trains, and what is assumed about its activations."""

    gpu_memory_gb: float = Field(
        32.0, ge=4.0, le=1000.0, title="Memory of the GPU",
        json_schema_extra={"unit": "GB", "widget": "number"},
    )  # fmt: skip
    length: int = Field(
        1024, ge=128, le=131072, title="Sequence of a sample",
        json_schema_extra={"unit": "tokens", "widget": "number"},
    )  # fmt: skip
    samples: int = Field(1, ge=1, le=256, title="Samples at once")
    baseline_again: bool = Field(
        False,
        title="Baseline recomputes",
        json_schema_extra={
            "help": "off: data parallelism as it comes keeps all activations; ZeRO-Offload "
            "computes them anew"
        },
    )
    reserve_gb: float = Field(
        2.0,
        ge=0.0,
        le=20.0,
        title="Reserve",
        json_schema_extra={"unit": "GB", "help": "context, fragments and workspaces; assumed"},
    )
    bucket_gb: float = Field(
        2.0,
        ge=0.0,
        le=20.0,
        title="Gradient buckets of offload",
        json_schema_extra={"unit": "GB", "help": "gradients on their way to the host; assumed"},
    )
