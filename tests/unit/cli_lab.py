"""A lab for the command line's tests: one field of each kind, and commands."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field as Setting
from pydantic import model_validator

from engine.core import Config, Experiment, Field, Lab, Result
from engine.core.arguments import Arguments
from engine.core.context import Context


class Kinds(Config):
    """Every kind of field."""

    whole: int = Setting(3, ge=1, le=9, title="A whole number", json_schema_extra={"unit": "%"})
    real_number: float = Setting(0.5, ge=-1, le=1)
    word: str = Setting("none", max_length=8)
    choice: Literal["a", "b"] = "a"
    size: Literal[32, 64] = 32
    flag: bool = True
    many: tuple[int, ...] = (1, 2)
    maybe: int | None = None
    fail: bool = False

    @model_validator(mode="after")
    def _odd(self) -> Kinds:
        if self.whole == 8:
            raise ValueError("8 and the rest do not go together")
        return self


def run(config: Kinds, context: Context) -> Result:
    if config.fail:
        raise RuntimeError("a detail for the log")
    context.progress(1, 1, loss=0.5)
    values = np.full((2, config.whole), config.real_number)
    return Result(
        {"values": Field(values, ("row", "column"), "V")},
        {"mean": float(values.mean()), "ratio": float("nan"), "name": config.word},
    )


def add(argv: list[str]) -> dict[str, object]:
    """Add two numbers."""
    parser = Arguments("add", "Add two numbers.")
    parser.add_argument("--left", type=int, required=True)
    parser.add_argument("--right", type=int, default=0)
    given = parser.parse_args(argv)
    return {"sum": np.int64(given.left + given.right), "argv": argv}


def own_parser(argv: list[str]) -> dict[str, object]:
    """A command that exits by itself."""
    raise SystemExit(2)


LAB = Lab(
    name="cli_lab",
    title="CLI lab",
    sentence="Takes every kind of field.",
    experiments=(
        Experiment("kinds", "All kinds", Kinds, "tests.unit.cli_lab:run"),
        Experiment("add", "Hidden by the command", Kinds, "tests.unit.cli_lab:run"),
    ),
    commands={"add": "tests.unit.cli_lab:add", "exits": "tests.unit.cli_lab:own_parser"},
)
