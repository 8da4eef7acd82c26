"""What the prune bench can be asked: one cut, a grid of cuts, and the same cut at every site."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from engine.core.errors import BadInput
from engine.labs.diffusion.config.model import Modelled, prompts_field
from engine.labs.diffusion.config.seeds import seed_field
from engine.labs.diffusion.names import SETS, CopiedSet, SiteName

Half = Literal["conditional", "both"]
MOST_SPARSITY = 0.6
MOST_STOPS = 8
# How a number of a grid is written, and its range.
GRID = {"sparsities": (r"\d?\.?\d{1,4}", 0.001, MOST_SPARSITY), "taus": (r"\d{1,2}", 1, 20)}


def _sets_or_none(text: str) -> str:
    names = [part.strip() for part in text.split(",") if part.strip()]
    if unknown := [name for name in names if name not in SETS]:
        raise ValueError(
            f"must be empty, or names of sets separated by commas: {', '.join(SETS)} "
            f"(got {unknown[0][:40]!r})"
        )
    return ",".join(dict.fromkeys(names))


OptionalSets = Annotated[str, AfterValidator(_sets_or_none)]
"""Names of prompt sets, separated by commas, none twice; or nothing."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _half() -> Half:
    return Field(
        "conditional",
        title="Scored half",
        json_schema_extra={
            "advanced": True,
            "help": "conditional: the half of a guided call that has the prompt; both: as in the "
            "code of Chavhan et al. 2024",
        },
    )


def _site(*, advanced: bool = False) -> SiteName:
    return Field(
        "ff_out",
        title="Site",
        json_schema_extra={
            "advanced": advanced,
            "help": "ff_out, ff_in: second and first feed-forward layer; cross_k, cross_v, "
            "cross_out: keys, values and output of cross-attention; conv: convolutions; text: "
            "second feed-forward layer of the text encoder",
        },
    )


def _seeds(default: int) -> int:
    return Field(
        default,
        title="Sampling seeds",
        ge=1,
        le=5,
        json_schema_extra={
            "advanced": True,
            "help": "every picture is sampled so often; each seed draws a random mask of its own",
        },
    )


class BenchConfig(Modelled):
    """One cut: located from sets or a visitor's prompts, with every control beside it."""

    prompts: str = prompts_field("A", "Locate from")
    also: OptionalSets = Field(
        "",
        title="And from these sets",
        max_length=80,
        json_schema_extra={"help": f"none, or some of {', '.join(SETS)}, separated by commas"},
    )
    combine: Literal["union", "intersection", "at least"] = Field(
        "union",
        title="Several sets",
        json_schema_extra={
            "help": "a weight is cut that any set points to, that all do, or that at least so many "
            "do as the next setting says"
        },
    )
    k: int = Field(2, title="At least so many sets", ge=1, le=12)
    minus: OptionalSets = Field(
        "",
        title="Minus what these sets point to",
        max_length=80,
        json_schema_extra={"help": f"none, or some of {', '.join(SETS)}, separated by commas"},
    )
    reference: Literal["null", "unseen", "scenes", "own"] = Field(
        "null",
        title="Reference",
        json_schema_extra={
            "help": "null: empty prompts; unseen: titles that were never trained; scenes: held-out "
            "scenes; own: the prompts of the next setting"
        },
    )
    reference_prompts: str = prompts_field(
        "unseen", "Reference of your own", "used where the reference is own"
    )
    sparsity: float = Field(
        0.2,
        title="Sparsity",
        ge=0.0,
        le=MOST_SPARSITY,
        multiple_of=0.01,
        json_schema_extra={"help": "the share of every row that may be cut"},
    )
    first: int = Field(
        0,
        title="First step",
        ge=0,
        le=19,
        json_schema_extra={"advanced": True, "help": "steps before it are not looked at; 0: all"},
    )
    tau: int = Field(
        5,
        title="Tau",
        ge=1,
        le=20,
        json_schema_extra={"unit": "steps", "help": "the mask joins the steps before this one"},
    )
    site: SiteName = _site()
    half: Half = _half()
    seeds: int = _seeds(3)
    seed: int = seed_field(advanced=True)
    resamples: int = Field(
        50,
        title="Bootstrap resamples",
        ge=1,
        le=500,
        json_schema_extra={
            "advanced": True,
            "help": "the prompts are drawn anew so often, to see which weights are always cut",
        },
    )

    @property
    def sets_also(self) -> tuple[str, ...]:
        """The further sets that are located from."""
        return _names(self.also)

    @property
    def sets_minus(self) -> tuple[str, ...]:
        """The sets whose weights are left alone."""
        return _names(self.minus)

    @property
    def at_least(self) -> int:
        """How many of the sets must point to a weight."""
        sets = 1 + len(self.sets_also)
        return {"union": 1, "intersection": sets, "at least": self.k}[self.combine]

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.first >= self.tau:
            raise BadInput(
                "first", f"must be from 0 to {self.tau - 1}, below tau (got {self.first})"
            )
        if self.prompts in self.sets_also:
            raise BadInput("also", f"the set {self.prompts} is located from already")
        sets = 1 + len(self.sets_also)
        if self.at_least > sets:
            raise BadInput("k", f"must be from 1 to {sets}, the number of sets (got {self.k})")
        if own := {self.prompts, *self.sets_also} & {*self.sets_minus}:
            raise BadInput(
                "minus", f"the set {min(own)} is located from: nothing would be left to cut"
            )
        return self


