"""CPU seconds of the benches before they run."""

from __future__ import annotations

from engine.labs.diffusion.config.bench import BenchConfig, GridConfig, SitesConfig
from engine.labs.diffusion.cost import OTHER_PICTURE, PICTURE
from engine.labs.diffusion.names import COPIED_SETS, EMBEDDED, SITE_NAMES

COPIED, SCENES, SHOWN = 24, 12, 8
CUTS = 4
LOADING = 5.0


def bench(config: BenchConfig) -> float:
    """One cut and its controls beside the unpruned model."""
    if config.model not in EMBEDDED:
        return OTHER_PICTURE * config.seeds * SHOWN * 3
    more = sum(name not in COPIED_SETS for name in (config.prompts, *config.sets_also))
    pictures = COPIED + SCENES + SHOWN * more
    return LOADING + PICTURE * config.seeds * pictures * (1 + CUTS)


def grid(config: GridConfig) -> float:
    """Every cell and its controls."""
    cuts = len(config.rows) * len(config.columns) * CUTS
    return LOADING + PICTURE * config.seeds * (COPIED + SCENES) * (1 + cuts)


def sites(config: SitesConfig) -> float:
    """Two cuts at every site."""
    pictures = config.seeds * (COPIED - 8 + SCENES)
    return LOADING + PICTURE * pictures * (1 + 2 * len(SITE_NAMES))
