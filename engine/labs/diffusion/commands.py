"""The lab's commands that sample: ``sample``, ``evaluate`` and ``attack``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.arguments import Arguments
from engine.core.errors import BadInput
from engine.io.paths import output_path
from engine.labs.diffusion.options import (
    FEW,
    MOST_SEED,
    MOST_SEEDS,
    MOST_STEPS,
    check_range,
    decimal,
    whole,
)

if TYPE_CHECKING:
    import numpy as np

    from engine.labs.diffusion.attack import Outcome
    from engine.labs.diffusion.model.pipeline import Pipeline
    from engine.labs.diffusion.prompts import PromptSet
    from engine.labs.diffusion.sampler import Cut, Step
    from engine.labs.diffusion.sscd import CopyDetector

PROGRAM = "python -m engine diffusion"


def sample(argv: Sequence[str]) -> dict[str, Any]:
    """Sample one picture and tell the memorization score of every step (Wen et al. 2024)."""
    parser = model_parser("sample", "a picture of a prompt")
    parser.add_argument("--mask", default="", help="a mask to cut by")
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--seed", type=whole(0, MOST_SEED), default=0)
    parser.add_argument("--steps", type=whole(1, MOST_STEPS), default=20)
    parser.add_argument("--guidance", type=decimal(-20, 20), default=2.0)
    parser.add_argument("--out", required=True, help="a .png")
    given = parser.parse_args(list(argv))
    check_range("seed", given.seed, 0, MOST_SEED)
    check_range("steps", given.steps, 1, MOST_STEPS)
    check_range("guidance", given.guidance, -20, 20)
    if Path(given.out).suffix.lower() != ".png":
        raise BadInput("out", f"must end with .png (got {Path(given.out).name[:60]!r})")
    out = output_path(given.out)

    from engine.labs.diffusion import sampler

    pipeline, cut = open_model(given)
    scores: list[float] = []

    def watch(step: Step) -> None:
        scores.append(float(step.score[0]))

    picture = sampler.sample(
        pipeline,
        [given.prompt],
        seed=given.seed,
        count=given.steps,
        guidance=given.guidance,
        cut=cut,
        watch=watch,
    ).numpy()
    _save_png(picture[0], out)
    return {
        **described(pipeline, given.mask),
        "prompt": given.prompt,
        "seed": given.seed,
        "steps": given.steps,
        "guidance": given.guidance,
        "out": str(out),
        "width": picture.shape[2],
        "height": picture.shape[1],
        "scores": scores,
        "nearest": _nearest(pipeline, picture),
    }


def evaluate(argv: Sequence[str]) -> dict[str, Any]:
    """Copies and scene attributes of a set of prompts."""
    parser = model_parser("evaluate", "what a model makes of a set of prompts")
    parser.add_argument("--mask", default="", help="a mask to cut by")
    parser.add_argument("--set", required=True, help="A, B, C, scenes, another set, or P.txt")
    parser.add_argument("--seeds", type=whole(1, MOST_SEEDS), default=1)
    parser.add_argument("--first-seed", type=whole(0, MOST_SEED), default=0)
    parser.add_argument("--sscd", default="", help="a TorchScript file of SSCD of your own")
    given = parser.parse_args(list(argv))
    check_range("seeds", given.seeds, 1, MOST_SEEDS)
    check_range("first-seed", given.first_seed, 0, MOST_SEED)

    from engine.labs.diffusion.evaluation import evaluate as run
    from engine.labs.diffusion.evaluation import with_sscd
    from engine.labs.diffusion.prompts import find_prompts

    pipeline, cut = open_model(given)
    wanted = find_prompts(pipeline, given.set, field="set")
    detector = _detector(given.sscd, wanted)
    done = run(pipeline, wanted, seeds=given.seeds, first_seed=given.first_seed, cut=cut)
    if detector is not None:
        done = with_sscd(done, wanted, detector)
    return {
        **described(pipeline, given.mask),
        "set": wanted.name,
        "prompts": len(wanted.prompts),
        "seeds": given.seeds,
        **dict.fromkeys(("ssim", "zncc", "extracted", "nn_hit")),
        **done.means,
        "scenes": done.scenes,
        "pictures": [
            {
                "prompt": prompt,
                **{name: values[:, at].tolist() for name, values in done.measures.items()},
            }
            for at, prompt in enumerate(wanted.prompts)
        ],
    }


def attack(argv: Sequence[str]) -> dict[str, Any]:
    """Search for embeddings that bring a set's pictures back, with all controls beside it."""
    parser = model_parser("attack", "whether a cut model can be led back to its pictures")
    parser.add_argument("--mask", default="", help="a mask to cut by")
    parser.add_argument("--set", required=True, help="A, B or C")
    parser.add_argument(
        "--pictures", type=whole(1, FEW), help="8, or all of a smaller set, if not given"
    )
    parser.add_argument("--steps", type=whole(1, MOST_STEPS), default=50)
    parser.add_argument("--seed", type=whole(0, MOST_SEED), default=0)
    given = parser.parse_args(list(argv))
    check_range("seed", given.seed, 0, MOST_SEED)
    check_range("steps", given.steps, 1, MOST_STEPS)

    from engine.labs.diffusion.attack import attack as run
    from engine.labs.diffusion.prompts import find_prompts

    pipeline, cut = open_model(given)
    wanted = find_prompts(pipeline, given.set, field="set")
    never = find_prompts(pipeline, "unseen", field="set")
    # As many of the controls as of the set: shares of different numbers tell nothing.
    most = min(len(wanted.prompts), len(never.prompts))
    pictures = min(8, most) if given.pictures is None else given.pictures
    check_range("pictures", pictures, 1, most)

    def outcome(prompts: Any, weights: Cut | None) -> Outcome:
        return run(
            pipeline,
            prompts,
            weights,
            pictures=pictures,
            count=given.steps,
            seed=given.seed,
        )

    told = outcome(wanted, cut).summary()
    controls = {"never_seen": outcome(never, cut).summary()}
    if cut is not None:
        controls["unpruned"] = outcome(wanted, None).summary()
        controls["unpruned_never_seen"] = outcome(never, None).summary()
    return {
        **described(pipeline, given.mask),
        "set": wanted.name,
        "pictures": pictures,
        "steps": given.steps,
        **told,
        "controls": controls,
    }


