"""The settings of every experiment, by what they ask about."""

from engine.labs.diffusion.config.honesty import CASES, HonestyConfig, honesty_seconds
from engine.labs.diffusion.config.keys import KeysConfig, keys_seconds
from engine.labs.diffusion.config.model import Modelled, SetList, model_folder, prompts_field
from engine.labs.diffusion.config.starts import StartsConfig, starts_seconds
from engine.labs.diffusion.config.writing import WritingConfig, writing_seconds

__all__ = [
    "CASES",
    "HonestyConfig",
    "KeysConfig",
    "Modelled",
    "SetList",
    "StartsConfig",
    "WritingConfig",
    "honesty_seconds",
    "keys_seconds",
    "model_folder",
    "prompts_field",
    "starts_seconds",
    "writing_seconds",
]
