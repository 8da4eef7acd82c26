"""A pipeline folder with the masked weights set to zero, for any program that loads pipelines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from engine.core import BadInput
from engine.io.pipeline_folder import INDEX, PipelineFolder, check_pipeline_folder
from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.sites import find_site
from engine.labs.diffusion.model.pipeline import Pipeline

PARTS = ("unet", "text_encoder", "tokenizer", "scheduler", "vae")
_FOLDERS = {"unet": "unet", "text": "text_encoder"}


def export_pruned(pipeline: Pipeline, site: str, masks: Masks, out: Path) -> list[str]:
    """Write the pipeline's folder into ``out``, a new or empty folder; returns the changed files.

    Every other tensor, and every type, stays as it is on disk.
    """
    source = check_pipeline_folder(pipeline.folder)
    check_target(out)
    there = out.exists()
    try:
        return _write(source, site, masks, out)
    except BaseException as error:
        # Half a pipeline must not be mistaken for one, whatever stopped us.
        shutil.rmtree(out, ignore_errors=True)
        if there:
            out.mkdir(exist_ok=True)
        if not isinstance(error, OSError | SafetensorError):
            raise
        reason = getattr(error, "strerror", None) or str(error)[:80]
        raise BadInput("out", f"{out.name!r} cannot be written ({reason})") from None


def check_target(out: Path) -> None:
    """Raise BadInput where ``out`` is anything but a new or empty folder."""
    try:
        taken = out.exists() and (not out.is_dir() or any(out.iterdir()))
    except OSError as error:
        raise BadInput("out", f"{out.name!r} cannot be read ({error.strerror})") from None
    if taken:
        raise BadInput("out", f"{out.name!r} exists already; a new or empty folder is needed")


def _write(source: PipelineFolder, site: str, masks: Masks, out: Path) -> list[str]:
    part = _FOLDERS[find_site(site).network]
    pending = {f"{name}.weight": mask for name, mask in masks.items()}
    changed = []
    out.mkdir(parents=True, exist_ok=True)
    # Components that are not copied are told to be absent.
    index = {
        key: [None, None] if isinstance(value, list) and key not in PARTS else value
        for key, value in source.index.items()
    }
    (out / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    for name in PARTS:
        if not (source.path / name).is_dir():
            continue
        (out / name).mkdir()
        for file in sorted((source.path / name).iterdir()):
            if name == part and file in source.weights[part]:
                changed += _zeroed(file, out / name / file.name, pending)
            elif file.suffix in (".json", ".txt", ".model") or (
                file in source.weights.get(name, ())
            ):
                shutil.copyfile(file, out / name / file.name)
    if pending:
        raise BadInput("mask", f"the weight files lack {min(pending)[:80]}")
    return changed


def _zeroed(source: Path, target: Path, pending: dict[str, torch.Tensor]) -> list[str]:
    """Copy a weight file with zeros where its masks say so; takes those out of ``pending``."""
    with safe_open(source, framework="pt") as opened:
        notes: Mapping[str, str] = opened.metadata() or {}
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    # Some files of the text encoder leave out the first part of its names, or add one.
    names = {name.removeprefix("text_model."): name for name in tensors}
    for key in list(pending):
        name = names.get(key.removeprefix("text_model."))
        if name is not None:
            tensors[name] = tensors[name].masked_fill(pending.pop(key), 0)
    save_file(tensors, target, metadata=dict(notes))
    return [target.name]
