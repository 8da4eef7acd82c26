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
from engine.io.pipeline_sizes import check_levels, check_sample_size, check_sizes
from engine.io.safetensors_check import check_safetensors
from engine.io.scheduler_config import SCHEDULER, check_scheduler

INDEX = "model_index.json"
# Component -> the classes that are opened, and the weights that belong to it.
COMPONENTS: Mapping[str, tuple[set[str], str]] = {
    "unet": ({"UNet2DConditionModel"}, "diffusion_pytorch_model"),
    "text_encoder": ({"CLIPTextModel"}, "model"),
    "vae": ({"AutoencoderKL"}, "diffusion_pytorch_model"),
}
TOKENIZERS = {"CLIPTokenizer", "CLIPTokenizerFast", "PreTrainedTokenizerFast"}
# Classes that tokenizer_config.json may name: those, and how transformers 5 calls plain ones.
TOKENIZER_CLASSES = {*TOKENIZERS, "TokenizersBackend"}
WEIGHT_TYPES = ("F16", "BF16", "F32", "F64")
# Kernels, quantisers and classes that the libraries would look for, on the hub too.
OTHER_CODE = (
    "attn_implementation", "_attn_implementation", "_attn_implementation_internal",
    "experts_implementation", "_experts_implementation", "_experts_implementation_internal",
    "quantization_config", "kernel_config", "use_kernels", "custom_generate",
)  # fmt: skip
# Files of its own that a tokenizer would open wherever they lie.
OTHER_FILES = ("vocab_file", "merges_file", "tokenizer_file")


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
    tokenizer, no code of its own, configs of sane sizes, a known noise schedule, and safetensors
    of floating-point weights in each component, each of them checked, all together at most
    ``ENGRAM_MODEL_MB`` (20000). A VAE may be there.
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
    _check_tokenizer(_listing(folder, "tokenizer", field), field)
    schedule = _listing(folder, "scheduler", field).get(SCHEDULER)
    if schedule is None:
        raise BadInput(field, f"the folder scheduler has no {SCHEDULER}")
    config = read_json(schedule, CONFIG_BYTES, field)
    refuse_code(config, f"scheduler/{SCHEDULER}", field, OTHER_CODE)
    check_scheduler(config, field=field)
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
    for part in (config, *(part for part in config.values() if isinstance(part, dict))):
        refuse_code(part, f"{name}/config.json", field, OTHER_CODE)
    check_sizes(config, name, field)
    if name != "text_encoder":
        levels = check_levels(config, name, field)
        if name == "unet":
            check_sample_size(config, levels, field)
    found = _weights(files, COMPONENTS[name][1], name, field)
    for file in found:
        _check_types(file, f"{field} ({name}/{file.name})", limit)
    return found


def _check_types(file: Path, field: str, limit: float) -> None:
    """Refuse weights that are no floating-point numbers, which would be read as if they were."""
    for tensor, info in check_safetensors(file, field=field, max_bytes=limit).items():
        # CLIP keeps the numbers of its positions beside the weights.
        positions = tensor.endswith("position_ids") and info.dtype in ("I64", "I32")
        if info.dtype not in WEIGHT_TYPES and not positions:
            raise BadInput(
                field,
                f"the weight {tensor[:80]!r} has type {info.dtype}; "
                f"allowed are {', '.join(WEIGHT_TYPES)}",
            )


def _check_tokenizer(files: dict[str, Path], field: str) -> None:
    for file in files.values():
        if file.suffix == ".json":
            refuse_code(read_json(file, JSON_BYTES, field), file.name, field)
    name = "tokenizer_config.json"
    if name not in files:
        raise BadInput(field, f"the folder tokenizer has no {name}")
    config = read_json(files[name], JSON_BYTES, field)
    kind = config.get("tokenizer_class")
    if kind is not None and (not isinstance(kind, str) or kind not in TOKENIZER_CLASSES):
        wanted = ", ".join(sorted(TOKENIZER_CLASSES))
        raise BadInput(field, f"{name}: tokenizer_class must be one of {wanted}")
    for key in OTHER_FILES:
        if config.get(key):
            raise BadInput(field, f"{name} names a file of its own ({key}), which is never opened")


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
