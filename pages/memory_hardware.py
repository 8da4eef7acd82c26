"""The memory-hardware lab: inference in DRAM and optimizer offload, as timelines with reasons."""

from __future__ import annotations

from pages.kit import show_views
from pages.panels.memory_hardware.scene import hardware_lab
from pages.panels.memory_hardware.views import VIEWS

show_views(hardware_lab(), VIEWS)
