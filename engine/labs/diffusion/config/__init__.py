"""The settings of every experiment, by what they ask about."""

from engine.labs.diffusion.config.atlas import AtlasConfig, NeuronConfig
from engine.labs.diffusion.config.model import Modelled, SetList, model_folder, prompts_field
from engine.labs.diffusion.config.overlap import OverlapConfig

__all__ = [
    "AtlasConfig",
    "Modelled",
    "NeuronConfig",
    "OverlapConfig",
    "SetList",
    "model_folder",
    "prompts_field",
]
