"""The Triton kernels of the scan; symbols and layouts as in ``engine.models.ssm``."""

from __future__ import annotations

# mypy: ignore-errors
import triton
import triton.language as tl


@triton.jit
def forward(
    u, dt, A, B, C, h0, y, last, kept, length, channels, states,
    WIDE: tl.constexpr, DEEP: tl.constexpr, KEEP: tl.constexpr,
):  # fmt: skip
    """``y``, the last state and, with ``KEEP``, the state after every step."""
    row, block = tl.program_id(0).to(tl.int64), tl.program_id(1)
    channel, state = block * WIDE + tl.arange(0, WIDE), tl.arange(0, DEEP)
    here, deep = channel < channels, state < states
    both = here[:, None] & deep[None, :]
    cell = channel[:, None] * states + state[None, :]
    decay = tl.load(A + cell, mask=both, other=0.0)
    h = tl.load(h0 + row * channels * states + cell, mask=both, other=0.0)
    for t in range(length):
        at = row * length + t
        step = tl.load(dt + at * channels + channel, mask=here, other=0.0)
        into = tl.load(u + at * channels + channel, mask=here, other=0.0)
        write = tl.load(B + at * states + state, mask=deep, other=0.0)
        read = tl.load(C + at * states + state, mask=deep, other=0.0)
        h = tl.exp(step[:, None] * decay) * h + (step * into)[:, None] * write[None, :]
        tl.store(y + at * channels + channel, tl.sum(h * read[None, :], axis=1), mask=here)
        if KEEP:
            tl.store(kept + at * channels * states + cell, h, mask=both)
    tl.store(last + row * channels * states + cell, h, mask=both)


@triton.jit
def backward(
    u, dt, A, B, C, h0, kept, gy, glast, gu, gdt, gA, gB, gC, gh0,
    batch, length, channels, states, WIDE: tl.constexpr, DEEP: tl.constexpr,
):  # fmt: skip
    """All gradients; those of ``B`` and ``C`` in parts, one for each block of channels."""
    row, block = tl.program_id(0).to(tl.int64), tl.program_id(1)
    channel, state = block * WIDE + tl.arange(0, WIDE), tl.arange(0, DEEP)
    here, deep = channel < channels, state < states
    both = here[:, None] & deep[None, :]
    cell = channel[:, None] * states + state[None, :]
    decay = tl.load(A + cell, mask=both, other=0.0)
    g = tl.load(glast + row * channels * states + cell, mask=both, other=0.0)
    total = tl.zeros_like(g)
    now = tl.load(
        kept + (row * length + length - 1) * channels * states + cell, mask=both, other=0.0
    )
    for back in range(length):
        t = length - 1 - back
        at = row * length + t
        if t > 0:
            before = tl.load(kept + (at - 1) * channels * states + cell, mask=both, other=0.0)
        else:
            before = tl.load(h0 + row * channels * states + cell, mask=both, other=0.0)
        step = tl.load(dt + at * channels + channel, mask=here, other=0.0)
        into = tl.load(u + at * channels + channel, mask=here, other=0.0)
        out = tl.load(gy + at * channels + channel, mask=here, other=0.0)
        write = tl.load(B + at * states + state, mask=deep, other=0.0)
        read = tl.load(C + at * states + state, mask=deep, other=0.0)
        part = (block.to(tl.int64) * batch * length + at) * states + state
        g += out[:, None] * read[None, :]
        tl.store(gC + part, tl.sum(out[:, None] * now, axis=0), mask=deep)
        tl.store(gB + part, tl.sum((step * into)[:, None] * g, axis=0), mask=deep)
        gwrite = tl.sum(g * write[None, :], axis=1)
        g = g * tl.exp(step[:, None] * decay)
        power = g * before
        total += power * step[:, None]
        slope = tl.sum(power * decay, axis=1) + gwrite * into
        tl.store(gdt + at * channels + channel, slope, mask=here)
        tl.store(gu + at * channels + channel, gwrite * step, mask=here)
        now = before
    tl.store(gA + row * channels * states + cell, total, mask=both)
    tl.store(gh0 + row * channels * states + cell, g, mask=both)
