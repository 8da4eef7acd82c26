"""Results of the diffusion lab as figures and sentences: no torch, no Streamlit."""

from engine.labs.diffusion.views.thumbnail import draw_thumbnail

__all__ = ["draw_thumbnail"]
