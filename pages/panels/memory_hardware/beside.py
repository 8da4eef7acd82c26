"""A run of the memory beside a GPU and a CPU that can be changed without another run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.core import Experiment, Lab, Result
from engine.labs.memory_hardware.baseline import Baselines
from engine.labs.memory_hardware.config import Compared
from pages.kit import Obtained, obtain

Beside = Callable[[Result, Baselines], Result]


def obtain_beside(
    lab: Lab, experiment: Experiment, config: Compared, machines: type[Compared], beside: Beside
) -> Obtained:
    """The result with the usual other machines, put ``beside`` those of ``config``.

    The simulation does not depend on the fields of ``machines``: one run serves all of them.
    """
    usual = {name: field.default for name, field in machines.model_fields.items()}
    given = {name: getattr(config, name) for name in usual}
    obtained = obtain(lab, experiment, config.model_copy(update=usual))
    if obtained.result is None:
        return obtained
    return replace(
        obtained,
        result=beside(obtained.result, config.baselines),
        config=obtained.config.model_copy(update=given),
        asked=config,
    )
