"""A model as a folder: weights in a byte each, and what it takes to open them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.core.assets import ASSETS
from engine.core.errors import BadInput, from_validation
from engine.io.paths import local_path
from engine.io.safetensors_check import check_safetensors
from engine.labs.motion.data.corpus import Scale
from engine.labs.motion.data.words import Vocabulary
from engine.labs.motion.features import WIDTH
from engine.labs.motion.models.build import Kind, build_network, build_shape
from engine.labs.motion.shipped import config_digest

FIELD = "model"
SHIPPED = ASSETS / "models" / "motion"
GENERATORS = ("motion-mamba", "kmm", "transformer")
# Trained without recordings that are for non-commercial use alone.
OPEN = "motion-mamba-open"
WEIGHTS, CONFIG = "model.safetensors", "config.json"
MEAN, DEVIATION = "scale.mean", "scale.deviation"
STEP = ".step"  # behind the name of a weight in bytes: what one of its rows counts in
MOST_BYTES, MOST_CONFIG = 100_000_000, 1_000_000


class Config(BaseModel):
    """``config.json``: the kind of network, its sizes, and the names that its numbers stand for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["engram-motion-1"] = "engram-motion-1"
    kind: Kind
    shape: dict[str, Any] = Field(default_factory=dict, max_length=20)
    words: tuple[str, ...] = Field(max_length=20_000)
    actions: tuple[str, ...] = Field(default=(), max_length=1000)
    styles: tuple[str, ...] = Field(default=(), max_length=1000)
    datasets: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Model:
    """An opened model; nobody changes one, because opened models are shared.

    ``digest`` is that of the weights, ``config_digest`` that of the words, classes and sizes.
    """

    name: str
    config: Config
    network: Any
    scale: Scale
    digest: str
    config_digest: str = ""  # of a file; networks in training have none
    vocabulary: Vocabulary = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vocabulary", Vocabulary(self.config.words))

    @property
    def kind(self) -> str:
        """The kind of network."""
        return self.config.kind


def save_model(network: nn.Module, config: Config, scale: Scale, folder: Path) -> None:
    """Write weights as bytes with a step for each row, vectors in fp16, and the config."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    for name, value in network.state_dict().items():
        tensors |= _in_bytes(name, value.detach()) if value.ndim > 1 else {name: value.half()}
    tensors |= {MEAN: torch.tensor(scale.mean), DEVIATION: torch.tensor(scale.deviation)}
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # others may read what ships
    text = json.dumps(config.model_dump(), indent=1) + "\n"
    (folder / CONFIG).write_text(text, encoding="utf-8")


def load_model(ref: str | Path) -> Model:
    """A shipped model by its name, or a folder; raises BadInput with one sentence."""
    name = str(ref)
    if name in (*GENERATORS, OPEN, "evaluator"):
        folder = SHIPPED / name
        if not (folder / WEIGHTS).is_file():
            raise BadInput(FIELD, f"{name!r} is not in this checkout; `make train-motion`")
    else:
        folder = local_path(ref, field=FIELD)
        if not (folder / WEIGHTS).is_file() or not (folder / CONFIG).is_file():
            raise BadInput(
                FIELD,
                f"must be {', '.join((*GENERATORS, OPEN))} or a model's folder (got {name[:80]!r})",
            )
    if (folder / WEIGHTS).stat().st_size > MOST_BYTES:
        raise BadInput(FIELD, f"its weights may have {MOST_BYTES:,} bytes")
    if (folder / CONFIG).stat().st_size > MOST_CONFIG:
        raise BadInput(FIELD, f"its config.json may have {MOST_CONFIG:,} bytes")
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:16]
    return _open(folder, digest, config_digest((folder / CONFIG).read_bytes()))


def _in_bytes(name: str, value: Tensor) -> dict[str, Tensor]:
    """Whole numbers from -127 to 127, and for each row of the first axis what one counts."""
    rows = value.flatten(1)
    step = (rows.abs().amax(1) / 127).clamp(min=1e-8)
    whole = (rows / step[:, None]).round().to(torch.int8)
    return {name: whole.view_as(value), name + STEP: step}


def _from_bytes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights as numbers again; those that were not written as bytes stay."""
    steps = {name: tensors.pop(name + STEP) for name in list(tensors) if name + STEP in tensors}
    found = {name: value.float() for name, value in tensors.items()}
    for name, step in steps.items():
        if step.shape != found[name].shape[:1]:
            raise BadInput(FIELD, f"{name[:60]}{STEP} must have one number for each row")
        found[name] *= step.float().view(-1, *(1,) * (found[name].ndim - 1))
    return found


@lru_cache(maxsize=6)
def _open(folder: Path, digest: str, words: str) -> Model:
    config = _config(folder / CONFIG)
    check_safetensors(folder / WEIGHTS, field=FIELD, max_bytes=MOST_BYTES)
    tensors = _from_bytes(load_file(folder / WEIGHTS))
    mean, deviation = (tensors.pop(name, torch.zeros(0)) for name in (MEAN, DEVIATION))
    if mean.shape != (WIDTH,) or deviation.shape != (WIDTH,) or not (deviation > 0).all():
        raise BadInput(FIELD, f"its scale must be {WIDTH} means and positive deviations")
    network = build_network(
        config.kind,
        build_shape(config.kind, config.shape),
        len(Vocabulary(config.words)),
        len(config.actions),
        len(config.styles),
        like=tensors,
    )
    if not all(value.isfinite().all() for value in tensors.values()):
        raise BadInput(FIELD, "its weights hold NaN or infinity")
    network.load_state_dict(tensors)
    network.eval().requires_grad_(False)
    scale = Scale(mean.numpy(), deviation.numpy())
    return Model(folder.name, config, network, scale, digest, words)


def _config(path: Path) -> Config:
    try:
        return Config.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise BadInput(FIELD, f"config.json: {from_validation(error, Config)}") from None
    except (OSError, ValueError, RecursionError):
        raise BadInput(FIELD, "config.json is not JSON") from None


def shape_fields(shape: Any) -> Mapping[str, Any]:
    """A shape as ``Config`` keeps it."""
    return {key: value for key, value in asdict(shape).items() if key != "kind"}
