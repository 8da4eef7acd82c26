"""Shapes of language models: what has to be multiplied for one token.

The named ones are GPT-2's and GPT-3's (the latter from the table of arXiv 2005.14165) and two of
the Llama kind from their published configs; any other comes from a ``config.json`` of the Hugging
Face kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.core.errors import BadInput

FIELD = "model"
GPT_VOCABULARY = 50257
CONFIG_BYTES = 1_000_000
_UNNAMABLE = re.compile(r"[^A-Za-z0-9 ./:+-]")


@dataclass(frozen=True)
class Shape:
    """A decoder: ``kv_heads`` keys and values for ``heads`` queries, each ``head_dim`` wide.

    ``gated`` feed-forward layers have a third matrix (Llama, Qwen).
    """

    name: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    vocabulary: int
    gated: bool = False
    tied: bool = True
    norm: str = "layer"

    @property
    def q_width(self) -> int:
        """Values of all queries of a token."""
        return self.heads * self.head_dim

    @property
    def kv_width(self) -> int:
        """Values of all keys of a token (and of all values)."""
        return self.kv_heads * self.head_dim

    @property
    def block_weights(self) -> int:
        """Weights of one layer's matrices."""
        attention = self.width * (self.q_width + 2 * self.kv_width) + self.q_width * self.width
        return attention + (3 if self.gated else 2) * self.width * self.inner

    @property
    def weights(self) -> int:
        """Weights that a token is multiplied with: of all layers and the head."""
        return self.layers * self.block_weights + self.width * self.vocabulary

    @property
    def parameters(self) -> int:
        """Weights, and the table of embeddings where it is not the head's; no biases, no norms."""
        return self.weights + (0 if self.tied else self.width * self.vocabulary)


def _gpt(name: str, layers: int, width: int, heads: int, head_dim: int | None = None) -> Shape:
    size = head_dim or width // heads
    return Shape(name, layers, width, heads, heads, size, 4 * width, GPT_VOCABULARY)


SHAPES = {
    shape.name: shape
    for shape in (
        _gpt("gpt2", 12, 768, 12),
        _gpt("gpt2-medium", 24, 1024, 16),
        _gpt("gpt2-large", 36, 1280, 20),
        _gpt("gpt2-xl", 48, 1600, 25),
        _gpt("gpt3-small", 12, 768, 12),
        _gpt("gpt3-medium", 24, 1024, 16),
        _gpt("gpt3-large", 24, 1536, 16),
        # 24 heads of 128 are wider than the model; 16 of 128 are as wide.
        _gpt("gpt3-xl", 24, 2048, 16, 128),
        Shape("llama-3.2-1b", 16, 2048, 32, 8, 64, 8192, 128_256, gated=True, norm="rms"),
        Shape("qwen2.5-0.5b", 24, 896, 14, 2, 64, 4864, 151_936, gated=True, norm="rms"),
    )
}
# The eight of PIM-GPT.
GPT_SHAPES = tuple(name for name in SHAPES if name.startswith("gpt"))
LIMITS = {
    "layers": 1000,
    "width": 65_536,
    "heads": 1024,
    "kv_heads": 1024,
    "head_dim": 4096,
    "inner": 1_048_576,
    "vocabulary": 4_000_000,
}
# Our name -> the names that model families give it.
NAMES = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "width": ("hidden_size", "n_embd", "n_embed", "d_model", "dim"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads"),
    "kv_heads": ("num_key_value_heads", "n_kv_heads", "num_kv_heads"),
    "head_dim": ("head_dim",),
    "inner": ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"),
    "vocabulary": ("vocab_size",),
}
# Families whose feed-forward layers have a gate; so has what norms by root mean square.
GATED = ("llama", "mistral", "qwen", "gemma", "phi3", "olmo", "granite", "smollm", "deepseek",
         "cohere", "glm", "internlm", "stablelm")  # fmt: skip
# Families whose head is a matrix of its own where the config does not say; the usual is tied.
UNTIED = ("llama", "mistral", "qwen", "phi", "gpt_neox", "gptj", "olmo", "deepseek", "granite",
          "glm", "internlm", "stablelm", "smollm")  # fmt: skip
ENCODERS = ("bert", "roberta", "xlm-roberta", "distilbert", "electra", "deberta", "albert", "vit",
            "clip", "wav2vec2")  # fmt: skip
# Decoders whose layers are no plain attention over all earlier tokens.
OTHER_LAYERS = ("mamba", "falcon_mamba", "rwkv", "jamba", "zamba", "recurrent_gemma", "t5", "bart")
OTHER_FIELDS = ("layer_types", "q_lora_rank", "kv_lora_rank", "ssm_cfg", "state_size")
PLAIN = {"full_attention", "sliding_attention"}
EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")


