"""The views of the diffusion page by their names in a link, in the order of their buttons."""

from __future__ import annotations

from typing import Any

from pages.panels.diffusion import race
from pages.panels.diffusion.scene import View

VIEWS: dict[str, View[Any]] = {
    "race": race.VIEW,
}
