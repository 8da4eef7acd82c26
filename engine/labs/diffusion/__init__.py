"""The diffusion lab: where a model keeps the pictures it copied, and what pruning removes."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from engine.core.assets import ASSETS
from engine.core.registry import Experiment, Lab
from engine.labs.diffusion import bench_cost, config, cost_located, detection_cost
from engine.labs.diffusion.config.race import race_cost, strength_cost
from engine.labs.diffusion.cost import OTHER_MB, priced
from engine.labs.diffusion.papers import PAPERS

__all__ = ["LAB"]

_LAB = "engine.labs.diffusion"


def _version(revision: int) -> int:
    """A result belongs to a revision of its code and to the weights of the embedded models."""
    cards = sorted((ASSETS / "models" / "diffusion").glob("*/card.json"))
    marks = "".join(
        found[1] for card in cards if (found := _DIGEST.search(card.read_text("utf-8")))
    )
    return revision << 32 | zlib.crc32(marks.encode())


_DIGEST = re.compile(r'"digest": "([0-9a-f]{16})"')
VERSION = _version(1)
_COMMANDS = f"{_LAB}.commands"

LAB = Lab(
    name="diffusion",
    title="Diffusion memory",
    sentence="Where a text-to-image model keeps the pictures it copied, what cutting those weights "
    "changes, and whether an attack brings them back.",
    experiments=(
        Experiment(
            "bench",
            "One cut and its controls",
            config.BenchConfig,
            f"{_LAB}.bench:bench",
            version=VERSION,
            cost_seconds=bench_cost.bench,
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "grid",
            "Cuts at every sparsity and tau",
            config.GridConfig,
            f"{_LAB}.grid:grid",
            version=VERSION,
            cost_seconds=bench_cost.grid,
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "sites",
            "The same cut at every site",
            config.SitesConfig,
            f"{_LAB}.site_table:sites",
            version=VERSION,
            cost_seconds=bench_cost.sites,
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "honesty",
            "Attack on a pruned model",
            config.HonestyConfig,
            f"{_LAB}.honesty:honesty",
            version=VERSION,
            cost_seconds=priced(config.honesty_seconds),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "starts",
            "Searches from many starts",
            config.StartsConfig,
            f"{_LAB}.starts:starts",
            version=VERSION,
            cost_seconds=priced(config.starts_seconds),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "writing",
            "A picture in a low-rank addition",
            config.WritingConfig,
            f"{_LAB}.writing:writing",
            version=VERSION,
            cost_seconds=priced(config.writing_seconds),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "keys",
            "Border keys",
            config.KeysConfig,
            f"{_LAB}.keys:keys",
            version=VERSION,
            cost_seconds=config.keys_seconds,
        ),
        Experiment(
            "scores",
            "Scores of every step",
            config.ScoresConfig,
            f"{_LAB}.scores:scores",
            version=VERSION,
            cost_seconds=detection_cost.scores,
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "detection",
            "Copied or ordinary?",
            config.DetectionConfig,
            f"{_LAB}.detection:detection",
            version=VERSION,
            cost_seconds=detection_cost.detection,
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "overlap",
            "Overlap of masks",
            config.OverlapConfig,
            f"{_LAB}.overlap:overlap",
            version=VERSION,
            cost_seconds=priced(cost_located.overlap),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "atlas",
            "Neuron atlas",
            config.AtlasConfig,
            f"{_LAB}.atlas:atlas",
            version=VERSION,
            cost_seconds=priced(lambda settings: 4.0),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "neuron",
            "One neuron",
            config.NeuronConfig,
            f"{_LAB}.neuron:neuron",
            version=VERSION,
            cost_seconds=priced(cost_located.neuron),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "ladder",
            "Duplication ladder",
            config.LadderConfig,
            f"{_LAB}.ladder:run",
            version=VERSION,
            cost_seconds=priced(lambda settings: 2.0 + 1.05 * settings.seeds * settings.steps),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "arrival",
            "Memorization over training",
            config.ArrivalConfig,
            f"{_LAB}.arrival:run",
            version=VERSION,
            cost_seconds=priced(lambda settings: 2.0),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "basin",
            "Recall basin",
            config.BasinConfig,
            f"{_LAB}.basin:run",
            version=VERSION,
            cost_seconds=priced(lambda settings: 2.0 + 0.4 * settings.seeds * settings.points),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "tokens",
            "Where each word is looked at",
            config.TokensConfig,
            f"{_LAB}.tokens:run",
            version=VERSION,
            cost_seconds=priced(lambda settings: 2.0 + 0.1 * settings.steps),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "words",
            "Which word is the key",
            config.WordsConfig,
            f"{_LAB}.keywords:run",
            version=VERSION,
            cost_seconds=priced(lambda settings: 2.0 + 1.0 * settings.seeds * (1 + settings.swaps)),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "race",
            "Mitigation race",
            config.RaceConfig,
            f"{_LAB}.racing:race",
            version=VERSION,
            cost_seconds=priced(race_cost),
            memory_mb=OTHER_MB,
        ),
        Experiment(
            "strength",
            "Methods at several strengths",
            config.StrengthConfig,
            f"{_LAB}.racing:strength",
            version=VERSION,
            cost_seconds=priced(strength_cost),
            memory_mb=OTHER_MB,
        ),
    ),
    papers=PAPERS,
    commands={
        "sample": f"{_COMMANDS}:sample",
        "locate": f"{_COMMANDS}_locate:locate",
        "evaluate": f"{_COMMANDS}:evaluate",
        "attack": f"{_COMMANDS}:attack",
        "export": f"{_COMMANDS}_locate:export",
    },
    folder=Path(__file__).parent,
    claims="engine.labs.diffusion.views.claims:CLAIMS",
)
