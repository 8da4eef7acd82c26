"""Open a pipeline: an embedded one by name, a local folder, or the hub where allowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.utils import logging
from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModel
from transformers.utils import logging as transformers_logging

from engine.core import BadInput
from engine.core.assets import ASSETS
from engine.io.model_id import check_model_id
from engine.io.paths import local_path
from engine.io.pipeline_folder import PipelineFolder, check_pipeline_folder
from engine.io.safetensors_check import check_safetensors
from engine.labs.diffusion.model.fit import (
    check_finite,
    check_fit,
    check_schedule,
    check_shapes,
    check_tokenizer,
)
from engine.labs.diffusion.model.folder import OURS
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import EMBEDDED

SHIPPED = ASSETS / "models" / "diffusion"
# What of a published pipeline is opened: other components, other precisions and copies are not.
_NETWORKS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model",
             "text_encoder": "model"}  # fmt: skip
_LIBRARIES = {"unet": "diffusers", "vae": "diffusers", "text_encoder": "transformers"}
_FILES = [
    "model_index.json",
    "tokenizer/*.json",
    "tokenizer/*.txt",
    "scheduler/scheduler_config.json",
    *(f"{part}/config.json" for part in _NETWORKS),
    *(f"{part}/{stem}.safetensors" for part, stem in _NETWORKS.items()),
    *(f"{part}/{stem}.safetensors.index.json" for part, stem in _NETWORKS.items()),
    *(f"{part}/{stem}-*-of-*.safetensors" for part, stem in _NETWORKS.items()),
]
MOST_PATCH = 16
logging.set_verbosity_error()
transformers_logging.set_verbosity_error()  # else it prints tables of what a bad folder lacks


def load_pipeline(ref: str) -> Pipeline:
    """Open "default", "fast" or "twin", a folder, or a hub id; raises BadInput with one sentence.

    Opened pipelines are shared: nobody changes one.
    """
    if ref in EMBEDDED:
        folder = SHIPPED / EMBEDDED[ref]
        if not folder.is_dir():
            raise BadInput(
                "model", f"the model {ref!r} is not in this checkout; `make train-diffusion`"
            )
    else:
        folder = local_path(ref, field="model")
        if not folder.is_dir():
            folder = _download(check_model_id(ref))
    checked = check_pipeline_folder(folder)
    # The fingerprint in the key: files that changed on disk are another model.
    return _open(str(checked.path), ref, checked.fingerprint)


def _download(ref: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
    )

    try:
        return Path(snapshot_download(ref, allow_patterns=_FILES))
    except HFValidationError:
        raise BadInput(
            "model",
            f'{ref!r} is no hub id: "owner/name" of at most 96 letters, digits, "_", "." and "-", '
            'without "--", ".." or ".git", and neither part starts or ends with "." or "-"',
        ) from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise BadInput("model", f"{ref} could not be fetched ({type(error).__name__})") from None


@lru_cache(maxsize=3)
def _open(folder: str, name: str, _fingerprint: str) -> Pipeline:
    checked = check_pipeline_folder(folder)
    path = checked.path
    safe: dict[str, Any] = {"local_files_only": True, "use_safetensors": True}
    ours = _ours(checked)
    for part in checked.weights:
        with _opening(f"{part}/config.json", _LIBRARIES[part]):
            _check_weights(part, checked)
    with _opening("unet/config.json", "diffusers"):
        unet = _complete(
            UNet2DConditionModel,
            path / "unet",
            dtype=torch.float32,
            low_cpu_mem_usage=False,
            **safe,
        )
    with _opening("text_encoder/config.json", "transformers"):
        text = _complete(
            CLIPTextModel,
            path / "text_encoder",
            dtype=torch.float32,
            trust_remote_code=False,
            **safe,
        )
    with _opening("tokenizer/tokenizer_config.json", "transformers"):
        tokenizer = AutoTokenizer.from_pretrained(
            path / "tokenizer", local_files_only=True, trust_remote_code=False
        )
    with _opening("scheduler/scheduler_config.json", "diffusers"):
        scheduler = DDIMScheduler.from_pretrained(path / "scheduler", local_files_only=True)
    vae = None
    if "vae" in checked.weights:
        with _opening("vae/config.json", "diffusers"):
            vae = _complete(AutoencoderKL, path / "vae", dtype=torch.float32, **safe)
    check_fit(unet, text, vae, ours["patch"])
    check_tokenizer(tokenizer, text)
    check_schedule(scheduler)
    for network in (unet, text, vae):
        if network is not None:
            network.eval().requires_grad_(False)
            check_finite(network)
    return Pipeline(
        name=name if name in EMBEDDED else path.name,
        unet=unet,
        text=text,
        tokenizer=tokenizer,
        scheduler=scheduler,
        vae=vae,
        folder=path,
        **ours,
    )


def _complete(kind: Any, folder: Path, **options: Any) -> Any:
    """A network of that kind; raises BadInput where its weights lack some of its own."""
    network, report = kind.from_pretrained(folder, output_loading_info=True, **options)
    if report["missing_keys"]:  # they would be random numbers
        raise BadInput("model", f"its weights lack {min(report['missing_keys'])[:80]}")
    return network


def _ours(checked: PipelineFolder) -> dict[str, Any]:
    """Patch size and training data of an embedded model or of one made from it."""
    given = checked.index.get(OURS)
    if "vae" in checked.weights:
        return {"patch": 0}
    if not isinstance(given, dict):
        raise BadInput("model", "the pipeline has no VAE, and nothing says that it needs none")
    patch, seed = given.get("patch"), given.get("data_seed")
    if type(patch) is not int or not 1 <= patch <= MOST_PATCH:
        raise BadInput("model", f"{OURS}.patch must be a whole number from 1 to {MOST_PATCH}")
    if seed is not None and (type(seed) is not int or not 0 <= seed <= 10**6):
        raise BadInput("model", f"{OURS}.data_seed must be a whole number from 0 to 1000000")
    return {"patch": patch, "data_seed": seed, "copies": given.get("copies") is not False}


def _check_weights(part: str, checked: PipelineFolder) -> None:
    """Compare what a component's config describes with its files before memory is taken for it."""
    files = checked.weights[part]
    bare = _bare(part, checked.path / part)
    described = sum(parameter.numel() for parameter in bare.parameters())
    held = sum(file.stat().st_size for file in files)
    if described > held:
        raise BadInput(
            "model",
            f"{part}/config.json describes {described:,} parameters, its weight files have "
            f"{held:,} bytes",
        )
    if part == "unet" and not any(name.endswith(".ff.net.2") for name, _ in bare.named_modules()):
        raise BadInput("model", "its U-Net has no transformer blocks, where the lab looks")
    for file in files:
        shapes = {name: info.shape for name, info in check_safetensors(file).items()}
        check_shapes(part, bare, shapes)


def _bare(part: str, folder: Path) -> torch.nn.Module:
    """A component as its config describes it, without memory for its numbers."""
    with torch.device("meta"):
        if part == "text_encoder":
            return CLIPTextModel(CLIPTextConfig.from_pretrained(folder, local_files_only=True))
        kind = UNet2DConditionModel if part == "unet" else AutoencoderKL
        return kind.from_config(kind.load_config(folder, local_files_only=True))


@contextmanager
def _opening(file: str, library: str) -> Iterator[None]:
    """Turn what a library raises about a component into one sentence that names its config.

    The libraries' constructors raise what they like about a config.
    """
    try:
        yield
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            "model", f"{file}: what it describes cannot be opened by {library} ({_said(error)})"
        ) from None


def _said(error: Exception) -> str:
    """The first line of an error, at most 80 characters of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = lines[0] if lines else type(error).__name__
    return line if len(line) <= 80 else line[:77] + "..."
