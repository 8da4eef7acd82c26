"""What the duplication ladder and the recall basin can be asked."""

from __future__ import annotations

from pydantic import Field

from engine.labs.diffusion.config.model import Modelled
from engine.labs.diffusion.config.seeds import seed_field

LONGEST = 1000
COPIED = "the painting hidden window by bellini"
OTHER = "the painting golden valley by amari"
SCENE = "a large red circle at the left on a white background"
NEVER = "the painting ancient bridge by fontaine"


class LadderConfig(Modelled):
    """Every rung of the ladder, never-trained titles and held-out scenes, with several seeds."""

    seeds: int = Field(
        3,
        ge=1,
        le=10,
        title="Sampling seeds",
        json_schema_extra={"help": "every prompt is sampled once with each"},
    )
    seed: int = seed_field(advanced=True)
    guidance: float = Field(
        2.0,
        ge=0.0,
        le=20.0,
        title="Guidance",
        json_schema_extra={"advanced": True, "help": "1: the prediction with the prompt alone"},
    )
    steps: int = Field(
        20,
        ge=1,
        le=100,
        title="Steps",
        json_schema_extra={"advanced": True, "help": "DDIM steps from noise to picture"},
    )


class ArrivalConfig(Modelled):
    """What a model could do at the snapshots of its training."""


class BasinConfig(Modelled):
    """Prompts between a copied caption and others."""

    copied: str = Field(
        COPIED,
        title="From the caption",
        min_length=1,
        max_length=LONGEST,
        json_schema_extra={"help": "one that a training picture belongs to"},
    )
    scene: str = Field(SCENE, title="To the scene", min_length=1, max_length=LONGEST)
    other: str = Field(
        OTHER,
        title="To another caption",
        min_length=1,
        max_length=LONGEST,
        json_schema_extra={"help": "another copied one"},
    )
    control: str = Field(
        NEVER,
        title="Control",
        min_length=1,
        max_length=LONGEST,
        json_schema_extra={"help": "a title that was never trained, led to the same scene"},
    )
    points: int = Field(
        17,
        ge=3,
        le=41,
        title="Points",
        json_schema_extra={"help": "prompts on each way, both ends included"},
    )
    seeds: int = Field(3, ge=1, le=10, title="Sampling seeds")
    seed: int = seed_field(advanced=True)
