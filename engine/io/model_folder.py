"""The door for a local model folder in the Hugging Face layout.

Nothing here imports a model library: the folder is judged by its files before one is loaded.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.errors import BadInput
from engine.core.settings import MB, number
from engine.io.paths import local_path
from engine.io.safetensors_check import check_safetensors

CONFIG_BYTES = 1_000_000
JSON_BYTES = 64_000_000
WHOLE_BYTES = 64_000_000  # files up to this size are fingerprinted whole
SAMPLE_BYTES = 65_536
SAMPLES = 64
FILES = 500
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5")
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.safetensors")
# Sizes beyond these are mistakes or attacks; the largest published models stay well below.
BOUNDS = {
    "hidden_size": 131_072, "n_embd": 131_072, "intermediate_size": 1_048_576,
    "num_hidden_layers": 1_000, "num_layers": 1_000, "n_layer": 1_000,
    "num_attention_heads": 4_096, "num_heads": 4_096, "n_head": 4_096,
    "num_key_value_heads": 4_096, "head_dim": 8_192, "vocab_size": 4_000_000,
    "max_position_embeddings": 100_000_000, "n_positions": 100_000_000,
}  # fmt: skip


@dataclass(frozen=True)
class ModelFolder:
    """A folder that passed: its configuration and its weight files (all safetensors)."""

    path: Path
    config: dict[str, Any]
    weights: tuple[Path, ...]
    weight_bytes: int
    parameters: int  # numbers in floating-point tensors, all files together

    @property
    def model_type(self) -> str:
        """The architecture family, e.g. "llama"."""
        return self.config["model_type"]


def check_model_folder(path: Path | str, *, field: str = "model") -> ModelFolder:
    """Judge a local model folder; raises BadInput with one sentence.

    Wanted: a sane ``config.json`` without code of its own, and weights as safetensors, whole or
    sharded, each of them checked, all together at most ``ENGRAM_MODEL_MB`` (20000). Links must
    stay inside the folder, except into the ``blobs`` folder of a hub cache's snapshot.
    """
    folder = local_path(path, field=field)
    if not folder.is_dir():
        raise BadInput(field, f"{str(path)[:200]!r} is not a folder")
    folder = folder.resolve()
    files = {file.name: file for file in files_within(folder, field)}
    config = _config(files, field)
    for name in ("tokenizer_config.json", "processor_config.json", "generation_config.json"):
        if name in files:
            refuse_code(read_json(files[name], JSON_BYTES, field), name, field)
    weights = _weights(files, field)
    limit = number("ENGRAM_MODEL_MB", 20_000) * MB
    total = sum(file.stat().st_size for file in weights)
    if total > limit:
        raise BadInput(
            field, f"its weights have {total / MB:.0f} MB, at most {limit / MB:g} MB are loaded"
        )
    parameters = 0
    for file in weights:
        tensors = check_safetensors(file, field=f"{field} ({file.name})", max_bytes=limit)
        if not tensors:
            raise BadInput(field, f"{file.name} holds no tensors")
        floating = (info for info in tensors.values() if "F" in info.dtype)
        parameters += sum(math.prod(info.shape) for info in floating)
    return ModelFolder(folder, config, weights, total, parameters)


def fingerprint(path: Path | str) -> str:
    """16 hexadecimal digits that change when a file of the folder does.

    Files up to 64 MB count whole. Of larger ones count the size, the time of the last change and
    64 samples, so that a folder of many gigabytes is answered in milliseconds.
    """
    folder = local_path(path, field="model")
    if not folder.is_dir():
        raise BadInput("model", f"{str(path)[:200]!r} is not a folder")
    summary = hashlib.sha256()
    for file in sorted(files_within(folder.resolve(), "model"), key=lambda file: file.name):
        if file.suffix in (".json", ".safetensors", ".model", ".txt", ".jinja"):
            summary.update(f"{file.name}\n{_file_digest(file)}\n".encode())
    return summary.hexdigest()[:16]


def files_within(folder: Path, field: str) -> Iterator[Path]:
    """The files directly in the folder; links that leave it are refused.

    In a snapshot of the hub's cache, or in a folder within one, links lead to its blobs.
    """
    cache = next((up.parent for up in (folder.parent, folder.parent.parent)
                  if up.name == "snapshots"), None)  # fmt: skip
    blobs = cache / "blobs" if cache is not None else None
    for count, entry in enumerate(folder.iterdir()):
        if count >= FILES:
            raise BadInput(field, f"the folder holds more than {FILES} files; is it a model?")
        if entry.is_symlink():
            target = entry.resolve()
            inside = target.is_relative_to(folder)
            cached = blobs is not None and target.is_relative_to(blobs)
            if not (inside or cached):
                raise BadInput(field, f"{entry.name[:80]!r} is a link that leaves the folder")
        if entry.is_file():
            yield entry


def _config(files: dict[str, Path], field: str) -> dict[str, Any]:
    if "config.json" not in files:
        raise BadInput(field, "the folder has no config.json; a Hugging Face model folder has one")
    config = read_json(files["config.json"], CONFIG_BYTES, field)
    kind = config.get("model_type")
    if not isinstance(kind, str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", kind):
        raise BadInput(field, "config.json names no model_type")
    refuse_code(config, "config.json", field)
    for name, most in BOUNDS.items():
        value = config.get(name)
        if value is not None and (type(value) is not int or not 1 <= value <= most):
            raise BadInput(
                field,
                f"config.json: {name} must be a whole number from 1 to {most} "
                f"(got {str(value)[:40]})",
            )
    return config


def refuse_code(config: dict[str, Any], name: str, field: str, also: Sequence[str] = ()) -> None:
    """Raise BadInput where the file ``name`` asks for code that comes with the model.

    ``also`` are keys that reach for other code in models of one kind.
    """
    for key in ("auto_map", "trust_remote_code", "custom_pipelines", *also):
        if config.get(key):
            raise BadInput(field, f"{name} asks for code of its own ({key}), which is never run")


def _weights(files: dict[str, Path], field: str) -> tuple[Path, ...]:
    if "model.safetensors" in files:
        return (files["model.safetensors"],)
    index = files.get("model.safetensors.index.json")
    if index is not None:
        table = read_json(index, JSON_BYTES, field).get("weight_map")
        if not isinstance(table, dict) or not table:
            raise BadInput(field, f"{index.name} has no weight_map")
        shards = sorted({str(name) for name in table.values()})
        for shard in shards:
            if not PLAIN_NAME.fullmatch(shard):
                raise BadInput(
                    field, f"{index.name} names {shard[:80]!r}; only plain file names are followed"
                )
            if shard not in files:
                raise BadInput(field, f"the weight file {shard} is missing")
        return tuple(files[shard] for shard in shards)
    pickled = sorted(name for name in files if name.endswith(PICKLED))
    if pickled:
        raise BadInput(
            field,
            f"its weights are in {pickled[0][:80]}, a format that can run code when loaded; "
            "save the model as safetensors",
        )
    raise BadInput(field, "the folder has no weights (model.safetensors or a sharded index)")


def read_json(file: Path, limit: int, field: str) -> dict[str, Any]:
    """The JSON object in a file of at most ``limit`` bytes; raises BadInput."""
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise BadInput(field, f"{file.name} cannot be read ({error.strerror})") from None
    if len(data) > limit:
        raise BadInput(field, f"{file.name} is larger than {limit / MB:g} MB")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise BadInput(field, f"{file.name} is not valid JSON") from None
    if not isinstance(content, dict):
        raise BadInput(field, f"{file.name} is not a JSON object")
    return content


def _file_digest(file: Path) -> str:
    state = file.stat()
    with file.open("rb") as stream:
        if state.st_size <= WHOLE_BYTES:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        summary = hashlib.sha256(f"{state.st_size} {state.st_mtime_ns}".encode())
        for index in range(SAMPLES):
            stream.seek(index * (state.st_size - SAMPLE_BYTES) // (SAMPLES - 1))
            summary.update(stream.read(SAMPLE_BYTES))
        return summary.hexdigest()
