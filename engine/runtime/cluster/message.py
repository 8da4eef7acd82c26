"""What server and worker tell each other: plain JSON, and nothing that could be code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

TOPIC = "engram-runs"

Point = tuple[str, float, float | None]  # name, step, value; JSON has no NaN


def key(digest: str) -> str:
    """The name of a digest's task: servers that ask for one digest share it."""
    return f"engram-{digest}"


@dataclass(frozen=True)
class Message:
    """Base of the messages: JSON there and back."""

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What ``to_json`` wrote; raises ValueError or TypeError for anything else."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Asked(Message):
    """A run for a worker: names that its own registry knows, and a config to validate.

    ``limits`` are the fields of Limits that the server allows; the worker's own may be lower.
    """

    lab: str
    experiment: str
    version: int
    digest: str
    config: str
    limits: dict[str, Any]


@dataclass(frozen=True)
class News(Message):
    """How far a run is. ``token`` names one execution: a new one means that the task moved."""

    digest: str
    token: str
    worker: str
    done: float = 0.0
    total: float = 0.0
    points: Sequence[Point] = ()


@dataclass(frozen=True)
class Outcome(Message):
    """How an execution ended: ``state`` is done, failed, cancelled or lost.

    ``error`` is the sentence for the visitor, or for a lost one how its process ended; ``log`` is
    for the maintainer. ``points`` are all that were reported.
    """

    state: str
    error: str | None = None
    done: float = 0.0
    total: float = 0.0
    points: Sequence[Point] = ()
    log: str = ""
    worker: str = field(default="")
