"""The views of the diffusion page."""
