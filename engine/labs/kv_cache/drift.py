"""One prompt, two caches: how far the next-token distributions part, and where the texts do.

Both caches are filled token by token. The quantised one first reads the exact continuation
(teacher-forced: every position compares two answers to one question); from the first token that it
would have chosen otherwise, a copy of it goes on with its own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import DynamicCache

from engine.core import BadInput
from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.kv_cache.cache import EncodedCache, cache_for
from engine.labs.kv_cache.cache_store import CacheBytes
from engine.labs.kv_cache.config import DriftConfig
from engine.labs.kv_cache.metrics import kl_summary
from engine.labs.kv_cache.policy import parse_policy
from engine.labs.kv_cache.workbench import Workbench
from engine.models.lm.load import LoadedModel
from engine.models.lm.tokens import token_strings

TOP = 10


def drift(config: DriftConfig, context: Context) -> Result:
    """Run the experiment.

    Fields over ``position`` (prompt and continuation; position i predicts token i + 1): ``kl`` of
    KL(exact || quantised) in nat, ``nll_exact`` and ``nll_quantised`` of the token that follows,
    ``rank`` of the exact cache's favourite in the quantised distribution (1: the same favourite).
    Fields over ``step`` (new tokens): ``exact_token``, ``quantised_token`` (each cache's own greedy
    words), and over (step, place) the ten likeliest tokens of either cache with both probabilities:
    ``top_exact``, ``top_exact_p`` (exact), ``top_exact_q`` (quantised), ``top_quantised``, ... .

    Notes hold token strings. Raises BadInput for a prompt that is empty, unknown to the tokenizer
    or too long for the model with its new tokens.
    """
    bench = Workbench(config, context, 16, 1, config.seed)
    loaded = bench.loaded
    prompt, unknown = prompt_ids(loaded, config.prompt, config.new_tokens)
    storage = bench.storage(
        parse_policy("", config.key_format, config.value_format),
        config.order,
        sinks=config.sinks,
        residual=config.residual,
        streaming=True,
    )
    total = len(prompt) + 2 * config.new_tokens
    quantised = cache_for(loaded.model, storage)
    trace, fork = _compare(loaded, prompt, config.new_tokens, quantised, context, total)
    own = _continue(loaded, trace, fork, context, total)
    return _result(bench, prompt, unknown, trace, own, quantised)


def prompt_ids(loaded: LoadedModel, prompt: str, new_tokens: int) -> tuple[list[int], int]:
    """The prompt's tokens and how many of them stand for characters the tokenizer lacks."""
    if not prompt.strip():
        raise BadInput("prompt", "must hold at least one character that is not a space")
    tokenizer: Any = loaded.tokenizer
    ids = list(tokenizer(prompt, return_attention_mask=False, verbose=False).input_ids)
    while len(ids) > 1 and ids[-1] == tokenizer.eos_token_id:
        ids.pop()
    if not ids:
        raise BadInput("prompt", "gives no token with this model's tokenizer")
    unknown = 0
    if tokenizer.unk_token_id not in (None, tokenizer.bos_token_id):
        unknown = ids.count(tokenizer.unk_token_id)
    words = [i for i in ids if i not in (tokenizer.bos_token_id, tokenizer.unk_token_id)]
    if unknown and not words:
        raise BadInput("prompt", "has only characters that this model's tokenizer lacks")
    longest = loaded.info.max_positions
    if len(ids) + 4 > longest:
        raise BadInput(
            "prompt",
            f"has {len(ids)} tokens, but this model sees {longest} at once: at most {longest - 4}",
        )
    if len(ids) + new_tokens > longest:
        raise BadInput(
            "new_tokens",
            f"must be from 4 to {longest - len(ids)} behind a prompt of {len(ids)} tokens, since "
            f"this model sees {longest} at once",
        )
    return ids, unknown


@dataclass
class _Trace:
    """What is kept of every position; probabilities only for the new tokens."""

    ids: list[int]
    kl: list[float] = field(default_factory=list)
    nll: list[tuple[float, float]] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    top: list[np.ndarray] = field(default_factory=list)  # 2 sides, (token, p, q), places
    wanted: list[int] = field(default_factory=list)
    divergence: int | None = None


def next_logits(loaded: LoadedModel, token: int, cache: Any) -> Tensor:
    """Append one token to a cache and give the float64 log-probabilities of the next, ``vocab``."""
    ids = torch.tensor([[token]], device=loaded.device)
    logits = loaded.model(ids, past_key_values=cache, use_cache=True).logits
    return logits[0, -1].double().log_softmax(-1)


