"""What is stored depends on the tokens, not on how they arrive, and old codes never change."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import BadInput
from engine.labs.kv_cache.cache_store import TokenStore
from engine.labs.kv_cache.formats import EXAMPLES, Format, Role, parse_format

WIDTH, HEAD_DIM, TOKENS = 64, 32, 40
FORMS = [*EXAMPLES, "int4:channel:g8", "int2:channel:g16+hadamard", "kivi-2:g8:r16", "kivi-4:g4:r8"]
FORMS += ["int4:token:r12:s4"]


def tokens(seed: int) -> torch.Tensor:
    return torch.randn(2, TOKENS, WIDTH, generator=torch.Generator().manual_seed(seed)) * 3


@lru_cache
def form_of(text: str, role: Role) -> Format:
    form = parse_format(text)
    if form.needs_calibration:
        samples = np.random.default_rng(0).normal(size=(200, WIDTH)).astype(np.float32)
        form = form.calibrated(3 * samples, head_dim=HEAD_DIM, role=role)
    return form


def store(form: str, role: Role, sinks: int = 0, residual: int = 0) -> TokenStore:
    fitted = form_of(form, role)
    return TokenStore(fitted, role, HEAD_DIM, sinks=sinks, residual=residual, fit=False)


def contents(held: TokenStore) -> dict[str, torch.Tensor]:
    found = dict(held.planes)
    if held.sink is not None:
        found["sink"] = held.sink
    if held.tail is not None:
        found["tail"] = held.tail
    return found


@settings(max_examples=80, deadline=None)
@given(
    form=st.sampled_from(FORMS),
    role=st.sampled_from(["key", "value"]),
    cuts=st.lists(st.integers(1, TOKENS - 1), max_size=6, unique=True),
    sinks=st.sampled_from([0, 3]),
    residual=st.sampled_from([0, 5]),
    seed=st.integers(0, 3),
)
def test_chunking_does_not_change_what_is_stored(form, role, cuts, sinks, residual, seed):
    x = tokens(seed)
    whole, pieces = (store(form, role, sinks, residual) for _ in range(2))
    whole.append(x)
    for part in x.tensor_split(sorted(cuts), dim=1):
        pieces.append(part)
    expected, found = contents(whole), contents(pieces)
    assert expected.keys() == found.keys()
    for name, plane in expected.items():
        assert torch.equal(plane, found[name]), name
    assert torch.equal(whole.read(), pieces.read())


@settings(max_examples=40, deadline=None)
@given(
    form=st.sampled_from(FORMS),
    role=st.sampled_from(["key", "value"]),
    sinks=st.sampled_from([0, 2]),
    seed=st.integers(0, 3),
)
def test_old_codes_never_change(form, role, sinks, seed):
    x = tokens(seed)
    held = store(form, role, sinks)
    before: dict[str, torch.Tensor] = {}
    reads = None
    for i in range(TOKENS):
        held.append(x[:, i : i + 1])
        for name, plane in before.items():
            rows = plane.shape[1]
            assert torch.equal(held.planes[name][:, :rows], plane), name
        now = held.read()
        assert now.shape == (2, i + 1, WIDTH)
        coded = held.sinks + held.coded
        if reads is not None and reads.shape[1]:
            assert torch.equal(now[:, : reads.shape[1]], reads)
        reads = now[:, : min(coded, i + 1)].clone()
        before = {name: plane.clone() for name, plane in held.planes.items()}


@settings(max_examples=60, deadline=None)
@given(
    form=st.sampled_from(FORMS), role=st.sampled_from(["key", "value"]), n=st.integers(1, TOKENS)
)
def test_reading_equals_fake_quantisation_of_the_coded_tokens(form, role, n):
    x = tokens(1)[:, :n]
    held = store(form, role)
    held.append(x)
    first = min(held.sinks, n)
    exact = x.half().float() if held.waits else x
    expected = torch.cat((x[:, :first].half().float(), exact[:, first:]), dim=1)
    if held.coded:
        middle = slice(first, first + held.coded)
        expected[:, middle] = held.bare.fake_quantize(
            expected[:, middle] if held.waits else x[:, middle], head_dim=HEAD_DIM, role=role
        )
    assert torch.equal(held.read(), expected)


@settings(max_examples=40, deadline=None)
@given(form=st.sampled_from(FORMS), keep=st.integers(0, TOKENS), sinks=st.sampled_from([0, 3]))
def test_crop_at_a_group_boundary_equals_never_having_seen_more(form, keep, sinks):
    x = tokens(2)
    held = store(form, "key", sinks)
    held.append(x)
    first = min(held.sinks, keep)
    group = held.form.codec.token_group("key")
    inside = first < keep < first + held.coded
    if inside and (keep - first) % group:
        try:
            held.check_crop(keep)
        except ValueError:
            return
        raise AssertionError("the cut falls into a group and must be refused")
    held.check_crop(keep)
    full = held.read()
    held.crop(keep)
    assert held.tokens == keep
    if keep:
        assert torch.equal(held.read(), full[:, :keep])


def test_a_scale_of_the_whole_tensor_is_frozen_by_the_first_tokens():
    x = tokens(0)
    held = TokenStore(parse_format("fp8-e4m3:tensor"), "key", HEAD_DIM)
    held.append(x[:, :8])
    scale = held.planes["scale"].clone()
    held.append(10 * x[:, 8:])
    assert torch.equal(held.planes["scale"], scale)
    assert held.read()[:, 8:].abs().max() <= 448 * scale.max() * (1 + 1e-6)  # the rest saturates


def test_a_format_that_was_never_fitted_cannot_grow():
    x = tokens(0)
    held = TokenStore(parse_format("nvfp4"), "key", HEAD_DIM, fit=False)
    held.append(x[:, :8])
    with pytest.raises(BadInput, match="calibrated"):
        held.append(2 * x[:, 8:])
