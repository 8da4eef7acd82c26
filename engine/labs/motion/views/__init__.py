"""Figures and sentences of the motion lab."""

from engine.labs.motion.views.lens_card import draw_thumbnail

__all__ = ["draw_thumbnail"]
