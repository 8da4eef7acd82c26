"""Sentence vectors from a model folder in the layout of sentence-transformers.

A BERT-like encoder reads each text; its last hidden states are averaged over the text's tokens (or
the first one is taken, where the folder says so) and brought to length 1.

Source: Reimers and Gurevych, "Sentence-BERT" (arXiv 1908.10084), section 3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from engine.core.errors import BadInput
from engine.io.model_folder import check_model_folder
from engine.io.paths import read_file

FIELD = "encoder"
BATCH = 32
MOST_TOKENS = 512
Progress = Callable[[float, float], None]
logging.disable_progress_bar()


class Encoder:
    """A model and its tokenizer; ``encode`` gives unit rows."""

    def __init__(self, model: Any, tokenizer: Any, *, tokens: int, first: bool):
        self.model, self.tokenizer = model, tokenizer
        self.tokens, self.first = tokens, first

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        """Unit vectors of ``texts`` (texts, width), float32; longer ones are cut off."""
        rows = np.zeros((len(texts), self.model.config.hidden_size), np.float32)
        # Texts of one length waste no padding.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            tokens = self.tokenizer(
                [texts[i] for i in batch],
                padding=True,
                truncation=True,
                max_length=self.tokens,
                return_tensors="pt",
            )
            hidden = self.model(**tokens).last_hidden_state  # b t w
            mask = tokens["attention_mask"][:, :, None].to(hidden.dtype)
            pooled = hidden[:, 0] if self.first else (hidden * mask).sum(1) / mask.sum(1)
            rows[batch] = torch.nn.functional.normalize(pooled, dim=1).numpy()
            if progress:
                progress(start + len(batch), len(order))
        return rows


def load_encoder(folder: Path | str) -> Encoder:
    """Open a local folder; raises BadInput("encoder") for what is no sentence encoder."""
    checked = check_model_folder(folder, field=FIELD)
    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(checked.path, **safe)
        model = AutoModel.from_pretrained(
            checked.path, use_safetensors=True, dtype=torch.float32, **safe
        ).eval()
    except Exception as error:
        # transformers raises what it likes; the visitor needs one sentence.
        line = str(error).strip().split("\n")[0][:120]
        raise BadInput(FIELD, f"the model cannot be opened: {line}") from None
    pooling = _settings(checked.path / "1_Pooling" / "config.json")
    limit = _settings(checked.path / "sentence_bert_config.json").get("max_seq_length")
    positions = int(getattr(model.config, "max_position_embeddings", MOST_TOKENS))
    tokens = min(limit if isinstance(limit, int) and limit > 1 else MOST_TOKENS, positions)
    return Encoder(
        model, tokenizer, tokens=tokens, first=bool(pooling.get("pooling_mode_cls_token"))
    )


def _settings(path: Path) -> dict[str, Any]:
    """A small JSON object of the folder; empty where there is none."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(read_file(path, field=FIELD, limit=1_000_000))
    except (ValueError, RecursionError):
        raise BadInput(FIELD, f"{path.name} is not valid JSON") from None
    return found if isinstance(found, dict) else {}
