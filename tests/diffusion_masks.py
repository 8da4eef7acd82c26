"""Results of the overlap, the atlas and the neuron on an untrained model, in few steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core import Result
from engine.core.context import QuietContext
from engine.labs.diffusion import atlas as atlasing
from engine.labs.diffusion import neuron as watching
from engine.labs.diffusion import overlap as overlapping
from engine.labs.diffusion.config import AtlasConfig, NeuronConfig, OverlapConfig
from tests.diffusion_models import save_patches

STEPS = 2


def short(patch: pytest.MonkeyPatch) -> None:
    """Sampling in two steps in all three runs."""
    for module in (overlapping, atlasing, watching):
        patch.setattr(module, "STEPS", STEPS)


def overlap_result(folder: Path, **changes: object) -> Result:
    """Groups of two prompts in the model at ``folder``."""
    settings = {"groups": "A,unseen,scenes", "group_size": 2, "splits": 10, "joined": 2, **changes}
    config = OverlapConfig.build(settings, model=str(folder))
    return overlapping.overlap(config, QuietContext())


def atlas_result(folder: Path, **changes: object) -> Result:
    """The atlas of the model at ``folder``."""
    return atlasing.atlas(AtlasConfig.build(changes, model=str(folder)), QuietContext())


def neuron_result(folder: Path, **changes: object) -> Result:
    """A column of the model at ``folder``, with two pictures."""
    settings = {"neuron_layer": 1, "column": 5, "pictures": 2, **changes}
    return watching.neuron(NeuronConfig.build(settings, model=str(folder)), QuietContext())


def model_folder(factory: pytest.TempPathFactory) -> Path:
    """An untrained model on the disk."""
    return save_patches(factory.mktemp("models") / "one")
