"""From a measured format to real models: bytes of a cache, and how many tokens fit.

    bytes = 2 * layers * kv_heads * head_dim * tokens * batch * bits / 8

Layers with a sliding window keep at most that many tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.core.errors import BadInput
from engine.labs.kv_cache.formats import Format, Role, parse_format
from engine.labs.kv_cache.models_table import MODELS, ModelShape

__all__ = ["GIB", "MODELS", "CacheSize", "ModelShape", "cache_size", "kv_bytes", "tokens_that_fit"]

GIB = 2**30
EXACT_BITS = 16
MAX_TOKENS = 2**30
MAX_BATCH = 4096


@dataclass(frozen=True)
class CacheSize:
    """Bytes of keys, of values, and of the same cache in fp16."""

    keys: float
    values: float
    fp16: float

    @property
    def total(self) -> float:
        """Keys and values."""
        return self.keys + self.values

    @property
    def ratio(self) -> float:
        """How many times smaller than fp16."""
        return self.fp16 / self.total


def kv_bytes(
    layers: int,
    kv_heads: int,
    head_dim: int,
    tokens: int,
    bits_key: float = EXACT_BITS,
    bits_value: float = EXACT_BITS,
    *,
    batch: int = 1,
    exact_tokens: int = 0,
) -> float:
    """Bytes of a cache with the given bits per value; ``exact_tokens`` of them stay fp16.

    Raises BadInput for sizes below 1 (tokens may be 0) and bits outside (0, 32].
    """
    sizes = {"layers": layers, "kv_heads": kv_heads, "head_dim": head_dim, "batch": batch}
    for name, value in sizes.items():
        if not 1 <= value <= 10**6:
            raise BadInput(name, f"must be from 1 to 1000000, not {value}")
    _check_tokens(tokens)
    for name, bits in (("bits_key", bits_key), ("bits_value", bits_value)):
        if not 0 < bits <= 32:
            raise BadInput(name, f"must be above 0 and at most 32, not {bits}")
    exact = min(max(exact_tokens, 0), tokens)
    width = layers * kv_heads * head_dim * batch
    coded = (tokens - exact) * (bits_key + bits_value)
    return width * (coded + exact * 2 * EXACT_BITS) / 8


def cache_size(
    model: ModelShape | str,
    tokens: int,
    key_format: str = "fp16",
    value_format: str = "fp16",
    *,
    batch: int = 1,
    sinks: int = 0,
    residual: int = 0,
) -> CacheSize:
    """What a cache of ``tokens`` per sequence takes in a known model.

    Codes, scales, windows of the formats, ``sinks`` and ``residual`` are counted for the model's
    own KV width, as a growing cache holds them: tokens of an unfilled group are fp16. Raises
    BadInput for unknown models and formats that do not suit the head size.
    """
    shape = find_model(model)
    _check_tokens(tokens)
    if not 1 <= batch <= MAX_BATCH:
        raise BadInput("batch", f"must be from 1 to {MAX_BATCH}, not {batch}")
    keys = values = fp16 = 0.0
    key, value = parse_format(key_format), parse_format(value_format)
    for layers, held in shape.held(tokens):
        numbers = layers * batch * held * shape.width
        fp16 += 2 * numbers * EXACT_BITS / 8
        keys += numbers * stored_bits(key, shape, held, "key", sinks, residual) / 8
        values += numbers * stored_bits(value, shape, held, "value", sinks, residual) / 8
    return CacheSize(keys, values, fp16)


def stored_bits(
    form: Format, shape: ModelShape, tokens: int, role: Role, sinks: int = 0, residual: int = 0
) -> float:
    """Bits per value of one side of one layer that holds ``tokens``, fp16 tokens included."""
    if not tokens:
        return 0.0
    if form.family == "float":
        return form.bits_per_value((tokens, shape.width), head_dim=shape.head_dim, role=role)
    first = min(max(sinks, form.sink), tokens)
    inner = replace(form, sink=0)
    coded = inner.quantized_tokens(max(tokens - first - residual, 0), role)
    bits = float(EXACT_BITS * (tokens - coded))
    if coded:
        bare = replace(inner, window=None)
        each = bare.bits_per_value((coded, shape.width), head_dim=shape.head_dim, role=role)
        bits += each * coded
    else:
        inner.block_shape((1, shape.width), head_dim=shape.head_dim, role=role)  # still refuses
    return bits / tokens


def tokens_that_fit(
    model: ModelShape | str,
    gib: float,
    key_format: str = "fp16",
    value_format: str = "fp16",
    *,
    batch: int = 1,
    sinks: int = 0,
    residual: int = 0,
) -> int:
    """The most tokens per sequence whose cache stays within ``gib`` GiB (2^30 bytes).

    The model's own context limit is not applied: compare with ``ModelShape.context``; models whose
    every layer slides may fit ``MAX_TOKENS``. A flush makes a cache smaller, so the size is taken
    with windows as full as they have been: every shorter sequence fits too.
    """
    if not 0 < gib <= 10**6:
        raise BadInput("gib", f"must be above 0 and at most 1000000 GiB, not {gib}")
    shape = find_model(model)
    forms = [parse_format(key_format), parse_format(value_format)]

    def fits(tokens: int) -> bool:
        lengths = {tokens, *(_before_flush(form, tokens, sinks, residual) for form in forms)}
        sizes = [
            cache_size(
                shape, length, key_format, value_format, batch=batch, sinks=sinks, residual=residual
            ).total
            for length in lengths
        ]
        return max(sizes) <= gib * GIB

    if fits(MAX_TOKENS):
        return MAX_TOKENS
    low, high = 0, MAX_TOKENS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _before_flush(form: Format, tokens: int, sinks: int, residual: int) -> int:
    """The longest cache up to ``tokens`` whose window is as full as it gets."""
    period = max(form.token_group, form.window or 1)
    first = max(sinks, form.sink) + residual
    flushed = (tokens + 1 - first) // period * period
    return max(min(first + flushed - 1, tokens), 0)


def find_model(model: ModelShape | str) -> ModelShape:
    """A shape as it is, or by its name; raises BadInput."""
    if isinstance(model, ModelShape):
        return model
    for shape in MODELS:
        if shape.name.lower() == model.strip().lower():
            return shape
    raise BadInput("model", f"{model!r} is not in the table of known models")


def _check_tokens(tokens: int) -> None:
    if not 0 <= tokens <= MAX_TOKENS:
        raise BadInput("tokens", f"must be from 0 to {MAX_TOKENS}, not {tokens}")
