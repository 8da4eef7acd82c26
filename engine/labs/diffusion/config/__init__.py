"""The settings of every experiment, by what they ask about."""

from engine.labs.diffusion.config.atlas import AtlasConfig, NeuronConfig
from engine.labs.diffusion.config.bench import BenchConfig, GridConfig, SitesConfig
from engine.labs.diffusion.config.detection import DetectionConfig
from engine.labs.diffusion.config.honesty import CASES, HonestyConfig, honesty_seconds
from engine.labs.diffusion.config.keys import KeysConfig, keys_seconds
from engine.labs.diffusion.config.ladder import ArrivalConfig, BasinConfig, LadderConfig
from engine.labs.diffusion.config.model import Modelled, SetList, model_folder, prompts_field
from engine.labs.diffusion.config.overlap import OverlapConfig
from engine.labs.diffusion.config.race import Mitigating, RaceConfig, StrengthConfig
from engine.labs.diffusion.config.scores import ScoresConfig
from engine.labs.diffusion.config.starts import StartsConfig, starts_seconds
from engine.labs.diffusion.config.tokens import TokensConfig, WordsConfig
from engine.labs.diffusion.config.writing import WritingConfig, writing_seconds

__all__ = [
    "CASES",
    "ArrivalConfig",
    "AtlasConfig",
    "BasinConfig",
    "BenchConfig",
    "DetectionConfig",
    "GridConfig",
    "HonestyConfig",
    "KeysConfig",
    "LadderConfig",
    "Mitigating",
    "Modelled",
    "NeuronConfig",
    "OverlapConfig",
    "RaceConfig",
    "ScoresConfig",
    "SetList",
    "SitesConfig",
    "StartsConfig",
    "StrengthConfig",
    "TokensConfig",
    "WordsConfig",
    "WritingConfig",
    "honesty_seconds",
    "keys_seconds",
    "model_folder",
    "prompts_field",
    "starts_seconds",
    "writing_seconds",
]
