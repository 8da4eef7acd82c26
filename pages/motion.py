"""The motion lab: skeletons that move by state-space models, and what these remember."""

from __future__ import annotations

from pages.kit import show_views
from pages.panels.motion.scene import motion_lab
from pages.panels.motion.views import VIEWS

show_views(motion_lab(), VIEWS)