def load_shape(model: str, read: Callable[[str], bytes]) -> Shape:
    """A named shape, or the one in the config behind an "input:" address; raises BadInput."""
    if model in SHAPES:
        return SHAPES[model]
    data = read(model)
    if len(data) > CONFIG_BYTES:
        raise BadInput(FIELD, f"a config may have {CONFIG_BYTES:,} bytes (got {len(data):,})")
    try:
        return read_shape(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadInput(FIELD, "the config is no text in UTF-8") from None


def read_shape(text: str, name: str = "") -> Shape:
    """The shape in the text of a ``config.json``; raises BadInput naming the field.

    It is called what the config calls itself, else ``name``, else by its kind and size.
    """
    try:
        table = json.loads(text)
    except RecursionError:
        raise BadInput(FIELD, "the config is nested too deeply") from None
    except ValueError as error:
        raise BadInput(FIELD, f"the config is not JSON ({str(error)[:80]})") from None
    if not isinstance(table, dict):
        raise BadInput(FIELD, "the config must be a JSON object")
    if isinstance(inside := table.get("text_config"), dict):
        table = {**table, **inside}
    kind = str(table.get("model_type", "")).lower()
    if any(table.get(name) for name in EXPERTS):
        raise BadInput(FIELD, "mixtures of experts are not mapped; a dense model is required")
    if table.get("is_encoder_decoder") or kind.startswith(ENCODERS):
        raise BadInput(FIELD, f"a decoder is required ({kind[:40] or 'this'} is none alone)")
    _check_attention(table, kind)
    values = {field: _whole(table, field) for field in NAMES}
    width, heads = values["width"], values["heads"]
    if width is None or heads is None or values["layers"] is None or values["vocabulary"] is None:
        missing = [f for f in ("layers", "width", "heads", "vocabulary") if values[f] is None]
        raise BadInput(FIELD, f"the config has no {NAMES[missing[0]][0]}")
    # One key and value for all heads is what "multi_query" says, unless their number is given.
    kv_heads = values["kv_heads"] or (1 if table.get("multi_query") is True else heads)
    if heads % kv_heads:
        raise BadInput(FIELD, f"num_key_value_heads ({kv_heads}) must divide the {heads} heads")
    if values["head_dim"] is None and width % heads:
        raise BadInput(FIELD, f"hidden_size ({width}) must be whole heads ({heads})")
    inner = values["inner"] or 4 * width
    rms = "rms_norm_eps" in table
    return Shape(
        _named(str(table.get("_name_or_path") or name), kind, values["layers"], width),
        values["layers"],
        width,
        heads,
        kv_heads,
        values["head_dim"] or width // heads,
        # The first Qwen counts both halves of its gated layer.
        inner // 2 if kind == "qwen" else inner,
        values["vocabulary"],
        gated=rms or kind.startswith(GATED),
        tied=bool(table.get("tie_word_embeddings", not kind.startswith(UNTIED))),
        norm="rms" if rms else "layer",
    )


def _check_attention(table: dict[str, Any], kind: str) -> None:
    """Raise BadInput for a decoder that would be computed as something that it is not."""
    if kind.startswith(OTHER_LAYERS):
        raise BadInput(FIELD, f"attention in every layer is required ({kind[:40]} has none)")
    for name in OTHER_FIELDS:
        given = table.get(name)
        plain = name == "layer_types" and isinstance(given, list) and set(map(str, given)) <= PLAIN
        if given and not plain:
            raise BadInput(FIELD, f"layers by {name} are not mapped; plain attention is required")
    tied = table.get("tie_word_embeddings", True)
    if tied is not None and not isinstance(tied, bool):
        raise BadInput(FIELD, f"tie_word_embeddings must be true or false (got {str(tied)[:20]!r})")


def _named(given: str, kind: str, layers: int, width: int) -> str:
    """A name of letters, digits and a few signs: strangers wrote it, and figures show it."""
    name = _UNNAMABLE.sub("", given).strip()[:60]
    size = f"{layers} {'layer' if layers == 1 else 'layers'} of {width}"
    return name or f"{_UNNAMABLE.sub('', kind)[:30] or 'a decoder'}, {size}"


def _whole(table: dict[str, Any], field: str) -> int | None:
    for name in NAMES[field]:
        value = table.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LIMITS[field]:
            raise BadInput(FIELD, f"{name} must be a whole number from 1 to {LIMITS[field]:,} "
                           f"(got {str(value)[:20]})")  # fmt: skip
        return value
    return None
