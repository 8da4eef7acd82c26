"""What the benchmark bench can be asked: a grid of thresholds and dampings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from engine.core.errors import BadInput
from engine.labs.memory_graph.config.retrieval import EvaluateConfig
from engine.labs.memory_graph.sources import SAMPLES, sample_questions

MOST_VALUES = 12
BOUNDS = {"thresholds": (0.5, 1.0), "dampings": (0.0, 0.95)}


class BenchConfig(EvaluateConfig):
    """Recall over a grid of thresholds and dampings, with ablations and all methods beside it.

    ``threshold`` and ``damping`` name the cell that all others are compared with; where the grid
    lacks it, it is added.
    """

    method: Literal["hipporag", "hipporag2"] = Field("hipporag", title="Method")
    thresholds: str = Field(
        "0.7,0.8,0.9",
        title="Thresholds of the grid",
        max_length=100,
        json_schema_extra={
            "help": "0.5 to 1, separated by commas; the authors tuned over 0.8 and 0.9"
        },
    )
    dampings: str = Field(
        "0.1,0.3,0.5,0.7,0.9",
        title="Dampings of the grid",
        max_length=100,
        json_schema_extra={
            "help": "0 to 0.95, separated by commas; the authors tuned over 0.1, 0.3, 0.5 and 0.9"
        },
    )

    @property
    def grid(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Thresholds and dampings in order, each once, those of the compared cell among them."""
        rows = {*_numbers(self.thresholds), self.threshold}
        columns = {*_numbers(self.dampings), self.damping}
        return tuple(sorted(rows)), tuple(sorted(columns))

    @field_validator("thresholds", "dampings")
    @classmethod
    def _within(cls, text: str, info: ValidationInfo) -> str:
        name = info.field_name or "thresholds"
        low, high = BOUNDS[name]
        text = re.sub(r"\s", "", text)
        if not re.fullmatch(r"\d{1,2}(\.\d{1,6})?(,\d{1,2}(\.\d{1,6})?)*", text):
            raise BadInput(name, "must be numbers separated by commas, such as 0.1,0.5")
        values = _numbers(text)
        if not all(low <= value <= high for value in values):
            raise BadInput(name, f"must hold numbers from {low:g} to {high:g}")
        if len(values) > MOST_VALUES:
            raise BadInput(name, f"must be 1 to {MOST_VALUES} numbers")
        return text

    def fits(self, read: Callable[[str], bytes]) -> None:
        """Refuse a memory without gold before a run is offered."""
        sample = self.corpus in SAMPLES and sample_questions(self.corpus) is not None
        if not self.questions and not sample:
            raise BadInput(
                "questions",
                "this memory came without gold passages: upload questions that name some",
            )


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))
