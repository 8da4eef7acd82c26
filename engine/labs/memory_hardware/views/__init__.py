"""Results of the memory-hardware lab as figures: no simulation, no Streamlit."""

from engine.labs.memory_hardware.views.parts import draw_thumbnail

__all__ = ["draw_thumbnail"]
