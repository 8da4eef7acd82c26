"""The lens on a card of the gallery: poses in a row, lit by how much one of them reads of each."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette
from engine.figures.skeletons import Lane, draw_skeletons
from engine.labs.motion.views.lens import telling_reader, trail_of
from engine.labs.motion.views.lens_words import describe_row
from engine.labs.motion.views.stage import body_stage

POSES = 8


def draw_thumbnail(result: Result, palette: Palette) -> go.Figure:
    """The clip as a storyboard; a pose's joints are lit by how much the last frame reads of it."""
    positions = result.array("positions").astype(np.float32)
    reader, last = telling_reader(result), len(positions) - 1
    row = trail_of(result, reader, "read")[last]
    light = np.repeat(row[:, None], positions.shape[1], axis=1)
    lane = Lane("clip", positions, light=light)
    alt = describe_row(result, reader, last)
    stage = body_stage([lane], "What the last frame reads of every pose", alt)
    return draw_skeletons(stage, palette, poses=POSES)
