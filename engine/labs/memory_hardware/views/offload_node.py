"""Where a run differs from those that a node's rates were fitted on, and whether it fits at all."""

from __future__ import annotations

from engine.core.result import Result
from engine.labs.memory_hardware.offload.presets import Preset, load_node


def describe_configuration(result: Result) -> list[str]:
    """A sentence for each setting that is not that of the fitted runs; none where all are."""
    preset, settings = load_node(result.notes["node"]), result.notes["settings"]
    if not preset.fitted_by:
        return []
    found = []
    if settings["gpus"] < preset.gpus:
        found.append(_fewer(preset, settings["gpus"]))
    if settings["gpus"] > preset.gpus:
        found.append(
            f"The rates are of {preset.gpus} ranks on one node. More GPUs fill further nodes with "
            f"{preset.gpus} ranks each, so that a rank's share stays; what nodes send each other "
            "is not counted."
        )
    if settings["micro_batch"] != preset.micro_batch:
        found.append(
            f"The rates are of runs with micro-batch {preset.micro_batch}. How fast the CPU "
            "updates belongs to a configuration and not to a GPU: logged A100 runs with "
            "micro-batch 4 updated 1.5 times more slowly."
        )
    return found


def _fewer(preset: Preset, gpus: int) -> str:
    """What becomes of a rank's rates where it shares the node with fewer others."""
    ranks = f"The rates are of {preset.gpus} ranks on a node; here it has {gpus}."
    if not preset.shared:
        return f"{ranks} No log tells what a rank of this node gains by that, so they stay."
    names = ", ".join(name.replace("_", " ") for name in preset.shared)
    return (
        f"{ranks} What ranks share ({names}) is taken to be divided among those, so that each "
        f"has {preset.gpus / gpus:.3g} times as much. Logged steps of 1 to 16 GPUs agree up to the "
        "factor of their micro-batch."
    )
