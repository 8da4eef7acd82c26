"""The streaming experiment: bytes over time, flushes, drift."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.context import QuietContext
from engine.labs.kv_cache import run
from engine.labs.kv_cache.config import StreamingConfig

pytestmark = pytest.mark.shared

LAYERS, WIDTH = 5, 32


@pytest.fixture(scope="module")
def stream(shared_data):
    def go(**values):
        values = {"tokens": 80, "text": "stories", **values}
        model = str(shared_data / "models" / "stories260K-llama")
        return run.streaming(StreamingConfig.build(model=model, **values), QuietContext())

    return go


@pytest.fixture(scope="module")
def kivi(stream):
    return stream(key_format="kivi-2:g32:r32", value_format="kivi-2:g32:r32")


def test_bytes_follow_the_windows(kivi):
    tokens = np.arange(1, 81)
    assert (kivi.array("fp16") == 2 * 2 * LAYERS * WIDTH * tokens).all()
    keys, values = tokens // 32 * 32, np.maximum(tokens - 32, 0)
    assert (kivi.array("append_coded_keys") == keys).all()
    assert (kivi.array("append_coded_values") == values).all()
    assert (kivi.array("append_codes") == LAYERS * WIDTH * (keys + values) * 2 // 8).all()
    assert (kivi.array("append_scales") == LAYERS * 4 * (keys // 32 * WIDTH + values)).all()
    exact = (tokens - keys) + (tokens - values)
    assert (kivi.array("append_exact") == 2 * LAYERS * WIDTH * exact).all()
    assert kivi.metrics["append_bytes"] < kivi.metrics["fp16_bytes"]


def test_flushes_are_where_codes_appear(kivi):
    assert np.flatnonzero(kivi.array("append_flush")).tolist() == [31, 63]
    # The imitation codes its first token at once, then whenever 32 wait.
    assert np.flatnonzero(kivi.array("requantised_flush")).tolist() == [0, 32, 64]
    assert kivi.notes["library_window"] == 32


def test_before_the_first_flush_an_append_only_cache_is_all_but_exact(kivi):
    assert kivi.array("append_key_error")[:31].max() < 1e-3
    assert kivi.array("append_key_error")[31] > 0.01
    assert kivi.array("append_kl")[:31].max() < 1e-3


def test_exact_formats_stay_exact_in_both(stream):
    result = stream(key_format="fp32", value_format="fp32", tokens=32)
    for kind in ("append", "requantised"):
        for name in ("key_error", "value_error", "logit_error", "kl"):
            assert not result.array(f"{kind}_{name}").any()


def test_a_scale_over_the_whole_history_drifts_with_every_flush(stream):
    result = stream(key_format="int4:channel:g4096", value_format="fp16", residual=8, tokens=96)
    drift = result.array("drift")
    assert len(drift) >= 6
    assert drift[-1] > 1.5 * drift[0]
    assert result.metrics["drift_per_flush"] > 0


def test_groups_that_keep_their_borders_are_rounded_once(stream):
    result = stream(key_format="bfp12:b32", value_format="fp16", residual=8, tokens=80)
    drift = result.array("drift")
    assert len(drift) >= 5
    assert np.allclose(drift, drift[0], rtol=1e-6)
    # Nothing moves: only what deeper layers wrote differs, since they read other keys below.
    assert result.metrics["append_error"] == pytest.approx(
        result.metrics["requantised_error"], rel=0.02
    )


def test_sinks_stay_exact_append_only(stream):
    result = stream(key_format="int2:token:head", value_format="fp16", sinks=4, tokens=48)
    assert result.array("append_key_error")[:4].max() < 1e-3
    assert result.array("append_exact")[-1] == 2 * LAYERS * WIDTH * 4
    assert result.notes["oldest_group"][0] == 4
