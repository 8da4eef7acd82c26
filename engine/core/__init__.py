"""What every lab is made of: configs, digests, results, the registry and the typed errors."""

from engine.core.claims import STANDINGS, Claim, Comparison, Standing, Unmeasured
from engine.core.config import Config
from engine.core.digest import digest
from engine.core.errors import BadInput, Cancelled, EngramError, LimitExceeded, NotFound
from engine.core.registry import Experiment, Lab, Paper, Preset, get_lab, labs
from engine.core.result import Field, Result

__all__ = [
    "STANDINGS",
    "BadInput",
    "Cancelled",
    "Claim",
    "Comparison",
    "Config",
    "EngramError",
    "Experiment",
    "Field",
    "Lab",
    "LimitExceeded",
    "NotFound",
    "Paper",
    "Preset",
    "Result",
    "Standing",
    "Unmeasured",
    "digest",
    "get_lab",
    "labs",
]
