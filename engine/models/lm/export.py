"""From any checkpoint to a folder that ``AutoModelForCausalLM`` and ``AutoTokenizer`` load."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from engine.models.lm import checkpoint, tokenizer
from engine.models.lm.architecture import build_model
from engine.models.lm.checkpoint import Progress

MAX_BYTES = 20_000_000


def export(
    source: Path, target: Path, preset: str, tok: PreTrainedTokenizerFast, seed: int
) -> tuple[LlamaForCausalLM, Progress]:
    """Write weights as fp16 safetensors with config and tokenizer into ``target``.

    Returns the model as shipped (fp16 values in float32, for evaluation) and the counters of the
    checkpoint ``source``.
    """
    model = build_model(preset, len(tok), seed)
    progress = checkpoint.load_weights(source, model)
    model.to(torch.float16).save_pretrained(target)
    tokenizer.save(tok, target)
    return load_exported(target), progress


def load_exported(folder: Path) -> LlamaForCausalLM:
    """The shipped weights in float32, ready for evaluation; never asks the network."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model.eval()
