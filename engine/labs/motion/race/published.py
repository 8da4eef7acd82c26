"""Motion Mamba's own figure of speed and quality: seconds a sentence against FID.

arXiv 2403.07487, times by the authors on one V100, FID on HumanML3D. Nothing here was measured by
this project, and none of its figures can stand beside these.
"""

from __future__ import annotations

from typing import NamedTuple

URL = "https://arxiv.org/abs/2403.07487"


class Published(NamedTuple):
    """A method with its mean seconds a sentence and its FID on HumanML3D."""

    method: str
    seconds: float
    fid: float


POINTS = (
    Published("TEMOS", 0.017, 3.734),
    Published("T2M", 0.038, 1.067),
    Published("Motion Mamba", 0.058, 0.281),
    Published("MLD", 0.217, 0.473),
    Published("MotionDiffuse", 14.74, 0.630),
    Published("MDM", 24.74, 0.544),
)
