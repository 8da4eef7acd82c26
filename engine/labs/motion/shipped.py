"""The models that ship, seen without torch: which are there, what they know, what was measured."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

from engine.core.assets import ASSETS
from engine.core.errors import BadInput, NotFound
from engine.labs.motion.data.words import Reading, Vocabulary

FOLDER = ASSETS / "models" / "motion"
CARD, CONFIG, WEIGHTS = "card.json", "config.json", "model.safetensors"
MODELS = {"motion-mamba": "Motion Mamba", "kmm": "KMM", "transformer": "Transformer"}
EVALUATOR = "evaluator"


def is_shipped(name: str) -> bool:
    """Whether the weights of a model are in this checkout."""
    return (FOLDER / name / WEIGHTS).is_file()


def shipped_models() -> tuple[str, ...]:
    """The models of motion that are here, in the order of ``MODELS``."""
    return tuple(name for name in MODELS if is_shipped(name))


def missing_models() -> tuple[str, ...]:
    """Those that are not."""
    return tuple(name for name in MODELS if not is_shipped(name))


def card_of(name: str) -> dict[str, Any]:
    """The model's ``card.json``; raises NotFound where it has none."""
    path = FOLDER / name / CARD
    if not path.is_file():
        raise NotFound(f"{name} has no card in this checkout")
    return json.loads(path.read_text(encoding="utf-8"))


def cards() -> dict[str, dict[str, Any]]:
    """The cards of the models of motion that have one, by name."""
    return {name: card_of(name) for name in MODELS if (FOLDER / name / CARD).is_file()}


def vocabulary_of(name: str) -> Vocabulary:
    """The words that a shipped model knows; raises NotFound where it is not here."""
    path = FOLDER / name / CONFIG
    if not path.is_file():
        raise NotFound(f"{name} is not in this checkout")
    return Vocabulary(tuple(json.loads(path.read_text(encoding="utf-8"))["words"]))


def read_caption(text: str) -> Reading | None:
    """``text`` as the first model that is here reads it, None without any; raises BadInput."""
    names = shipped_models()
    return vocabulary_of(names[0]).read(text) if names else None


def real_jerk() -> float:
    """The mean jerk of the real validation clips in m/frame³, from the evaluator's card."""
    return float(card_of(EVALUATOR)["figures"]["jerk"]["mean"])


def weights_version(revision: int) -> int:
    """A result belongs to a revision of its code and to the models that it was sampled from."""
    marks = "".join(
        _mark(name) for name in (*MODELS, EVALUATOR) if (FOLDER / name / CARD).is_file()
    )
    return revision << 32 | zlib.crc32(marks.encode())


def config_digest(data: bytes) -> str:
    """16 digits of a ``config.json``: the words and classes that a model's numbers stand for."""
    return hashlib.sha256(data).hexdigest()[:16]


def _mark(name: str) -> str:
    """The digest of the weights, and that of the config where it is not the card's.

    So that results stay, and another vocabulary beside the same weights is another model.
    """
    card, path = card_of(name), FOLDER / name / CONFIG
    weights = str(card.get("digest"))
    own = config_digest(path.read_bytes()) if path.is_file() else ""
    return weights if own == card.get("config_digest") else weights + own


def check_shipped(name: str) -> None:
    """Raise BadInput where the model ``name`` is not here."""
    there = shipped_models()
    if name not in there:
        raise BadInput("model", f"{name!r} is not in this checkout; there are: {', '.join(there)}")
