"""The lab's commands that sample: ``generate`` and ``evaluate``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.core.arguments import Arguments
from engine.core.errors import BadInput
from engine.labs.motion.files.options import add_moving_joints

if TYPE_CHECKING:
    from engine.labs.motion.data.corpus import Example
    from engine.labs.motion.generation.generate import How
    from engine.labs.motion.models.stored import Model

PROGRAM = "python -m engine motion"
MOST_SEED = 10**6


def generate(argv: Sequence[str]) -> dict[str, Any]:
    """The motion of a text as NPZ, BVH, GLB or CSV, and what it was measured to do.

    ``measured`` is in metres, degrees and metres a second, see ``checks.Measured``. Raises BadInput
    for bad options, texts without a known word, and places that cannot be written.
    """
    parser = _parser("generate", "the motion of a text")
    parser.add_argument("--text", required=True)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", required=True, help=".npz, .bvh, .glb or .csv")
    add_moving_joints(parser)
    given = parser.parse_args(list(argv))

    from engine.labs.motion.files.doors import check_output, save_clip

    check_output(given.out)

    from engine.labs.motion.clip import Clip
    from engine.labs.motion.evaluation import checks, quality
    from engine.labs.motion.generation.generate import generate as run
    from engine.labs.motion.generation.generate import told
    from engine.labs.motion.models.stored import load_model

    model = load_model(given.model)
    how = _how(given)
    made = run(model, given.text, given.seconds, given.seed, how)
    clip, reading = Clip(made.positions), made.readings[0]
    path = save_clip(clip, given.out, stretch=given.stretch)
    return {
        "model": model.name,
        "digest": model.digest,
        "config_digest": model.config_digest,
        "text": given.text,
        "seed": given.seed,
        "out": str(path),
        "frames": len(clip.positions),
        "fps": clip.fps,
        "seconds": clip.seconds,
        "pieces": made.pieces,
        "sampling": told(how),
        "read_as": reading.taken,
        "unknown_words": reading.unknown,
        "words_cut": reading.cut,
        "measured": checks.told(clip.positions),
        "jerk": quality.mean_jerk([clip.positions]),
        "skate": quality.skate(clip.positions),
    }


def evaluate(argv: Sequence[str]) -> dict[str, Any]:
    """A model on the captions of a split: agreement, accuracy, distances, beside real clips.

    "seen" and "unseen" are pairs of action and style by what the model was really trained on;
    ``pairs`` names them. All distances are the lab's own, none is comparable with published
    figures. Raises BadInput.
    """
    parser = _parser("evaluate", "what a model makes of the captions of a split")
    parser.add_argument("--data", required=True, help="a folder of recordings")
    parser.add_argument("--split", default="val", help="its name, or a folder with a test split")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clips", type=int, default=None, help="only the first so many")
    given = parser.parse_args(list(argv))
    if not 0 <= given.seed <= MOST_SEED:
        raise BadInput("seed", f"must be from 0 to {MOST_SEED} (got {given.seed})")
    if given.clips is not None and given.clips < 1:
        raise BadInput("clips", f"must be at least 1 (got {given.clips})")

    from engine.labs.motion.evaluation.evaluate import evaluate as run
    from engine.labs.motion.evaluation.evaluate import read_split
    from engine.labs.motion.evaluation.seen import told_pairs
    from engine.labs.motion.generation.generate import told
    from engine.labs.motion.models.stored import load_model

    model, how = load_model(given.model), _how(given)
    clips = read_split(given.data, given.split)[: given.clips]
    training = _training(given.data, model)
    figures = run(model, load_model("evaluator"), clips, training, seed=given.seed, how=how)
    return {
        "model": model.name,
        "digest": model.digest,
        "config_digest": model.config_digest,
        "data": given.data,
        "split": given.split,
        "seed": given.seed,
        "sampling": told(how),
        **figures,
        "pairs": told_pairs(clips, training),
    }


def _training(data: str, model: Model) -> list[Example] | None:
    """What the model was trained on, of the folder, else of the lab's own data, else nothing."""
    from engine.labs.motion.data.corpus import default_data
    from engine.labs.motion.data.training_set import training_examples

    for folder in (data, default_data()):
        try:
            return training_examples(folder, model.config.datasets)
        except BadInput:
            continue
    return None


def _parser(name: str, description: str) -> Arguments:
    parser = Arguments(f"{PROGRAM} {name}", description)
    parser.add_argument("--model", default="motion-mamba", help="a shipped model or a folder")
    parser.add_argument("--steps", type=int, default=None, help="of sampling")
    parser.add_argument("--guidance", type=float, default=None, help="towards the text")
    return parser


def _how(given: Any) -> How:
    from engine.labs.motion.generation.generate import How

    return How(given.steps, given.guidance)
