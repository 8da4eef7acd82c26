"""The views of the diffusion page by their names in a link, in the order of their buttons."""

from __future__ import annotations

from typing import Any

from pages.kit import View
from pages.panels.diffusion import (
    atlas,
    bench,
    honesty,
    keys,
    ladder,
    overlap,
    race,
    scores,
    tokens,
    writing,
)

VIEWS: dict[str, View[Any]] = {
    "bench": bench.VIEW,
    "honesty": honesty.VIEW,
    "scores": scores.VIEW,
    "overlap": overlap.VIEW,
    "ladder": ladder.VIEW,
    "atlas": atlas.VIEW,
    "race": race.VIEW,
    "tokens": tokens.VIEW,
    "writing": writing.VIEW,
    "keys": keys.VIEW,
}
