"""The settings of every experiment, by what they ask about."""

from engine.labs.diffusion.config.model import Modelled, SetList, model_folder, prompts_field
from engine.labs.diffusion.config.race import Mitigating, RaceConfig, StrengthConfig

__all__ = [
    "Mitigating",
    "Modelled",
    "RaceConfig",
    "SetList",
    "StrengthConfig",
    "model_folder",
    "prompts_field",
]
