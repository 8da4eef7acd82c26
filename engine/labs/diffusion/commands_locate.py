"""The lab's commands that cut: ``locate`` and ``export``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.errors import BadInput
from engine.io.paths import local_path, output_path
from engine.labs.diffusion.commands import described, model_parser
from engine.labs.diffusion.options import MOST_SEED, STEPS, check_range, decimal, whole

if TYPE_CHECKING:
    from engine.labs.diffusion.prompts import PromptSet

MOST_SETS = 32


def locate(argv: Sequence[str]) -> dict[str, Any]:
    """Find the weights that prompts point to, and write them as a mask."""
    parser = model_parser("locate", "the weights that prompts point to")
    parser.add_argument(
        "--prompts", required=True, help="a set or P.txt; several are separated by commas"
    )
    parser.add_argument("--reference", default="null", help="null, a set or R.txt")
    parser.add_argument("--sparsity", type=decimal(0, 1), default=0.2)
    parser.add_argument(
        "--tau", type=whole(1, STEPS), default=5, help="masks are joined up to this step of 20"
    )
    parser.add_argument(
        "--first", type=whole(0, STEPS - 1), default=0, help="and from this one; 0 is the first"
    )
    parser.add_argument("--site", default="ff_out")
    parser.add_argument("--half", default="conditional", choices=["conditional", "both"])
    parser.add_argument(
        "--at-least", type=whole(1, MOST_SETS), default=1, help="1: union; all of them: overlap"
    )
    parser.add_argument("--minus", default="", help="sets or files whose weights are left alone")
    parser.add_argument("--random", action="store_true", help="as many weights a row, at random")
    parser.add_argument("--seed", type=whole(0, MOST_SEED), default=0)
    parser.add_argument("--out", required=True, help="a .safetensors")
    given = parser.parse_args(list(argv))
    check_range("seed", given.seed, 0, MOST_SEED)
    check_range("sparsity", given.sparsity, 0, 1)
    check_range("tau", given.tau, 1, STEPS)
    check_range("at-least", given.at_least, 1, MOST_SETS)
    for field, names in (("prompts", given.prompts), ("minus", given.minus)):
        if len(_names(names)) > MOST_SETS:
            raise BadInput(field, f"at most {MOST_SETS} sets or files are read")
    if Path(given.out).suffix != ".safetensors":
        raise BadInput("out", f"must end with .safetensors (got {Path(given.out).name[:60]!r})")
    out = output_path(given.out)

    from engine.labs.diffusion.locate import masks as masking
    from engine.labs.diffusion.locate.locating import How
    from engine.labs.diffusion.locate.locating import locate as run
    from engine.labs.diffusion.locate.mask_file import save_mask
    from engine.labs.diffusion.model.load import load_pipeline
    from engine.labs.diffusion.prompts import find_prompts

    pipeline = load_pipeline(given.model)
    how = How(
        sparsity=given.sparsity,
        tau=given.tau,
        first=given.first,
        site=given.site,
        half=given.half,
        seed=given.seed,
    )
    sets = _distinct(find_prompts(pipeline, name) for name in _names(given.prompts))
    without = _distinct(find_prompts(pipeline, name, "minus") for name in _names(given.minus))
    both = {wanted.prompts for wanted in sets} & {wanted.prompts for wanted in without}
    if both:
        name = next(wanted.name for wanted in without if wanted.prompts in both)
        raise BadInput(
            "minus",
            f"{name} is one of --prompts too, nothing of its own would be left; "
            "name sets or files that are not in --prompts",
        )
    reference = None
    if given.reference != "null":
        reference = find_prompts(pipeline, given.reference, "reference").prompts
    masks = run(
        pipeline,
        [wanted.prompts for wanted in sets],
        how,
        reference=reference,
        at_least=given.at_least,
        without=[wanted.prompts for wanted in without],
    )
    if given.random:
        masks = masking.random_like(masks, given.seed)
    made = {
        "prompts": [wanted.name for wanted in sets],
        "reference": Path(given.reference).stem,
        "minus": [wanted.name for wanted in without],
        "at_least": given.at_least,
        "random": given.random,
        "sparsity": given.sparsity,
        "tau": given.tau,
        "first": given.first,
        "half": given.half,
        "seed": given.seed,
    }
    save_mask(out, pipeline, given.site, masks, made)
    counts = masking.counts(masks)
    return {
        **described(pipeline, given.out),
        "out": str(out),
        "site": given.site,
        **made,
        "weights": sum(mask.numel() for mask in masks.values()),
        "weights_cut": sum(counts.values()),
        "share_cut": masking.share(masks),
        "layers": {
            name: {"weights": masks[name].numel(), "cut": count} for name, count in counts.items()
        },
    }


def export(argv: Sequence[str]) -> dict[str, Any]:
    """Write a pipeline folder without the weights of a mask."""
    parser = model_parser("export", "a pipeline folder without the weights of a mask")
    parser.add_argument("--mask", required=True)
    parser.add_argument("--out", required=True, help="a new or empty folder")
    given = parser.parse_args(list(argv))

    from engine.labs.diffusion.export import check_target, export_pruned
    from engine.labs.diffusion.locate import masks as masking
    from engine.labs.diffusion.locate.mask_file import load_mask
    from engine.labs.diffusion.model.load import load_pipeline

    out = local_path(given.out, field="out")
    check_target(out)
    pipeline = load_pipeline(given.model)
    mask = load_mask(given.mask, pipeline)
    changed = export_pruned(pipeline, mask.site, mask.masks, out)
    return {
        **described(pipeline, given.mask),
        "out": str(out),
        "site": mask.site,
        "weights_cut": sum(masking.counts(mask.masks).values()),
        "changed": changed,
    }


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _distinct(sets: Iterable[PromptSet]) -> list[PromptSet]:
    """The sets without those of the same prompts, which would count twice."""
    return list({wanted.prompts: wanted for wanted in sets}.values())
