"""Results of the diffusion lab as figures and sentences: no torch, no Streamlit."""

"""Figures and sentences of every experiment's result."""
