"""Open a causal language model: the embedded one, a local folder, or the hub where allowed."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase
from transformers.modeling_utils import PreTrainedModel
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)
from transformers.utils import logging

from engine.core import BadInput
from engine.core.assets import ASSETS
from engine.io.model_folder import ModelFolder, check_model_folder, fingerprint
from engine.io.model_id import check_model_id
from engine.io.paths import local_path
from engine.models.lm.probe import capture_layers
from engine.models.lm.projections import projections
from engine.models.lm.rotary import check_convention

EMBEDDED = "engram-lm"
FINGERPRINT = re.compile(r"(.+)@([0-9a-f]{12,64})")
MIN_POSITIONS = 64
logging.disable_progress_bar()
# The families that the tests hold; others that are built like them are read too.
FAMILIES = ("llama", "qwen2", "qwen3", "mistral", "gpt2", "gpt_neox", "bitnet")
# Files that make a tokenizer, one set of them sufficing.
_TOKENIZERS = ({"tokenizer.json"}, {"tokenizer.model"}, {"vocab.json", "merges.txt"})
_FILES = ["*.json", "*.safetensors", "tokenizer.model", "*.txt"]


@dataclass(frozen=True)
class ModelInfo:
    """What the lab says about a model; ``rope`` is None for learned positions."""

    name: str
    family: str
    layers: int
    query_heads: int
    kv_heads: int
    head_dim: int
    parameters: int
    max_positions: int
    rope: dict[str, Any] | None
    biases: bool

    @property
    def width(self) -> int:
        """Channels of all KV heads of one layer."""
        return self.kv_heads * self.head_dim

    def as_note(self) -> dict[str, Any]:
        """A dict that survives JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A float32 model in evaluation mode, its tokenizer and what it is."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    info: ModelInfo

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.model.device


def load_model(ref: str) -> LoadedModel:
    """Open "engram-lm", a folder (optionally "folder@fingerprint") or a hub id.

    Raises BadInput with one sentence for everything that cannot be opened or probed.
    """
    folder, name = _locate(ref)
    # The fingerprint in the key: files that changed on disk are another model.
    return _open(str(folder), name, fingerprint(folder))


def _locate(ref: str) -> tuple[Path, str]:
    if ref == EMBEDDED:
        folder = ASSETS / "models" / "lm"
        if not (folder / "config.json").is_file():
            raise BadInput("model", "the embedded model is not in this checkout; `make train-lm`")
        return folder, EMBEDDED
    named = FINGERPRINT.fullmatch(ref)
    folder = local_path(named[1] if named else ref, field="model")
    if folder.is_dir():
        if named and fingerprint(folder) != named[2]:
            raise BadInput("model", f"the files in {folder.name} changed since {named[2]}")
        return folder.resolve(), folder.resolve().name
    return _download(check_model_id(ref)), ref


