"""Open a pipeline: an embedded one by name, a local folder, or the hub where allowed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.utils import logging
from transformers import AutoTokenizer, CLIPTextModel

from engine.core import BadInput
from engine.core.assets import ASSETS
from engine.io.model_id import check_model_id
from engine.io.paths import local_path
from engine.io.pipeline_folder import PipelineFolder, check_pipeline_folder
from engine.labs.diffusion.model.folder import OURS
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import EMBEDDED

SHIPPED = ASSETS / "models" / "diffusion"
_FILES = ["*.json", "*/*.json", "*/*.safetensors", "tokenizer/*.txt"]
MOST_PATCH = 16
logging.set_verbosity_error()


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
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(ref, allow_patterns=_FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise BadInput("model", f"{ref} could not be fetched ({type(error).__name__})") from None


@lru_cache(maxsize=3)
def _open(folder: str, name: str, _fingerprint: str) -> Pipeline:
    checked = check_pipeline_folder(folder)
    path = checked.path
    safe: dict[str, Any] = {"local_files_only": True, "use_safetensors": True}
    ours = _ours(checked)
    try:
        _check_size(path)
        unet = _complete(
            UNet2DConditionModel,
            path / "unet",
            dtype=torch.float32,
            low_cpu_mem_usage=False,
            **safe,
        )
        text = _complete(
            CLIPTextModel,
            path / "text_encoder",
            dtype=torch.float32,
            trust_remote_code=False,
            **safe,
        )
        tokenizer = AutoTokenizer.from_pretrained(
            path / "tokenizer", local_files_only=True, trust_remote_code=False
        )
        scheduler = DDIMScheduler.from_pretrained(path / "scheduler", local_files_only=True)
        vae = None
        if "vae" in checked.weights:
            vae = _complete(AutoencoderKL, path / "vae", dtype=torch.float32, **safe)
    except BadInput:
        raise
    except Exception as error:
        # The libraries' constructors raise what they like about a config; one sentence suffices.
        raise BadInput("model", f"cannot be loaded: {_first_line(error)}") from None
    _check_fit(unet, text, tokenizer, vae, ours["patch"])
    for network in (unet, text, vae):
        if network is not None:
            network.eval().requires_grad_(False)
            _check_finite(network)
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


def _check_size(path: Path) -> None:
    """Compare what the U-Net's config describes with its file before memory is taken for it."""
    config = UNet2DConditionModel.load_config(path / "unet", local_files_only=True)
    with torch.device("meta"):
        bare = UNet2DConditionModel.from_config(config)
    described = sum(parameter.numel() for parameter in bare.parameters())
    held = sum(file.stat().st_size for file in (path / "unet").glob("*.safetensors"))
    if described > held:
        raise BadInput(
            "model",
            f"unet/config.json describes {described:,} parameters, its weight files have "
            f"{held:,} bytes",
        )
    blocks = [name for name, _ in bare.named_modules() if name.endswith(".ff.net.2")]
    if not blocks:
        raise BadInput("model", "its U-Net has no transformer blocks, where the lab looks")


def _check_fit(unet: Any, text: Any, tokenizer: Any, vae: Any, patch: int) -> None:
    config = unet.config
    if config["cross_attention_dim"] != text.config.hidden_size:
        raise BadInput("model", "its text encoder does not fit the U-Net's cross-attention")
    if not isinstance(config["sample_size"], int):
        raise BadInput("model", "unet/config.json: sample_size must be a whole number")
    channels = config["in_channels"]
    wanted = vae.config["latent_channels"] if vae is not None else 3 * patch**2
    if channels != wanted or config["out_channels"] != wanted:
        raise BadInput("model", f"its U-Net has {channels} channels, {wanted} are needed")
    if len(tokenizer) > text.get_input_embeddings().num_embeddings:
        raise BadInput("model", "its tokenizer has more pieces than the text encoder knows")
    if tokenizer.model_max_length > text.config.max_position_embeddings:
        raise BadInput("model", "its tokenizer makes longer prompts than the text encoder reads")


def _check_finite(network: torch.nn.Module) -> None:
    for name, values in network.named_parameters():
        if not values.sum().isfinite():
            raise BadInput("model", f"its weights hold NaN or infinity in {name[:80]}")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = lines[0] if lines else type(error).__name__
    return line if len(line) <= 160 else line[:157] + "..."
