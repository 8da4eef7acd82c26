"""A causal language model on this machine: the embedded one, a folder, or a hub id where allowed.

The doors are those of the KV-cache lab: safetensors only, no code of the folder's own, and what
``engine.models.lm`` can open.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
from jinja2 import TemplateError
from transformers import GenerationConfig

from engine.core.errors import BadInput
from engine.io.model_folder import fingerprint
from engine.labs.memory_graph.language.chat import Message, Reply, RequestRefused
from engine.models.lm.load import LoadedModel, load_model

# A model without a template has seen no chat; it gets headings and writes on.
HEADINGS = {"system": "Task", "user": "Text", "assistant": "Answer"}


class LocalModel:
    """Greedy replies of a loaded model: the same for the same request.

    The first token that the model itself ends with ends a reply. One call at a time.
    """

    def __init__(self, loaded: LoadedModel, name: str = ""):
        if loaded.tokenizer is None:
            raise BadInput("local model", "it came without a tokenizer")
        self.loaded = loaded
        self.name = name or loaded.info.name

    @classmethod
    def open(cls, ref: str) -> LocalModel:
        """Open a reference as the KV-cache lab does; raises BadInput("model").

        The name carries the fingerprint of a folder, so that a record tells which files spoke.
        """
        loaded = load_model(ref)
        name = loaded.info.name
        with suppress(BadInput):
            name = f"{name}@{fingerprint(ref)}"
        return cls(loaded, name)

    def __repr__(self) -> str:
        return f"LocalModel({self.name!r})"

    @torch.inference_mode()
    def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
        """Write on; raises RequestRefused where the messages leave no room for a reply."""
        model, tokenizer = self.loaded.model, self.loaded.tokenizer
        ids = self._ids(messages)
        room = self.loaded.info.max_positions - ids.shape[1]
        if room < 1:
            raise RequestRefused(
                f"the model sees {self.loaded.info.max_positions:,} tokens and the request has "
                f"{ids.shape[1]:,}"
            )
        ends = getattr(model.generation_config, "eos_token_id", None) or tokenizer.eos_token_id
        plan = GenerationConfig(
            do_sample=False,
            max_new_tokens=min(max_tokens, room),
            eos_token_id=ends,
            pad_token_id=ends[0] if isinstance(ends, list) else ends if ends is not None else 0,
        )
        made: Any = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=plan
        )
        new = made[0, ids.shape[1] :]
        return Reply(tokenizer.decode(new, skip_special_tokens=True), ids.shape[1], len(new))

    def _ids(self, messages: Sequence[Message]) -> torch.Tensor:
        """The request as tokens (1, t)."""
        tokenizer = self.loaded.tokenizer
        if tokenizer.chat_template:
            try:
                text = _templated(tokenizer, messages)
            except TemplateError:  # some templates know no system role
                text = _templated(tokenizer, _without_system(messages))
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        else:
            parts = [f"{HEADINGS[message.role]}: {message.content}" for message in messages]
            ids = tokenizer("\n\n".join([*parts, f"{HEADINGS['assistant']}:"]))["input_ids"]
        return torch.tensor([ids], device=self.loaded.device)


def _templated(tokenizer: Any, messages: Sequence[Message]) -> str:
    turns = [message._asdict() for message in messages]
    return tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """The system's words at the head of the first turn."""
    system = [message.content for message in messages if message.role == "system"]
    first, *rest = [message for message in messages if message.role != "system"]
    return [Message(first.role, "\n\n".join([*system, first.content])), *rest]
