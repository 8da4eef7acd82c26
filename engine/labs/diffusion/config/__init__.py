"""The settings of every experiment, by what they ask about."""

from engine.labs.diffusion.config.detection import DetectionConfig
from engine.labs.diffusion.config.model import Modelled, SetList, model_folder, prompts_field
from engine.labs.diffusion.config.scores import ScoresConfig

__all__ = [
    "DetectionConfig",
    "Modelled",
    "ScoresConfig",
    "SetList",
    "model_folder",
    "prompts_field",
]
