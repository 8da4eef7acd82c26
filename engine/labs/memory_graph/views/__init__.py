"""Results of the memory-graph lab as figures: no search, no Streamlit."""

from engine.labs.memory_graph.views.duel import draw_thumbnail

__all__ = ["draw_thumbnail"]
