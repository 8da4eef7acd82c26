"""Results of the KV-cache lab as figures: no model, no torch, no Streamlit."""

from engine.labs.kv_cache.views.tensors import draw_thumbnail

__all__ = ["draw_thumbnail"]
