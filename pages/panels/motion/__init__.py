"""The views of the motion page."""
