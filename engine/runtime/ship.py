"""Compute the results that ship with the project: every default and every preset of a lab.

``python -m engine.runtime.ship [LAB ...]`` writes them anew under the shipped assets and removes
those that nothing refers to any more. A test recomputes them.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

from engine.core import Config, Experiment, Lab, get_lab, labs
from engine.core.context import QuietContext
from engine.core.units import seconds
from engine.runtime.execute import execute
from engine.runtime.limits import Limits
from engine.store.lookup import save_shipped, shipped_folder


def shipped_configs(lab: Lab) -> Iterator[tuple[Experiment, Config]]:
    """Each experiment's default config and the configs of the presets, none twice."""
    seen = set()
    wanted = [(experiment, experiment.config()) for experiment in lab.experiments]
    for preset in lab.presets:
        experiment = lab.experiment(preset.experiment)
        wanted.append((experiment, experiment.config.build(preset.config)))
    for experiment, config in wanted:
        digest = experiment.digest(lab.name, config)
        if digest not in seen:
            seen.add(digest)
            yield experiment, config


def ship(lab: Lab) -> None:
    """Compute and write the shipped results of one lab; prints a line for each."""
    limits = Limits.from_environment()
    kept = set()
    for experiment, config in shipped_configs(lab):
        result, manifest = execute(
            lab.name,
            experiment,
            config,
            QuietContext(),
            threads=limits.threads,
            output_mb=limits.output_mb,
        )
        folder = save_shipped(lab, experiment, config, result, manifest)
        kept.add(folder.name)
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{lab.name} {experiment.name} {folder.name} {size / 1e6:.2f} MB "
              f"{seconds(manifest['seconds'])}", flush=True)  # fmt: skip
    for folder in shipped_folder().glob(f"{lab.name}/*"):
        if folder.name not in kept:
            shutil.rmtree(folder)


def main(names: list[str]) -> None:
    """Ship the named labs, or all."""
    for lab in [get_lab(name) for name in names] or labs().values():
        ship(lab)


if __name__ == "__main__":
    main(sys.argv[1:])