class GridConfig(Modelled):
    """Cuts over a grid of sparsities and taus, located from one set, with controls at each."""

    located: CopiedSet = Field("A", title="Locate from set")
    sparsities: str = Field(
        "0.01,0.05,0.1,0.2,0.3,0.4",
        title="Sparsities of the grid",
        max_length=80,
        json_schema_extra={
            "advanced": True,
            "help": f"over 0 to {MOST_SPARSITY:g}, separated by commas; the unpruned model is "
            "always there",
        },
    )
    taus: str = Field(
        "1,5,20",
        title="Taus of the grid",
        max_length=40,
        json_schema_extra={"advanced": True, "help": "1 to 20 steps, separated by commas"},
    )
    site: SiteName = _site(advanced=True)
    reference: Literal["null", "unseen", "scenes"] = Field(
        "null", title="Reference", json_schema_extra={"advanced": True}
    )
    half: Half = _half()
    seeds: int = _seeds(3)
    seed: int = seed_field(advanced=True)

    @property
    def rows(self) -> tuple[float, ...]:
        """The sparsities in order, each once."""
        return tuple(sorted({float(part) for part in self.sparsities.split(",")}))

    @property
    def columns(self) -> tuple[int, ...]:
        """The taus in order, each once."""
        return tuple(sorted({int(part) for part in self.taus.split(",")}))

    @field_validator("sparsities", "taus")
    @classmethod
    def _numbers(cls, text: str, info: ValidationInfo) -> str:
        name = info.field_name or "sparsities"
        text = re.sub(r"\s", "", text)
        number, low, high = GRID[name]
        if not re.fullmatch(rf"{number}(,{number}){{0,{MOST_STOPS - 1}}}", text):
            raise BadInput(name, f"must be 1 to {MOST_STOPS} numbers separated by commas")
        if not all(low <= float(part) <= high for part in text.split(",")):
            raise BadInput(name, f"must hold numbers from {low:g} to {high:g}")
        return text


class SitesConfig(Modelled):
    """The same share cut at every kind of layer, located and at random."""

    located: CopiedSet = Field("A", title="Locate from set")
    sparsity: float = Field(0.2, title="Sparsity", ge=0.01, le=MOST_SPARSITY, multiple_of=0.01)
    tau: int = Field(5, title="Tau", ge=1, le=20, json_schema_extra={"unit": "steps"})
    half: Half = _half()
    seeds: int = _seeds(2)
    seed: int = seed_field(advanced=True)
