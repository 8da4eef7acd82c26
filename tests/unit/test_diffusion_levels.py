"""Pictures in 64 levels."""

from __future__ import annotations

import numpy as np

from engine.labs.diffusion.pictures.levels import LEVELS, in_levels


def test_every_brightness_goes_to_the_nearest_of_64_levels() -> None:
    given = np.arange(256, dtype=np.uint8)
    levels = in_levels(given)
    assert len(np.unique(levels)) == LEVELS and levels[0] == 0 and levels[-1] == 255
    assert np.abs(levels.astype(int) - given).max() <= 2
    assert (np.diff(levels.astype(int)) >= 0).all()
    np.testing.assert_array_equal(in_levels(levels), levels)