def _download(ref: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(ref, allow_patterns=_FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise BadInput("model", f"{ref} could not be fetched ({type(error).__name__})") from None


@lru_cache(maxsize=2)
def _open(folder: str, name: str, _fingerprint: str) -> LoadedModel:
    checked = check_model_folder(folder)
    _check_family(checked.model_type)
    _check_tokenizer(checked.path)
    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(folder, **safe)
    except Exception as error:
        # transformers' configs raise what they like; the visitor needs one sentence.
        raise BadInput("model", f"config.json cannot be read: {_first_line(error)}") from None
    check_architecture(config)
    _check_size(config, checked)
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            use_safetensors=True,
            output_loading_info=True,
            **safe,
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    except Exception as error:
        # The same holds for weights and tokenizers.
        raise BadInput("model", f"cannot be loaded: {_first_line(error)}") from None
    if report["missing_keys"]:  # they would be random numbers
        raise BadInput("model", f"its weights lack {min(report['missing_keys'])[:80]}")
    for parameter, values in model.named_parameters():
        if not values.sum().isfinite():
            raise BadInput("model", f"its weights hold NaN or infinity in {parameter[:80]}")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return wrap(model.to(device), tokenizer, name)


def _check_family(kind: str) -> None:
    """Refuse what is no causal decoder by its name, before any of its files is read."""
    # The names with a head for masked words see both sides, though transformers can load them.
    if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        raise _unsupported(kind)


def _unsupported(kind: str) -> BadInput:
    return BadInput(
        "model",
        f"the family {kind!r} is not supported; the lab reads causal decoders: "
        f"{', '.join(FAMILIES)} and others with the same attention",
    )


def _check_tokenizer(folder: Path) -> None:
    """Refuse a folder without a tokenizer; transformers makes an empty one for some families."""
    names = {file.name for file in folder.iterdir()}
    if not any(files <= names for files in _TOKENIZERS):
        raise BadInput("model", "the folder has no tokenizer.json (or tokenizer.model)")


def _check_size(config: Any, checked: ModelFolder) -> None:
    """Compare what config.json describes with the numbers on disk, before memory is taken for it.

    transformers allocates every tensor of the config and fills those without weights with random
    numbers: a small file could ask for any amount of memory, or pass as a model.
    """
    try:
        with torch.device("meta"):
            bare = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except Exception as error:
        # A model's constructor raises what it likes about its config.
        raise BadInput("model", f"cannot be built: {_first_line(error)}") from None
    if not bare._can_set_attn_implementation():  # where the probe reads keys and values
        raise _unsupported(checked.model_type)
    described = sum(parameter.numel() for parameter in bare.parameters())
    if described > checked.parameters:
        raise BadInput(
            "model",
            f"config.json describes {described:,} parameters, its weight files hold "
            f"{checked.parameters:,} floating-point numbers",
        )


def wrap(model: PreTrainedModel, tokenizer: Any, name: str) -> LoadedModel:
    """Take a model that is already in memory; raises BadInput when it cannot be probed."""
    check_architecture(model.config)
    model = model.eval().requires_grad_(False)
    check_convention(model)
    info = _describe(model, name)
    if tokenizer is not None and len(tokenizer) > model.get_input_embeddings().num_embeddings:
        raise BadInput("model", "its tokenizer has more pieces than the model has embeddings")
    return LoadedModel(model, tokenizer, info)


def check_architecture(config: Any) -> None:
    """Raise BadInput for what the probe cannot read, judged by the config alone."""
    kind = getattr(config, "model_type", "this model")
    if getattr(config, "is_encoder_decoder", False):
        raise BadInput("model", f"{kind} is an encoder-decoder; the lab reads causal models only")
    if getattr(config, "num_attention_heads", None) is None:  # a state-space model
        raise _unsupported(kind)
    if getattr(config, "kv_lora_rank", None):
        raise BadInput(
            "model", f"{kind} caches a latent vector (MLA) instead of keys and values per head"
        )
    if getattr(config, "quantization_config", None):
        raise BadInput("model", "its weights are stored quantised; the lab reads plain floats only")
    if getattr(config, "attn_logit_softcapping", None):
        raise BadInput("model", f"{kind} caps its attention logits, which the lab does not read")
    rope = getattr(config, "rope_parameters", None) or {}
    if any(isinstance(value, dict) for value in rope.values()):
        raise BadInput("model", f"{kind} rotates its layers differently, which is not supported")
    if _positions(config) < MIN_POSITIONS:
        raise BadInput(
            "model",
            f"{kind} sees {_positions(config)} tokens at once; the lab needs {MIN_POSITIONS}",
        )


def _positions(config: Any) -> int:
    """The longest sequence in which every query sees every earlier token."""
    longest = int(getattr(config, "max_position_embeddings", 0) or 2048)
    kinds = getattr(config, "layer_types", None)
    slides = getattr(config, "sliding_window", None)
    used = getattr(config, "use_sliding_window", True)
    if slides and used and (kinds is None or "sliding_attention" in kinds):
        if not isinstance(slides, int):
            raise BadInput("model", "config.json: sliding_window must be a whole number")
        return min(longest, slides)
    return longest


def _describe(model: PreTrainedModel, name: str) -> ModelInfo:
    """Run four tokens through the probe: shapes as they are, not as a config spells them."""
    config: Any = model.config
    ids = torch.arange(4, device=model.device)[None]
    try:
        calls, logits = capture_layers(model, ids)
    except (RuntimeError, TypeError, KeyError, AttributeError) as error:
        raise BadInput("model", f"cannot be probed: {_first_line(error)}") from None
    seen = [logits, *(tensor for call in calls for tensor in (call.q, call.k, call.v))]
    if not all(tensor.isfinite().all() for tensor in seen):
        raise BadInput("model", "it computes NaN or infinity; config.json does not fit its weights")
    layers = int(config.num_hidden_layers)
    shapes = {(call.q.shape, call.k.shape, call.v.shape) for call in calls}
    if [call.layer for call in calls] != list(range(layers)) or len(shapes) != 1:
        raise BadInput(
            "model",
            f"{config.model_type} does not keep keys and values of one shape in each of its layers",
        )
    ((q, k, v),) = shapes
    if k != v or q[1] % k[1] or q[3] != k[3]:
        raise BadInput("model", f"{config.model_type} keeps keys and values of different shapes")
    info = ModelInfo(
        name=name,
        family=str(config.model_type),
        layers=layers,
        query_heads=q[1],
        kv_heads=k[1],
        head_dim=k[3],
        parameters=sum(p.numel() for p in model.parameters()),
        max_positions=_positions(config),
        rope=_rope(config) if calls[0].rotary is not None else None,
        biases=False,
    )
    try:
        first = projections(model, info.query_heads, info.kv_heads, info.head_dim)[0]
    except BadInput:
        return info  # readable all the same; only orders that need W_k will refuse
    return replace(info, biases=first.bias("k") is not None)


def _rope(config: Any) -> dict[str, Any]:
    found = getattr(config, "rope_parameters", None) or {}
    return {key: value for key, value in found.items() if isinstance(value, (int, float, str))}


def _first_line(error: Exception) -> str:
    text = f"unknown name {error}" if isinstance(error, KeyError) else str(error).strip()
    lines = [line.strip() for line in text.splitlines()] or [type(error).__name__]
    line = lines[1] if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return line if len(line) <= 160 else line[:157] + "..."
