"""Tiny random models of the families that the probe reads, built without any file."""

from __future__ import annotations

from pathlib import Path

import torch
import transformers as hf

from engine.models.lm.load import LoadedModel, wrap
from engine.models.lm.tokenizer import train_tokenizer

SMALL = {
    "vocab_size": 61,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
}
ROPE = {"rope_type": "default", "rope_theta": 10000.0}
YARN = {
    "rope_type": "yarn",
    "rope_theta": 10000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 32,
}
GROUPED = {"num_key_value_heads": 2, "head_dim": 8}

BUILDERS = {
    "llama": lambda: hf.LlamaForCausalLM(
        hf.LlamaConfig(**SMALL, **GROUPED, rope_parameters=ROPE, attention_bias=True)
    ),
    "llama-yarn": lambda: hf.LlamaForCausalLM(
        hf.LlamaConfig(**SMALL, **GROUPED, rope_parameters=YARN)
    ),
    "qwen2": lambda: hf.Qwen2ForCausalLM(
        hf.Qwen2Config(**SMALL, num_key_value_heads=2, rope_parameters=ROPE)
    ),
    "qwen3": lambda: hf.Qwen3ForCausalLM(hf.Qwen3Config(**SMALL, **GROUPED, rope_parameters=ROPE)),
    "mistral": lambda: hf.MistralForCausalLM(
        hf.MistralConfig(**SMALL, **GROUPED, rope_parameters=ROPE, sliding_window=96)
    ),
    "bitnet": lambda: hf.BitNetForCausalLM(
        hf.BitNetConfig(**SMALL, num_key_value_heads=2, rope_parameters=ROPE)
    ),
    "gpt_neox": lambda: hf.GPTNeoXForCausalLM(
        hf.GPTNeoXConfig(**SMALL, rope_parameters={**ROPE, "partial_rotary_factor": 0.5})
    ),
    "gpt2": lambda: hf.GPT2LMHeadModel(
        hf.GPT2Config(vocab_size=61, n_embd=32, n_layer=2, n_head=4, n_positions=128)
    ),
}


def tiny(family: str, seed: int = 0) -> LoadedModel:
    """A random model of the family, with norms and biases that are not all ones and zeros."""
    torch.manual_seed(seed)
    model = BUILDERS[family]()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                shift = 1.0 if "norm" in name or "ln_" in name else 0.0
                parameter.copy_(shift + 0.3 * torch.randn_like(parameter))
            else:
                parameter.mul_(4)
    return wrap(model, None, family)


def ids(batch: int = 2, tokens: int = 40, seed: int = 1) -> torch.Tensor:
    """Random token ids ``b t``."""
    return torch.randint(0, 61, (batch, tokens), generator=torch.Generator().manual_seed(seed))


def save_tiny(folder: Path, text: str) -> Path:
    """A model folder as a user would bring it: llama, 2 layers, a byte-level tokenizer."""
    tokenizer = train_tokenizer([text], 300)
    torch.manual_seed(0)
    shape = {**SMALL, **GROUPED, "vocab_size": len(tokenizer)}
    model = hf.LlamaForCausalLM(hf.LlamaConfig(**shape, rope_parameters=ROPE))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(4)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
