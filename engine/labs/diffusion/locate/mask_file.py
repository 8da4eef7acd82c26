"""Mask files: safetensors of bools with the hash of the model that they were made for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from engine.core import BadInput
from engine.io.paths import local_path
from engine.io.safetensors_check import TensorInfo, check_safetensors
from engine.labs.diffusion.locate.mask_header import FORMAT
from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.sites import SITES, find_site, layers
from engine.labs.diffusion.model.pipeline import Pipeline

MOST_BYTES = 4e9


@dataclass(frozen=True, eq=False)
class MaskFile:
    """A mask, the site it cuts and how it was located."""

    site: str
    masks: Masks
    made: Mapping[str, Any]


def save_mask(
    path: Path, pipeline: Pipeline, site: str, masks: Masks, made: Mapping[str, Any]
) -> None:
    """Write a mask for ``pipeline``; ``made`` tells how (JSON)."""
    tensors = {f"{name}.weight": mask.contiguous() for name, mask in masks.items()}
    notes = {
        "format": FORMAT,
        "model": pipeline.digest,
        "site": site,
        "made": json.dumps(dict(made)),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path, metadata=notes)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)[:80]
        raise BadInput("out", f"{path.name!r} cannot be written ({reason})") from None


def load_mask(path: Path | str, pipeline: Pipeline) -> MaskFile:
    """Read a mask for ``pipeline``; raises BadInput for another model's, naming both hashes."""
    file = local_path(path, field="mask")
    if not file.is_file():
        raise BadInput("mask", f"{str(path)[:200]!r} is not a file")
    declared = check_safetensors(file, field="mask", max_bytes=MOST_BYTES)
    try:
        return _read(file, declared, pipeline)
    except (OSError, SafetensorError) as error:  # what the reader finds and the door did not
        raise BadInput("mask", f"{file.name!r} cannot be read ({str(error)[:80]})") from None


def _read(file: Path, declared: Mapping[str, TensorInfo], pipeline: Pipeline) -> MaskFile:
    with safe_open(file, framework="pt") as opened:
        notes = opened.metadata() or {}
        if notes.get("format") != FORMAT:
            raise BadInput("mask", "not a mask of this lab; `locate` writes them")
        if notes.get("model") != pipeline.digest:
            raise BadInput(
                "mask",
                f"it was made for the model {notes.get('model', '?')[:16]}, "
                f"and this is {pipeline.digest}",
            )
        name = notes.get("site", "")
        if name not in SITES:
            raise BadInput("mask", f"it names no site; there are {', '.join(SITES)}")
        shapes = {
            f"{layer}.weight": tuple(module.weight.shape)
            for layer, module in layers(pipeline, find_site(name)).items()
        }
        for key, info in declared.items():
            if key not in shapes:
                raise BadInput("mask", f"the model has no weight {key[:80]!r} at this site")
            if info.dtype != "BOOL" or info.shape != shapes[key]:
                raise BadInput(
                    "mask", f"{key[:80]!r} must be BOOL of shape {shapes[key]}, as the weight is"
                )
        if not declared:
            raise BadInput("mask", "it holds no tensors")
        masks = {key.removesuffix(".weight"): opened.get_tensor(key) for key in declared}
    return MaskFile(name, {key: mask.to(torch.bool) for key, mask in masks.items()}, _made(notes))


def _made(notes: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        made = json.loads(notes.get("made", "{}"))
    except (ValueError, RecursionError):
        raise BadInput("mask", "its note on how it was made is not JSON") from None
    return made if isinstance(made, dict) else {}
