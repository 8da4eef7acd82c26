"""The door for a local diffusers pipeline folder: judged by its files before one is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.errors import BadInput
from engine.core.settings import MB, number
from engine.io.model_folder import (
    CONFIG_BYTES,
    JSON_BYTES,
    PICKLED,
    PLAIN_NAME,
    files_within,
    fingerprint,
    read_json,
    refuse_code,
)
from engine.io.paths import local_path, read_file
from engine.io.safetensors_check import check_safetensors

INDEX = "model_index.json"
# Component -> the classes that are opened, and the weights that belong to it.
COMPONENTS: Mapping[str, tuple[set[str], str]] = {
    "unet": ({"UNet2DConditionModel"}, "diffusion_pytorch_model"),
    "text_encoder": ({"CLIPTextModel"}, "model"),
    "vae": ({"AutoencoderKL"}, "diffusion_pytorch_model"),
}
TOKENIZERS = {"CLIPTokenizer", "CLIPTokenizerFast", "PreTrainedTokenizerFast"}
# Sizes beyond these are mistakes or attacks; published pipelines stay well below.
MOST_NUMBER = 1_000_000
MOST_LAYERS = 200
LAYER_COUNTS = ("layers_per_block", "transformer_layers_per_block", "num_hidden_layers")


@dataclass(frozen=True)
class PipelineFolder:
    """A folder that passed: its index and, for each component, its weight files."""

    path: Path
    index: dict[str, Any]
    weights: Mapping[str, tuple[Path, ...]]

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digits that change when the index or a file of a component does."""
        parts = [*self.weights, "tokenizer", "scheduler"]
        marks = [fingerprint(self.path / part)[:8] for part in parts]
        return "".join([index_mark(self.path), *marks])


def index_mark(folder: Path) -> str:
    """Eight hexadecimal digits of the folder's index; of nothing where there is none."""
    file = folder / INDEX
    data = read_file(file, field="model", limit=CONFIG_BYTES) if file.is_file() else b""
    return hashlib.sha256(data).hexdigest()[:8]


def check_pipeline_folder(path: Path | str, *, field: str = "model") -> PipelineFolder:
    """Judge a local pipeline folder; raises BadInput with one sentence.

    Wanted: ``model_index.json`` that names a conditional U-Net, a CLIP text encoder and its
    tokenizer, no code of its own, and safetensors in each component, each of them checked, all
    together at most ``ENGRAM_MODEL_MB`` (20000). A VAE may be there.
    """
    folder = local_path(path, field=field)
    if not folder.is_dir():
        raise BadInput(field, f"{str(path)[:200]!r} is not a folder")
    folder = folder.resolve()
    files = {file.name: file for file in files_within(folder, field)}
    if INDEX not in files:
        raise BadInput(field, f"the folder has no {INDEX}; a diffusers pipeline folder has one")
    index = read_json(files[INDEX], CONFIG_BYTES, field)
    refuse_code(index, INDEX, field)
    present = {name: _class(index, name, field) for name in COMPONENTS}
    if present["unet"] is None:
        raise BadInput(field, "the pipeline has no U-Net; the lab opens pipelines with one")
    if present["text_encoder"] is None:
        raise BadInput(field, "the pipeline has no text encoder; the lab opens text-to-image ones")
    for name, found in present.items():
        if found is not None and found not in COMPONENTS[name][0]:
            wanted = ", ".join(sorted(COMPONENTS[name][0]))
            raise BadInput(field, f"its {name} is a {found[:60]}; the lab opens {wanted}")
    kind = _class(index, "tokenizer", field)
    if kind not in TOKENIZERS:
        raise BadInput(field, f"its tokenizer is {str(kind)[:60]}; the lab opens CLIP's")
    limit = number("ENGRAM_MODEL_MB", 20_000) * MB
    weights = {
        name: _component(folder, name, limit, field)
        for name, found in present.items()
        if found is not None
    }
    for name in ("tokenizer", "scheduler"):
        for file in _listing(folder, name, field).values():
            if file.suffix == ".json":
                refuse_code(read_json(file, JSON_BYTES, field), file.name, field)
    total = sum(file.stat().st_size for files in weights.values() for file in files)
    if total > limit:
        raise BadInput(
            field, f"its weights have {total / MB:.0f} MB, at most {limit / MB:g} MB are loaded"
        )
    return PipelineFolder(folder, index, weights)


def _class(index: dict[str, Any], name: str, field: str) -> str | None:
    """The class that the index names for a component; None where there is none."""
    entry = index.get(name)
    if entry is None:
        return None
    well_formed = isinstance(entry, list) and len(entry) == 2
    if not well_formed or not all(part is None or isinstance(part, str) for part in entry):
        raise BadInput(field, f"{INDEX}: {name} must be a library and a class")
    library, found = entry
    if library not in (None, "diffusers", "transformers"):
        raise BadInput(
            field, f"{INDEX}: {name} comes from {library[:60]!r}, which is never imported"
        )
    return found


def _listing(folder: Path, name: str, field: str) -> dict[str, Path]:
    part = folder / name
    if part.is_symlink() or not part.is_dir():
        raise BadInput(field, f"the folder {name} of the pipeline is missing")
    return {file.name: file for file in files_within(part, field)}


def _component(folder: Path, name: str, limit: float, field: str) -> tuple[Path, ...]:
    files = _listing(folder, name, field)
    if "config.json" not in files:
        raise BadInput(field, f"{name} has no config.json")
    config = read_json(files["config.json"], CONFIG_BYTES, field)
    refuse_code(config, f"{name}/config.json", field)
    _check_sizes(config, name, field)
    found = _weights(files, COMPONENTS[name][1], name, field)
    for file in found:
        check_safetensors(file, field=f"{field} ({name}/{file.name})", max_bytes=limit)
    return found


def _check_sizes(config: dict[str, Any], name: str, field: str) -> None:
    """Refuse numbers for which a model would take any amount of memory."""
    for key, value in config.items():
        most = MOST_LAYERS if key in LAYER_COUNTS else MOST_NUMBER
        numbers = value if isinstance(value, list) else [value]
        if len(numbers) > MOST_LAYERS or any(
            isinstance(number, int | float) and abs(number) > most for number in numbers
        ):
            raise BadInput(field, f"{name}/config.json: {key[:60]} is at most {most:,}")


def _weights(files: dict[str, Path], stem: str, name: str, field: str) -> tuple[Path, ...]:
    if f"{stem}.safetensors" in files:
        return (files[f"{stem}.safetensors"],)
    index = files.get(f"{stem}.safetensors.index.json")
    if index is not None:
        table = read_json(index, JSON_BYTES, field).get("weight_map")
        shards = sorted({str(file) for file in table.values()}) if isinstance(table, dict) else []
        if not shards or not all(PLAIN_NAME.fullmatch(shard) for shard in shards):
            raise BadInput(field, f"{name}/{index.name} has no weight_map of plain file names")
        missing = [shard for shard in shards if shard not in files]
        if missing:
            raise BadInput(field, f"the weight file {name}/{missing[0][:80]} is missing")
        return tuple(files[shard] for shard in shards)
    pickled = sorted(file for file in files if file.endswith(PICKLED))
    if pickled:
        raise BadInput(
            field,
            f"the weights of its {name} are in {pickled[0][:80]}, a format that can run code when "
            "loaded; save the pipeline with safe_serialization",
        )
    raise BadInput(field, f"its {name} has no weights ({stem}.safetensors)")
