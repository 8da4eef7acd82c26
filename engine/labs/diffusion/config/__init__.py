"""The settings of every experiment, by what they ask about."""

from engine.labs.diffusion.config.ladder import ArrivalConfig, BasinConfig, LadderConfig
from engine.labs.diffusion.config.model import Modelled, SetList, model_folder, prompts_field
from engine.labs.diffusion.config.tokens import TokensConfig, WordsConfig

__all__ = [
    "ArrivalConfig",
    "BasinConfig",
    "LadderConfig",
    "Modelled",
    "SetList",
    "TokensConfig",
    "WordsConfig",
    "model_folder",
    "prompts_field",
]
