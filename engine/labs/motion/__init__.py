"""The motion lab: skeletons that move by state-space models, and the files that hold motion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.registry import Lab
from engine.labs.motion.papers import PAPERS

if TYPE_CHECKING:
    from engine.models.ssm import selective_scan

__all__ = ["LAB", "selective_scan"]

LAB = Lab(
    name="motion",
    title="Motion",
    sentence="Skeletons that move by state-space models: what a model of motion remembers of every "
    "earlier frame, and what it forgets.",
    experiments=(),
    papers=PAPERS,
    commands={"convert": "engine.labs.motion.commands:convert"},
    folder=Path(__file__).parent,
)


def __getattr__(name: str) -> Any:
    """``selective_scan``, when it is asked for: a registered lab has not loaded torch."""
    if name != "selective_scan":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.models.ssm import selective_scan

    return selective_scan
