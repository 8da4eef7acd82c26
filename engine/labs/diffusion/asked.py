"""The pipeline and the prompts that a config names."""

from __future__ import annotations

from collections.abc import Callable

from engine.labs.diffusion.config.model import UPLOAD, Modelled, model_folder
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.prompt_files import read_prompts
from engine.labs.diffusion.prompts import PromptSet, find_prompts, know_prompts


def asked_pipeline(config: Modelled) -> Pipeline:
    """The pipeline of a config, grounded or not; raises BadInput."""
    return load_pipeline(model_folder(config.model))


def asked_prompts(
    pipeline: Pipeline, config: Modelled, field: str, read: Callable[[str], bytes]
) -> PromptSet:
    """The prompts of one field of a config: a set by name, a file or an upload; raises BadInput."""
    value = str(getattr(config, field))
    if value.startswith(UPLOAD):
        return know_prompts(pipeline, "your prompts", read_prompts(read(value), field))
    return find_prompts(pipeline, value, field)


def asked_sets(pipeline: Pipeline, names: str, field: str) -> tuple[PromptSet, ...]:
    """Sets by their names, separated by commas; raises BadInput."""
    return tuple(find_prompts(pipeline, name, field) for name in names.split(","))
