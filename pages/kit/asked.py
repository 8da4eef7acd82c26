"""What a view asks one experiment for, and how it begins: the widgets, the heading, the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.core import Config, Experiment, Lab, Result
from pages.kit.form import form
from pages.kit.obtain import Obtained, obtain
from pages.kit.words import section


@dataclass(frozen=True)
class Asked:
    """The lab, and what one of its experiments is asked."""

    lab: Lab
    experiment: Experiment
    config: Config


def asked(lab: Lab, name: str, fields: tuple[str, ...] | None = None) -> Asked:
    """Draw the widgets of an experiment (``fields`` of it, or all) and keep what they say."""
    experiment = lab.experiment(name)
    config = form(lab, experiment, fields=fields) if fields else form(lab, experiment)
    return Asked(lab, experiment, config)


def settings(name: str) -> Callable[[Lab], Asked]:
    """The left column of a view that asks for all of one experiment and nothing else."""
    return lambda lab: asked(lab, name)


def begin(scene: Asked, title: str, words: str) -> tuple[Obtained, Result] | None:
    """A view's heading, and what its experiment gave; None where there is nothing to show yet."""
    section(title, words)
    obtained = obtain(scene.lab, scene.experiment, scene.config)
    return None if obtained.result is None else (obtained, obtained.result)
