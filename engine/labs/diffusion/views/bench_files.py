"""What can be taken away of a cut: its mask as a file, and the commands that repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.labs.diffusion.config.bench import BenchConfig, GridConfig
from engine.labs.diffusion.config.model import UPLOAD, model_folder
from engine.labs.diffusion.locate.mask_bits import mask_file
from engine.labs.diffusion.views.bench import Shown

MASK, PROMPTS, REFERENCE = "mask.safetensors", "prompts.txt", "reference.txt"


@dataclass(frozen=True)
class Made:
    """How a mask was located, as the command ``locate`` is told it."""

    model: str
    sets: tuple[str, ...]
    reference: str
    sparsity: float
    tau: int
    first: int = 0
    site: str = "ff_out"
    half: str = "conditional"
    at_least: int = 1
    minus: tuple[str, ...] = ()
    seed: int = 0
    seeds: int = 1

    def notes(self) -> Mapping[str, Any]:
        """What the command writes into a mask file about its making."""
        return {
            "prompts": list(self.sets),
            "reference": self.reference,
            "minus": list(self.minus),
            "at_least": self.at_least,
            "random": False,
            "sparsity": self.sparsity,
            "tau": self.tau,
            "first": self.first,
            "half": self.half,
            "seed": self.seed,
        }


def made_by_run(config: BenchConfig) -> Made:
    """Of a run of its own; a visitor's prompts are a file."""
    reference = config.reference if config.reference != "own" else config.reference_prompts
    return Made(
        model=config.model,
        sets=tuple(_file(name) for name in (config.prompts, *config.sets_also)),
        reference=_file(reference, REFERENCE),
        sparsity=config.sparsity,
        tau=config.tau,
        first=config.first,
        site=config.site,
        half=config.half,
        at_least=config.at_least,
        minus=config.sets_minus,
        seed=config.seed,
        seeds=config.seeds,
    )


def made_in_grid(config: GridConfig, shown: Shown) -> Made:
    """Of a cell of the grid."""
    return Made(
        model=config.model,
        sets=(config.located,),
        reference=config.reference,
        sparsity=shown.sparsity,
        tau=shown.tau,
        site=config.site,
        half=config.half,
        seed=config.seed,
        seeds=config.seeds,
    )


def mask_of(shown: Shown, made: Made) -> bytes:
    """The located mask as the file that ``evaluate``, ``attack`` and ``export`` take."""
    shapes = dict(zip(shown.notes["layers"], shown.notes["shapes"], strict=True))
    return mask_file(
        shown.bits, shapes, model=shown.notes["digest"], site=shown.notes["site"], made=made.notes()
    )


def command_lines(made: Made) -> str:
    """Locate, evaluate, the random control, and the pruned pipeline folder."""
    model = ("--model", model_folder(made.model))
    seed = ("--seed", made.seed) if made.seed else ()
    how: list[Any] = ["--prompts", ",".join(made.sets), "--sparsity", f"{made.sparsity:g}"]
    how += ["--tau", made.tau]
    for flag, value, usual in (
        ("--reference", made.reference, "null"),
        ("--first", made.first, 0),
        ("--site", made.site, "ff_out"),
        ("--half", made.half, "conditional"),
        ("--at-least", made.at_least, 1),
        ("--minus", ",".join(made.minus), ""),
    ):
        how += [flag, value] if value != usual else []
    first = ("--first-seed", made.seed) if made.seed else ()
    counted = ("--seeds", made.seeds, *first, "--json")
    lines: list[Sequence[Any]] = [("locate", *model, *how, *seed, "--out", MASK, "--json")]
    lines += [
        ("evaluate", *model, "--mask", MASK, "--set", name, *counted)
        for name in dict.fromkeys((*made.sets, "B", "C", "scenes"))
    ]
    random = "random.safetensors"
    lines += [
        ("locate", *model, *how, *seed, "--random", "--out", random, "--json"),
        ("evaluate", *model, "--mask", random, "--set", made.sets[0], *counted),
        ("export", *model, "--mask", MASK, "--out", "pruned", "--json"),
    ]
    return "\n".join(
        shlex.join(["python", "-m", "engine", "diffusion", *(str(part) for part in line)])
        for line in lines
    )


def _file(name: str, file: str = PROMPTS) -> str:
    return file if name.startswith(UPLOAD) else name
