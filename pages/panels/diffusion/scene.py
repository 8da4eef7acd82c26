"""What the views of the diffusion page share."""

from __future__ import annotations

from engine.core import Lab, get_lab


def diffusion_lab() -> Lab:
    """The lab of this page."""
    return get_lab("diffusion")
