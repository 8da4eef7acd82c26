"""The shape of the model: a small Llama with grouped-query attention and biases."""

from __future__ import annotations

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from engine.core import BadInput
from engine.models.lm.tokenizer import BOS_ID

# "cpu" is what ships: 4.0 million weights train in about an hour on two cores.
PRESETS = {
    "cpu": {"hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 4,
            "num_attention_heads": 4, "num_key_value_heads": 2},
    "gpu": {"hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 5,
            "num_attention_heads": 6, "num_key_value_heads": 3},
    "tiny": {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
             "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32},
}  # fmt: skip


def build_model(preset: str, pieces: int, seed: int) -> LlamaForCausalLM:
    """A freshly initialised model; raises BadInput for an unknown preset.

    Query, key and value projections carry biases as in Qwen2; in Llama's implementation the
    output projection then has one too. Residual outputs start smaller by sqrt(2 layers) (GPT-2,
    Radford et al. 2019, section 2.3).
    """
    if preset not in PRESETS:
        raise BadInput("preset", f"must be one of {', '.join(PRESETS)} (got {preset!r})")
    config = LlamaConfig(
        **{"head_dim": 64, **PRESETS[preset]},
        vocab_size=pieces,
        max_position_embeddings=1024,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        attention_bias=True,
        tie_word_embeddings=True,
        rms_norm_eps=1e-5,
        initializer_range=0.02,
        bos_token_id=BOS_ID,
        eos_token_id=BOS_ID,
        pad_token_id=None,
    )
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config)
    scale = (2 * config.num_hidden_layers) ** -0.5
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.mul_(scale)
            layer.mlp.down_proj.weight.mul_(scale)
    return model
