"""The settings of every experiment, by what they ask about."""

from engine.labs.diffusion.config.bench import BenchConfig, GridConfig, SitesConfig
from engine.labs.diffusion.config.model import Modelled, SetList, model_folder, prompts_field

__all__ = [
    "BenchConfig",
    "GridConfig",
    "Modelled",
    "SetList",
    "SitesConfig",
    "model_folder",
    "prompts_field",
]
