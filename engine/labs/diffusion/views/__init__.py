"""Results of the diffusion lab as figures and sentences: no torch, no Streamlit."""
