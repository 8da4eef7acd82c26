"""The map of pairs is that of the recordings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from engine.labs.motion.pairs import ACTIONS, STYLES, load_pairs
from engine.labs.motion.recordings import read_recordings


@pytest.mark.shared
def test_pairs_are_counted_again(shared_data: Path) -> None:
    found = Counter(
        (one.content, one.style)
        for one in read_recordings(shared_data / "motion", "train")
        if one.content is not None
    )
    pairs = load_pairs()
    told = {(action, style): pairs.seen(action, style) for action in ACTIONS for style in STYLES}
    assert {pair: count for pair, count in told.items() if count} == dict(found)
