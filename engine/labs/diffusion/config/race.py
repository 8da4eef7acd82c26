"""Methods against copies side by side, and each of them at several strengths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from engine.labs.diffusion.config.model import Modelled, prompts_field
from engine.labs.diffusion.config.seeds import seed_field
from engine.labs.diffusion.mitigate.names import METHODS, Strengths

MOST_PICTURES = 24
MOST_VALUES = 8


def _constant(default: float, low: float, high: float, title: str, help: str) -> Any:
    """A constant of a method: a number to type, with where it comes from as its help."""
    extra: Any = {"widget": "number", "help": help, "advanced": True}
    return Field(default, ge=low, le=high, title=title, json_schema_extra=extra)


def _levels(low: float, high: float, *, whole: bool = False) -> Callable[[str], str]:
    """A check for numbers between two bounds, which come back in rising order, none twice."""
    kind = "whole numbers" if whole else "numbers"

    def check(text: str) -> str:
        try:
            values = sorted({float(part) for part in text.replace(",", " ").split()})
        except ValueError:
            values = []
        fit = all(low <= value <= high and (not whole or value % 1 == 0) for value in values)
        if not 1 <= len(values) <= MOST_VALUES or not fit:
            raise ValueError(
                f"must be 1 to {MOST_VALUES} {kind} from {low:g} to {high:g}, with spaces between"
            )
        return " ".join(f"{value:g}" for value in values)

    return check


def _text(default: str, title: str) -> Any:
    return Field(default, title=title, min_length=1, max_length=80)


class Mitigating(Modelled):
    """Which pictures are to be hidden, what must not suffer, and the constants of the methods."""

    prompts: str = prompts_field("A", "Prompts to hide")
    ordinary: str = prompts_field(
        "x1",
        "Ordinary prompts",
        "prompts whose pictures are no copies: they set the scale of scores and thresholds",
    )
    pictures: int = Field(8, ge=1, le=MOST_PICTURES, title="Pictures to hide")
    scenes: int = Field(
        8,
        ge=1,
        le=MOST_PICTURES,
        title="Scenes judged",
        json_schema_extra={"help": "scenes that were never trained, sampled by the same method"},
    )
    seeds: int = Field(2, ge=1, le=5, title="Sampling seeds")
    seed: int = seed_field()
    steps: int = Field(
        20, ge=2, le=50, title="Steps", json_schema_extra={"advanced": True, "widget": "number"}
    )
    guidance: float = _constant(2.0, 0, 20, "Guidance", "of plain sampling; the model's is 2")
    words: int = _constant(4, 0, 16, "Words inserted", "published: 4 (Somepalli et al., code)")
    noise: float = _constant(
        0.1, 0, 100, "Embedding noise", "published: 0.1 (Somepalli et al., code)"
    )
    noise_high: float = _constant(
        1.0, 0, 100, "More embedding noise", "assumed: about the size of this model's states"
    )
    rate: float = _constant(
        0.05, 1e-4, 10, "Embedding steps: rate", "published: 0.05 (Wen et al., code)"
    )
    iterations: int = _constant(
        10, 1, 100, "Embedding steps: at most", "published: 10 (Wen et al., code)"
    )
    target: float = _constant(
        1.0, 0.01, 100, "Embedding steps: target",
        "assumed: in first-step scores of ordinary prompts. Published is a score of 3, on the "
        "authors' own model; scores of this one have another scale",
    )  # fmt: skip
    scale: float = _constant(
        1.25, 0.1, 10, "Start token: logit times", "published: 1.25 (Ren et al., code)"
    )
    transition: int = _constant(
        500, 0, 1000, "Delayed: guided from step", "published: 500 of 1000 (Jain et al., code)"
    )
    opposite: float = _constant(
        -2.0, -20, 20, "Opposite: guidance at first", "published: -2 (Jain et al., code)"
    )
    opposite_until: int = _constant(
        650, 0, 1000, "Opposite: until step", "published: 650 of 1000 (Jain et al., code)"
    )
    theta: float = _constant(
        5.0, 0.1, 100, "Neurons: theta from", "published: 5, down by 0.25 (NeMo, code)"
    )
    theta_least: float = _constant(1.0, 0, 100, "Neurons: theta to", "published: 1 (NeMo, code)")
    noises: int = _constant(10, 2, 20, "Neurons: noises", "published: 10 (NeMo, code)")
    sparsity: float = Field(
        0.2,
        ge=0,
        le=1,
        title="Cut: sparsity",
        json_schema_extra={
            "advanced": True,
            "step": 0.01,
            "help": "assumed: 0.2; published is 0.01 (Chavhan et al., code)",
        },
    )
    tau: int = _constant(
        5, 1, 50, "Tau", "assumed: the cut joins masks of 5 of 20 steps; published are 10 of 51"
    )

    @property
    def strengths(self) -> Strengths:
        """The constants as the methods take them."""
        names = Strengths.__dataclass_fields__
        return Strengths(**{name: getattr(self, name) for name in names if hasattr(self, name)})


class RaceConfig(Mitigating):
    """Every method on the same prompts and noises."""


class StrengthConfig(Mitigating):
    """Methods at several strengths; the other constants are those of the race."""

    seeds: int = Field(1, ge=1, le=5, title="Sampling seeds")
    word_counts: Annotated[str, AfterValidator(_levels(0, 16, whole=True))] = _text(
        "1 2 4", "Words inserted"
    )
    noise_levels: Annotated[str, AfterValidator(_levels(0, 100))] = _text(
        "0.1 0.3 0.6 1 1.5", "Embedding noise"
    )
    scales: Annotated[str, AfterValidator(_levels(0.1, 10))] = _text(
        "1.25 2 4", "Start token: logit times"
    )
    transitions: Annotated[str, AfterValidator(_levels(0, 1000, whole=True))] = _text(
        "500 700 800 900", "Delayed: guided from"
    )
    cuts: Annotated[str, AfterValidator(_levels(0, 1))] = _text(
        "0.01 0.05 0.1 0.2 0.4", "Cut: sparsity"
    )

    @property
    def levels(self) -> dict[str, tuple[float, ...]]:
        """The values of each method that is swept, by the name of the strength."""
        given = {
            "words": self.word_counts,
            "noise": self.noise_levels,
            "scale": self.scales,
            "transition": self.transitions,
            "sparsity": self.cuts,
        }
        return {name: tuple(float(v) for v in text.split()) for name, text in given.items()}


PICTURE_SECONDS = 0.006
"""CPU seconds of a step of one picture, both halves, with the larger embedded model."""


def race_cost(config: RaceConfig) -> float:
    """CPU seconds: all samplings, and what fits the methods (mostly the search for neurons)."""
    tries = 1 + (config.theta - config.theta_least) / 0.25
    searching = 0.08 * tries * config.pictures * config.noises / 10
    searching += 0.02 * config.iterations * config.seeds * (config.pictures + config.scenes)
    return 3 + searching + len(METHODS) * _sampling(config)


def strength_cost(config: StrengthConfig) -> float:
    """CPU seconds: all cells and plain sampling."""
    cells = 1 + sum(len(values) for values in config.levels.values())
    return 3 + cells * _sampling(config)


def _sampling(config: Mitigating) -> float:
    pictures = config.seeds * (config.pictures + config.scenes)
    return PICTURE_SECONDS * config.steps * pictures
