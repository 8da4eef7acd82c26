from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.labs.kv_cache.metrics import (
    attention_errors,
    kl_summary,
    paired_bootstrap,
    tensor_errors,
)
from engine.models.lm.probe import LayerCall, Stored


def layer(seed: int = 0) -> tuple[LayerCall, Stored]:
    generator = torch.Generator().manual_seed(seed)
    q = torch.randn(2, 4, 5, 8, generator=generator)
    k, v, k2, v2 = (torch.randn(2, 2, 5, 8, generator=generator) for _ in range(4))
    return LayerCall(0, q, k, v, None, 8**-0.5), Stored(k + 0.1 * k2, v + 0.1 * v2)


def test_relative_rmse_is_the_ratio_of_norms() -> None:
    call, stored = layer()
    errors = tensor_errors([call], [stored], "key")
    for head in range(2):
        want = (stored.keys - call.k)[:, head].norm() / call.k[:, head].norm()
        assert errors.relative_rmse()[0, head] == pytest.approx(float(want), rel=1e-5)
    whole = float((stored.keys - call.k).norm() / call.k.norm())
    assert errors.pooled() == pytest.approx(whole, rel=1e-5)
    assert errors.sqnr_db() == pytest.approx(-20 * np.log10(whole), rel=1e-4)
    assert errors.largest.max() == pytest.approx(float((stored.keys - call.k).abs().max()))


def test_exact_tokens_of_a_window_count_as_read() -> None:
    call, stored = layer()
    coded = torch.zeros(1, 5, 5, dtype=torch.bool)
    untouched = Stored(stored.keys, stored.values, coded, coded)
    assert tensor_errors([call], [untouched], "value").pooled() == 0.0
    assert attention_errors([call], [untouched]).rms().max() == 0.0


def test_logit_error_and_kl_against_a_loop_over_pairs() -> None:
    call, stored = layer()
    errors = attention_errors([call], [stored])
    for head in range(2):
        squares, divergences = [], []
        for b in range(2):
            for h in (2 * head, 2 * head + 1):
                for i in range(5):
                    q = call.q[b, h, i].double() * 8**-0.5
                    before = call.k[b, head, : i + 1].double() @ q
                    after = stored.keys[b, head, : i + 1].double() @ q
                    squares += ((after - before) ** 2).tolist()
                    p, r = torch.softmax(before, 0), torch.softmax(after, 0)
                    divergences.append(float((p * (p / r).log()).sum()))
        assert errors.rms()[0, head] == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-4)
        assert errors.kl[0, head] == pytest.approx(np.mean(divergences), rel=1e-3)


def test_bootstrap_covers_the_mean_and_narrows_with_windows() -> None:
    rng = np.random.default_rng(0)
    few, many = rng.normal(0.3, 1, (8, 50)), rng.normal(0.3, 1, (128, 50))
    a, b = paired_bootstrap(few), paired_bootstrap(many)
    assert a.low < a.mean < a.high and b.low < 0.3 < b.high
    assert b.high - b.low < a.high - a.low
    assert a == paired_bootstrap(few)
    assert (a.blocks, paired_bootstrap(few[:1]).low) == (8, None)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        found = paired_bootstrap(rng.normal(0.5, 1, (24, 1)))
        hits += found.low <= 0.5 <= found.high
    assert 0.88 <= hits / 200 <= 0.99


def test_kl_percentiles() -> None:
    found = kl_summary(np.arange(101, dtype=float).reshape(1, -1))
    assert found == {"kl_mean": 50, "kl_p50": 50, "kl_p90": 90, "kl_p99": 99, "kl_max": 100}