def _compare(
    loaded: LoadedModel,
    prompt: list[int],
    new_tokens: int,
    quantised: EncodedCache,
    context: Context,
    total: int,
) -> tuple[_Trace, EncodedCache | None]:
    exact = DynamicCache(config=loaded.model.config)
    trace, fork = _Trace(list(prompt)), None
    with torch.inference_mode():
        for position in range(len(prompt) + new_tokens - 1):
            log_p = next_logits(loaded, trace.ids[position], exact)
            log_q = next_logits(loaded, trace.ids[position], quantised)
            best, wanted = int(log_p.argmax()), int(log_q.argmax())
            step = position - len(prompt) + 1
            if step >= 0:
                trace.ids.append(best)
                trace.wanted.append(wanted)
                trace.top.append(_top(log_p, log_q))
                if wanted != best and trace.divergence is None:
                    trace.divergence = step
                    fork = quantised.fork()
            after = trace.ids[position + 1]
            trace.kl.append(max(float((log_p.exp() * (log_p - log_q)).sum()), 0.0))
            trace.nll.append((-float(log_p[after]), -float(log_q[after])))
            trace.rank.append(1 + int((log_q > log_q[best]).sum()))
            context.progress(position + 1, total, kl=trace.kl[-1])
    return trace, fork


def _top(log_p: Tensor, log_q: Tensor) -> np.ndarray:
    rows = []
    for side in (log_p, log_q):
        tokens = side.topk(min(TOP, len(side))).indices
        rows.append(torch.stack((tokens.double(), log_p[tokens].exp(), log_q[tokens].exp())))
    return torch.stack(rows).cpu().numpy()


def _continue(
    loaded: LoadedModel, trace: _Trace, fork: EncodedCache | None, context: Context, total: int
) -> list[int]:
    """The quantised cache's own greedy words: those it wanted, then from the fork on its own."""
    count = len(trace.wanted)
    if fork is None or trace.divergence is None:
        return list(trace.wanted)
    own = trace.wanted[: trace.divergence + 1]
    with torch.inference_mode():
        while len(own) < count:
            own.append(int(next_logits(loaded, own[-1], fork).argmax()))
            context.progress(total - count + len(own), total)
    return own


def _result(
    bench: Workbench,
    prompt: list[int],
    unknown: int,
    trace: _Trace,
    own: list[int],
    cache: EncodedCache,
) -> Result:
    tokenizer: Any = bench.loaded.tokenizer
    exact = trace.ids[len(prompt) :]
    kl = np.array(trace.kl)
    fresh = kl[len(prompt) - 1 :]
    nll = np.array(trace.nll)
    top = np.stack(trace.top)  # step side (token, p, q) place
    fields = {
        "kl": Field(kl.astype(np.float32), ("position",), "nat"),
        "nll_exact": Field(nll[:, 0].astype(np.float32), ("position",), "nat"),
        "nll_quantised": Field(nll[:, 1].astype(np.float32), ("position",), "nat"),
        "rank": Field(np.array(trace.rank, dtype=np.int32), ("position",)),
        "exact_token": Field(np.array(exact, dtype=np.int32), ("step",)),
        "quantised_token": Field(np.array(own, dtype=np.int32), ("step",)),
    }
    for side, name in enumerate(("top_exact", "top_quantised")):
        fields[name] = Field(top[:, side, 0].astype(np.int32), ("step", "place"))
        fields[f"{name}_p"] = Field(top[:, side, 1].astype(np.float32), ("step", "place"))
        fields[f"{name}_q"] = Field(top[:, side, 2].astype(np.float32), ("step", "place"))
    shared = len(exact) if trace.divergence is None else trace.divergence
    keys, values = cache.side_bytes()
    metrics = {
        **kl_summary(fresh),
        "kl_prompt_mean": float(kl[: len(prompt) - 1].mean()) if len(prompt) > 1 else None,
        "top1": float(np.mean([a == b for a, b in zip(trace.wanted, exact, strict=True)])),
        "top1_all": float(np.mean(np.array(trace.rank) == 1)),
        "first_divergence": trace.divergence,
        "shared_tokens": shared,
        "prompt_tokens": len(prompt),
        "new_tokens": len(exact),
        "unknown_tokens": unknown,
        "bits_key": _bits(keys),
        "bits_value": _bits(values),
        "stored_bytes": (keys + values).total,
        "fp16_bytes": (keys + values).fp16,
    }
    named = sorted({*prompt, *exact, *own, *top[:, :, 0].astype(int).ravel().tolist()})
    strings = dict(zip(named, token_strings(bench.loaded, np.array(named)), strict=True))
    notes = {
        **bench.notes(),
        "unknown_tokens": unknown,
        "prompt_tokens": [strings[i] for i in prompt],
        "exact_tokens": [strings[i] for i in exact],
        "quantised_tokens": [strings[i] for i in own],
        "exact_text": tokenizer.decode(exact),
        "quantised_text": tokenizer.decode(own),
        "strings": {str(i): text for i, text in strings.items()},
    }
    return Result(fields, metrics, notes)


def _bits(side: CacheBytes) -> float:
    """Stored bits per value at the end of the run, exact tokens included."""
    return 16 * side.total / side.fp16
