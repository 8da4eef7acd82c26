"""The diffusion lab: pictures that a text-to-image model copied, and what pruning does to them."""

from __future__ import annotations

from pages.kit import show_views
from pages.panels.diffusion.scene import diffusion_lab
from pages.panels.diffusion.views import VIEWS

show_views(diffusion_lab(), VIEWS)
