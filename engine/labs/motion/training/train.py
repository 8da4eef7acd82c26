"""Train a network of the lab: ``python -m engine.labs.motion.training.train --name motion-mamba``.

A rerun continues from the last checkpoint, and SIGTERM writes one before it ends.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.core.errors import BadInput
from engine.labs.motion.data.corpus import (
    Example,
    Scale,
    default_data,
    measure_scale,
)
from engine.labs.motion.data.training_set import training_examples
from engine.labs.motion.data.words import Vocabulary, build_vocabulary
from engine.labs.motion.models.codec import Codec
from engine.labs.motion.models.denoiser import Shape
from engine.labs.motion.models.kmm import KeyframeMamba, KmmShape
from engine.labs.motion.models.sizes import SIZES, shape_of
from engine.labs.motion.models.stored import load_model
from engine.labs.motion.models.text import Caption
from engine.labs.motion.training.feed import feed
from engine.labs.motion.training.kmm_tasks import Coding, Refining, Restoring
from engine.labs.motion.training.tasks import Denoising, Judging, Source, Task
from engine.models import averaged
from engine.models.averaged_training import AveragedSettings, AveragedTraining
from engine.models.checkpoints import latest

FOLDER = Path("training/motion")
EVALUATOR, CODEC, DECODER = "evaluator", "kmm-codec", "kmm-decoder"


@dataclass(frozen=True)
class Settings(AveragedSettings):
    """What a training is made of; ``datasets`` as ``training_examples`` takes them."""

    steps: int = 5000
    rate: float = 1.5e-3
    last_rate: float = 0.03  # share of the rate at the end
    decay: float = 0.25  # share of the steps in which the rate falls
    warmup: int = 100
    batch: int = 32
    weight_decay: float = 0.01
    average: float = 0.998
    seed: int = 0
    datasets: tuple[str, ...] = ()
    save_every: int = 250
    policy: str = "key"  # which tokens KMM masks
    size: str = "small"
    evaluator: str = ""  # whose sentences are read; empty: the one trained in the same folder


def denoising(source: Source, settings: Settings, folder: Path) -> Denoising:
    """A denoiser that reads captions as the evaluator does, whose sentences stay as they are."""
    task = Denoising(_denoiser(settings), source)
    _take_sentences(task.network.text, source, settings, folder)
    return task


def restoring(source: Source, settings: Settings, folder: Path) -> Restoring:
    """The masked model on the tokens of the codec that was trained below ``folder``.

    It starts from the evaluator's sentences and goes on learning them, as KMM aligns its text.
    """
    shape = _tokenizer(settings)
    network = KeyframeMamba(shape, len(source.vocabulary))
    codec = Codec(shape.codec_width, shape.codes, shape.code_width)
    averaged.load_average(_trained(folder, CODEC), codec)
    network.codec.load_state_dict(codec.state_dict())
    _take_sentences(network.text, source, settings, folder)
    network.text.requires_grad_(True)
    return Restoring(network, source, settings.policy)


def refining(source: Source, settings: Settings, folder: Path) -> Refining:
    """The decoder of the masked model that was trained below ``folder``."""
    network = KeyframeMamba(_tokenizer(settings), len(source.vocabulary))
    averaged.load_average(_trained(folder, "kmm"), network)
    return Refining(network.codec, source)


def _denoiser(settings: Settings) -> Shape:
    shape = shape_of(settings.name, settings.size)
    assert isinstance(shape, Shape)
    return shape


def _tokenizer(settings: Settings) -> KmmShape:
    shape = shape_of("kmm", settings.size)
    assert isinstance(shape, KmmShape)
    return shape


def _take_sentences(caption: Caption, source: Source, settings: Settings, folder: Path) -> None:
    if settings.evaluator:
        evaluator = load_model(settings.evaluator)
        if evaluator.kind != EVALUATOR or evaluator.config.words != source.vocabulary.words:
            raise BadInput("evaluator", "must be an evaluator of the words of the training's clips")
        network = evaluator.network
    else:
        network = Judging(source).network
        averaged.load_average(_trained(folder, EVALUATOR), network)
    caption.sentence.load_state_dict(network.text.state_dict())
    caption.sentence.requires_grad_(False)


def _trained(folder: Path, name: str) -> Path:
    found = latest(folder / name / "checkpoints")
    if found is None:
        raise SystemExit(f"no {name} below {folder}; train it first")
    return found


BUILDERS: Mapping[str, Callable[[Source, Settings, Path], Task]] = {
    EVALUATOR: lambda source, *_: Judging(source),
    "motion-mamba": denoising,
    "transformer": denoising,
    CODEC: lambda source, settings, _: Coding(_tokenizer(settings), source),
    "kmm": restoring,
    DECODER: refining,
}
NAMED = {
    EVALUATOR: Settings(
        EVALUATOR, steps=1000, rate=1e-3, batch=64, weight_decay=0.05, average=0.99
    ),
    "motion-mamba": Settings("motion-mamba"),
    "transformer": Settings("transformer"),
    CODEC: Settings(CODEC, steps=1500, average=0.99),
    "kmm": Settings("kmm", steps=4000),
    DECODER: Settings(DECODER, steps=1500, rate=1e-3, average=0.99),
}
# What one accelerator did: the two denoisers side by side in twelve minutes, the others side by
# side in nine. Equal time, not equal steps; a step costs its launches, hardly its clips.
WIDE: Mapping[str, Any] = {"rate": 1.5e-3, "batch": 384, "average": 0.999}
LARGE: Mapping[str, Mapping[str, Any]] = {
    EVALUATOR: {},
    "motion-mamba": {"steps": 5072, **WIDE},
    "transformer": {"steps": 11689, **WIDE},
    CODEC: {"steps": 1590, "rate": 1e-3, "batch": 96, "average": 0.999},
    "kmm": {"steps": 3277, "rate": 8e-4, "batch": 96, "average": 0.999},
    DECODER: {},
}


def settings_of(name: str, size: str = "small") -> Settings:
    """The settings of a training by its name and its size."""
    return NAMED[name] if size == "small" else replace(NAMED[name], size=size, **LARGE[name])


def learning_rate(step: int, settings: Settings) -> float:
    """Linear warm-up, the full rate, and a line down to ``last_rate`` of it at the end.

    Warmup-stable-decay (Hu et al. 2024, arXiv 2404.06395, section 4): the middle does not depend
    on the number of steps, so that a training can be ended early or made longer.
    """
    warm = (step + 1) / settings.warmup
    left = (settings.steps - step) / max(1.0, settings.decay * settings.steps)
    return settings.rate * min(1.0, warm, max(settings.last_rate, left))


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a training set says about itself."""

    examples: Sequence[Example]
    scale: Scale
    vocabulary: Vocabulary


