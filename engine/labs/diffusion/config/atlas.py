"""What the atlas of neurons can be asked: all columns of a site, and one of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.labs.diffusion.config.model import Modelled, prompts_field
from engine.labs.diffusion.config.seeds import seed_field

PictureSite = Literal["ff_out", "ff_in", "cross_out", "conv"]
"""Sites whose inputs are places of the picture."""


class AtlasConfig(Modelled):
    """Scores of every weight of a site, for prompts and for what they are compared with."""

    prompts: str = prompts_field("A", "Prompts")
    others: str = prompts_field("unseen", "Ordinary prompts")
    site: PictureSite = Field("ff_out", title="Site", json_schema_extra={"widget": "select"})
    one_layer: int = Field(
        -1,
        ge=-1,
        le=999,
        title="One layer only",
        json_schema_extra={
            "advanced": True,
            "help": "-1 takes all; of a large model only one layer is kept at a time, by its place "
            "in running order from 0",
        },
    )
    seed: int = seed_field("Seed")


class NeuronConfig(Modelled):
    """One column of a layer: what excites it, and pictures with it switched off."""

    prompts: str = prompts_field("A", "Prompts")
    others: str = prompts_field("unseen", "Ordinary prompts")
    site: PictureSite = Field("ff_out", title="Site", json_schema_extra={"widget": "select"})
    neuron_layer: int = Field(
        17,
        ge=0,
        le=999,
        title="Layer",
        json_schema_extra={"help": "its place in running order, from 0"},
    )
    column: int = Field(
        127,
        ge=0,
        le=99_999,
        title="Column",
        json_schema_extra={"help": "the input channel of the layer, from 0"},
    )
    pictures: int = Field(
        4,
        ge=1,
        le=24,
        title="Pictures",
        json_schema_extra={"help": "the first prompts of each list; the others are left out"},
    )
    seed: int = seed_field("Seed")
