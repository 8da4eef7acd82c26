"""Groups of equally many prompts, what is known about them, and prompts to compare with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from engine.core import BadInput
from engine.labs.diffusion.asked import asked_prompts
from engine.labs.diffusion.config.overlap import OverlapConfig, check_size
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import SETS
from engine.labs.diffusion.prompts import PromptSet, find_prompts

DUPLICATED = ("A", "B", "C", "x50", "x30", "x20")
"""Sets of paintings with at least 20 copies."""
ORDINARY = ("x1", "unseen", "scenes")
"""Sets that were trained once or never; those between the two are of neither kind."""
REFERENCES = ("null", "unseen", "scenes")
MOST_GROUPS = 24
_NUMERALS = ("", " i", " ii")


@dataclass(frozen=True)
class Group:
    """Prompts with the name of their group.

    ``kind`` is "copied", "ordinary" or "between", ``family`` "paintings", "scenes" or "yours".
    """

    name: str
    kind: str
    family: str
    prompts: tuple[str, ...]

    def note(self) -> dict[str, object]:
        """For the notes of a result."""
        return {**asdict(self), "prompts": list(self.prompts)}


def prompt_groups(
    pipeline: Pipeline, config: OverlapConfig, read: Callable[[str], bytes]
) -> tuple[list[Group], dict[str, tuple[str, ...]]]:
    """The groups of a config, and by name the prompts of each reference.

    A set that serves as a reference gives its last prompts to it. A pipeline whose training
    pictures are not known has the prompts that were brought, and only the empty prompt as a
    reference. Raises BadInput for sets that are smaller than a group.
    """
    references = {"null": ("",) * config.group_size}
    found: dict[str, tuple[PromptSet, str, str]] = {}
    known = pipeline.data_seed is not None
    for name in config.groups.split(",") if known else ():
        found[name] = (find_prompts(pipeline, name, "groups"), _kind(name, "between"), "groups")
    for kind in ("copied", "ordinary"):
        field = f"more_{kind}"
        given = asked_prompts(pipeline, config, field, read)
        name = given.name if given.name in SETS else f"your {kind}"
        found.setdefault(name, (given, _kind(name, kind), field))
    if known:
        for name in REFERENCES[1:]:
            prompts = find_prompts(pipeline, name).prompts
            check_size(f"set {name}", len(prompts), config.group_size)
            references[name] = prompts[-config.group_size :]
    groups = []
    for name, (given, kind, field) in found.items():
        left = [prompt for prompt in given.prompts if prompt not in references.get(name, ())]
        groups += _split(name, left, kind, config.group_size, field)
    if not 2 <= len(groups) <= MOST_GROUPS:
        raise BadInput("groups", f"must give 2 to {MOST_GROUPS} groups (got {len(groups)})")
    return sorted(groups, key=_order), references


def _split(name: str, prompts: Sequence[str], kind: str, size: int, field: str) -> list[Group]:
    """One or two groups of a set's first prompts."""
    if len(prompts) < size:
        where = "group_size" if name in SETS else field
        raise BadInput(where, f"must be at most {len(prompts)}: the set {name} has no more prompts")
    family = "yours" if name not in SETS else "scenes" if name == "scenes" else "paintings"
    count = min(2, len(prompts) // size)
    return [
        Group(
            f"{name}{_NUMERALS[at + 1] if count > 1 else ''}",
            kind,
            family,
            tuple(prompts[at * size : (at + 1) * size]),
        )
        for at in range(count)
    ]


def _order(group: Group) -> tuple[int, int]:
    """Copied groups first, then those between, ordinary ones and scenes."""
    kinds = ("copied", "between", "ordinary")
    return int(group.family == "scenes"), kinds.index(group.kind)


def _kind(name: str, otherwise: str) -> str:
    """What a set is by its copies; prompts of a visitor are what the visitor thinks."""
    if name in DUPLICATED:
        return "copied"
    if name in ORDINARY:
        return "ordinary"
    return "between" if name in SETS else otherwise