def prepare(examples: Sequence[Example]) -> Prepared:
    """The scale of the examples' rows and the words of their captions."""
    vocabulary = build_vocabulary(text for one in examples for text in one.captions)
    return Prepared(examples, measure_scale(examples), vocabulary)


class Trainer(AveragedTraining[Settings, Any]):
    """A task of the lab and the processes that draw its batches ahead."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        examples: Sequence[Example],
        device: str = "cpu",
        workers: int = 0,
    ):
        torch.set_num_threads(1)
        torch.manual_seed(settings.seed)
        given = prepare(examples)
        source = Source(examples, given.scale, given.vocabulary, settings.batch, settings.seed)
        self.task = BUILDERS[settings.name](source, settings, folder)
        self.task.network.to(device)
        self.workers = workers
        parameters = dict(self.task.network.named_parameters())
        weights = {name: value for name, value in parameters.items() if value.requires_grad}
        # What is trained elsewhere is kept with the buffers.
        buffers = dict(self.task.network.named_buffers()) | {
            name: value for name, value in parameters.items() if not value.requires_grad
        }
        optimiser = torch.optim.AdamW(
            weights.values(),
            lr=settings.rate,
            weight_decay=settings.weight_decay,
            fused=device != "cpu",
        )
        super().__init__(settings, folder / settings.name, weights, optimiser, buffers)

    def rate(self, step: int) -> float:
        """See ``learning_rate``."""
        return learning_rate(step, self.settings)

    def draws(self) -> Iterable[Any]:
        """What the task draws for every step that is left."""
        return feed(self.task.draw, self.progress.step, self.settings.steps, self.workers)

    def loss(self, step: int, shown: Any) -> Tensor:
        """What the task says."""
        return self.task.loss(step, shown)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.labs.motion.training.train", description=__doc__
    )
    parser.add_argument("--name", choices=sorted(NAMED), required=True)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--data", type=Path, default=None, help="a folder of recordings")
    parser.add_argument("--steps", type=int, default=None, help="end after so many steps in all")
    parser.add_argument(
        "--datasets", nargs="+", default=[], help="of cmu, bandai1, bandai2, procedural"
    )
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw batches ahead")
    parser.add_argument(
        "--evaluator",
        default="",
        help="read captions as this model does, 'evaluator' or a folder, not as the trained one",
    )
    given = parser.parse_args(argv)
    settings = replace(
        settings_of(given.name, given.size),
        datasets=tuple(given.datasets),
        evaluator=given.evaluator,
    )
    if given.steps is not None:
        settings = replace(settings, steps=given.steps)
    try:
        examples = training_examples(given.data or default_data(), settings.datasets)
        trainer = Trainer(settings, given.folder, examples, given.device, given.workers)
    except BadInput as error:
        raise SystemExit(str(error)) from None
    trainer.run_until_told()


if __name__ == "__main__":
    main()