def model_parser(name: str, description: str) -> Arguments:
    """A parser with the option that every command has."""
    parser = Arguments(f"{PROGRAM} {name}", description)
    parser.add_argument(
        "--model", default="default", help="default, fast, twin, a pipeline folder, or a hub id"
    )
    return parser


def open_model(given: Any) -> tuple[Pipeline, Cut | None]:
    """The pipeline that was asked for, and what its mask leaves of it."""
    from engine.labs.diffusion.locate.mask_file import load_mask
    from engine.labs.diffusion.locate.prune import prune
    from engine.labs.diffusion.locate.sites import find_site
    from engine.labs.diffusion.model.load import load_pipeline

    pipeline = load_pipeline(given.model)
    if not given.mask:
        return pipeline, None
    mask = load_mask(given.mask, pipeline)
    return pipeline, prune(pipeline, find_site(mask.site), mask.masks)


def described(pipeline: Pipeline, mask: str) -> dict[str, Any]:
    """Which model an answer is about."""
    return {
        "model": pipeline.name,
        "digest": pipeline.digest,
        "mask": Path(mask).name if mask else None,
    }


def _detector(path: str, wanted: PromptSet) -> CopyDetector | None:
    """The copy detector that was asked for, where there is something to compare with."""
    if not path:
        return None
    if wanted.targets is None:
        raise BadInput("sscd", f"{wanted.name} has no training pictures to compare with")
    from engine.labs.diffusion.sscd import CopyDetector

    return CopyDetector(path)


def _nearest(pipeline: Pipeline, picture: np.ndarray) -> dict[str, Any] | None:
    """The nearest training picture, where the model's are known."""
    if pipeline.data_seed is None:
        return None
    from engine.labs.diffusion import copying
    from engine.labs.diffusion.evaluation import training_pictures
    from engine.labs.diffusion.pictures.collection import build_collection

    training = training_pictures(pipeline.data_seed)
    data = build_collection(pipeline.data_seed)
    near = training.neighbours(picture)
    at = int(near.nearest[0])
    return {
        "caption": data.captions[at],
        "copies": int(data.copies[at]) if pipeline.copies else 1,
        "ssim": float(copying.ssim(picture, training.images[near.nearest])[0]),
        "ratio": float(near.ratio[0]),
    }


def _save_png(picture: np.ndarray, path: Path) -> None:
    from PIL import Image

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path, format="PNG")
    except OSError as error:
        raise BadInput("out", f"{path.name!r} cannot be written ({error.strerror})") from None
