"""The settings of every experiment, by what they ask about."""

from engine.labs.diffusion.config.honesty import CASES, HonestyConfig, honesty_seconds
from engine.labs.diffusion.config.model import Modelled, SetList, model_folder, prompts_field

__all__ = [
    "CASES",
    "HonestyConfig",
    "Modelled",
    "SetList",
    "honesty_seconds",
    "model_folder",
    "prompts_field",
]
