"""Each cache's flushes stand on its own line and in words."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import Field, Result
from engine.figures import Palette
from engine.labs.kv_cache.views import streaming

TOKENS = 40


def streamed(append: list[int], requantised: list[int]) -> Result:
    fields = {"fp16": Field(np.arange(TOKENS), ("token",), "B")}
    for kind, at in (("append", append), ("requantised", requantised)):
        flush = np.zeros(TOKENS, dtype=np.int64)
        flush[np.array(at, dtype=int) - 1] = 1
        fields[f"{kind}_flush"] = Field(flush, ("token",))
        fields[f"{kind}_key_error"] = Field(np.linspace(0, 1, TOKENS), ("token",))
        for part in ("codes", "scales", "exact"):
            fields[f"{kind}_{part}"] = Field(np.arange(TOKENS), ("token",), "B")
    return Result(fields)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_flushes_are_marked_on_the_line_of_their_cache(theme: str) -> None:
    result = streamed([16, 32], [1, 17, 33])
    figure = streaming.draw_history_error(result, Palette.of(theme))
    marks = {trace.name: [*trace.x] for trace in figure.data if trace.mode == "markers"}
    assert marks == {"flush, append-only": [16, 32], "flush, re-quantised": [1, 17, 33]}
    assert not figure.layout.annotations
    bytes_held = streaming.draw_bytes(result, Palette.of(theme))
    assert [[*t.x] for t in bytes_held.data if t.name == "flush"] == [[16, 32]]
    assert streaming.describe_flushes(result) == (
        "Keys became codes, append-only: after 16, 32 tokens; "
        "re-quantised at each flush: after 1, 17, 33 tokens."
    )


def test_a_flush_at_every_token_is_counted_and_not_marked() -> None:
    result = streamed(list(range(1, TOKENS + 1)), [])
    figure = streaming.draw_history_error(result, Palette.light())
    assert all("flush," not in trace.name for trace in figure.data)
    assert streaming.describe_flushes(result) == (
        "Keys became codes, append-only: 40 times; re-quantised at each flush: 0 times."
    )
