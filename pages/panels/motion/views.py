"""The views of the motion page by their names in a link, in the order of their buttons."""

from __future__ import annotations

from typing import Any

from pages.kit import View
from pages.panels.motion import (
    denoise,
    export,
    floor,
    lanes,
    lens,
    policies,
    race,
    retention,
    retrain,
    story,
    transient,
)

VIEWS: dict[str, View[Any]] = {
    "lens": lens.VIEW,
    "lanes": lanes.VIEW,
    "storyline": story.VIEW,
    "retention": retention.VIEW,
    "denoise": denoise.VIEW,
    "race": race.VIEW,
    "floor": floor.VIEW,
    "export": export.VIEW,
    "policies": policies.VIEW,
    "retrain": retrain.VIEW,
    "transient": transient.VIEW,
}
