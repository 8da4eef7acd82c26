"""Opening what a story is told with: the bank of clips or the model, and KMM for the seams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.core.errors import BadInput
from engine.labs.motion.data.corpus import Example, default_data, load_examples
from engine.labs.motion.data.procedural import procedural_examples
from engine.labs.motion.story.bank import K_TEXT, Bank
from engine.labs.motion.story.match import K_MOTION
from engine.labs.motion.story.sources import BankSource, Source

if TYPE_CHECKING:
    from engine.labs.motion.models.stored import Model

FIELD = "source"
BANKS = ("procedural", "recorded")
BY = ("words", "evaluator")


def open_source(
    name: str, *, by: str = "words", texts: int = K_TEXT, motions: int = K_MOTION
) -> Source:
    """A bank of clips ("procedural", "recorded"), or a shipped model, a folder of one included.

    ``by`` says how a bank compares texts, ``texts`` and ``motions`` how many clips stay in its two
    lists. Raises BadInput: no recordings here, a model that is not there or that makes no motion.
    """
    if name in BANKS:
        if by not in BY:
            raise BadInput("match_by", f"must be {' or '.join(BY)} (got {by[:40]!r})")
        return BankSource(_bank(name, by, _stamp(name)), name, texts=texts, motions=motions)
    from engine.labs.motion.generation.generate import How, check_how
    from engine.labs.motion.models.stored import load_model
    from engine.labs.motion.story.made import ModelSource

    try:
        model = load_model(name)
        check_how(model, How())
    except BadInput as error:
        known = error.reason.removeprefix("must be ")
        banks = f"must be {', '.join(BANKS)}, " if known != error.reason else ""
        raise BadInput(FIELD, f"{banks}{known}") from None
    return ModelSource(model)


def check_source(name: str) -> None:
    """Raise BadInput where the source is not in this checkout; loads nothing heavy."""
    from engine.core.assets import ASSETS

    if name == "recorded":
        _recordings()
    elif name not in BANKS and not (ASSETS / "models" / "motion" / name).is_dir():
        raise BadInput(FIELD, f"{name} is not in this checkout; `make train-motion` makes it")


def open_kmm(source: Source) -> Model | None:
    """The KMM that the source is, else the shipped one, else None."""
    model = getattr(source, "model", None)
    if model is not None and model.kind == "kmm":
        return model
    from engine.labs.motion.models.stored import load_model

    try:
        return load_model("kmm")
    except BadInput:
        return None


def _recordings() -> Path:
    folder = default_data()
    if not folder.is_dir():
        raise BadInput(
            FIELD, "there are no recordings beside this checkout; procedural clips are always here"
        )
    return folder


def _stamp(name: str) -> str:
    return str(_recordings()) if name == "recorded" else ""


@lru_cache(maxsize=4)
def _bank(name: str, by: str, folder: str) -> Bank:
    examples: Sequence[Example] = (
        procedural_examples() if name == "procedural" else load_examples(folder, "train")
    )
    return Bank(examples, _sentences() if by == "evaluator" else None)


def _sentences() -> Callable[[Sequence[str]], np.ndarray]:
    """Texts as the evaluator's sentence vectors (texts, 128); unknown words are left out."""
    import torch

    from engine.labs.motion.models.stored import load_model

    model = load_model("evaluator")

    def embed(texts: Sequence[str]) -> np.ndarray:
        ids = torch.tensor([model.vocabulary.read(text).ids for text in texts])
        with torch.inference_mode():
            return model.network.text(ids).numpy().astype(np.float64)

    return embed
