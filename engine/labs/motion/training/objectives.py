"""What clean rows are compared in: the numbers, and the motion that they make."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.labs.motion.data.corpus import Scale
from engine.labs.motion.features import CONTACT, HEIGHT, LOCAL, ROOT, VELOCITY, WIDTH, YAW
from engine.labs.motion.skeleton import COUNT, FEET, PARENTS

# A heading that is off turns everything that follows; contacts are told by the feet as well.
WEIGHTS = ((YAW, 4.0), (ROOT, 4.0), (HEIGHT, 2.0), (LOCAL, 1.0), (VELOCITY, 1.0), (CONTACT, 0.5))
SPEED, CHANGE, SKATE, PATH, BONES = 0.5, 0.25, 0.5, 0.1, 0.5


class RowLoss:
    """Squared error of rows, of the joints' speeds that they imply, of its change, of the path.

    Single frames could be right while the motion shakes: speeds and their changes are compared as
    they follow from poses, turns and steps. Feet that touch the floor must not move, and bones keep
    their lengths.
    """

    def __init__(self, scale: Scale, change: float = CHANGE):
        self.change = change
        weights = torch.ones(WIDTH)
        for group, weight in WEIGHTS:
            weights[group] = weight
        self.weights = weights / weights.mean()
        self.mean, self.deviation = torch.tensor(scale.mean), torch.tensor(scale.deviation)
        self.speed = float(scale.deviation[VELOCITY][0])
        self.local = float(scale.deviation[LOCAL][0])

    def __call__(self, made: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
        """Mean over the true rows; ``made``, ``wanted`` (batch, rows, 137), ``mask``."""
        self._move(made.device)
        inside = mask.unsqueeze(-1).to(made.dtype)
        count = inside.sum().clamp(min=1)
        error = (made - wanted) * inside
        total = (self.weights * error.square()).sum() / (count * WIDTH)
        ours, true = (rows * self.deviation + self.mean for rows in (made, wanted))
        pairs = inside[:, 1:, :, None]
        off = (implied_speed(ours) - implied_speed(true)) / self.speed * pairs
        parts = pairs.sum().clamp(min=1) * 3 * COUNT
        total = total + SPEED * off.square().sum() / parts
        total = total + self.change * (off[:, 1:] - off[:, :-1]).square().sum() / parts
        feet = off[:, :, list(FEET)].square().mean(-1) * true[:, :-1, CONTACT]
        total = total + SKATE * feet.sum() / (pairs.sum().clamp(min=1) * len(FEET))
        track = (error * self.deviation)[..., YAW.start : ROOT.stop].cumsum(1) * inside
        total = total + PATH * track.square().sum() / count
        stretch = (bone_lengths(ours) - bone_lengths(true)) / self.local * inside
        return total + BONES * stretch.square().sum() / (count * (COUNT - 1))

    def _move(self, device: torch.device) -> None:
        if self.mean.device != device:
            for name in ("weights", "mean", "deviation"):
                setattr(self, name, getattr(self, name).to(device))


def bone_lengths(rows: Tensor) -> Tensor:
    """Lengths of 21 bones (batch, rows, 21) in metres; ``rows`` are not normalised."""
    places = _places(rows)
    bones = places[..., 1:, :] - places[..., list(PARENTS[1:]), :]
    # A bone of no length has no direction to become longer in.
    return bones.square().sum(-1).clamp(min=1e-8).sqrt()


def _places(rows: Tensor) -> Tensor:
    """Joints (..., 22, 3) around the point below the pelvis, in the heading frame."""
    places = torch.cat([torch.zeros_like(rows[..., :3]), rows[..., LOCAL]], dim=-1)
    places = places.unflatten(-1, (COUNT, 3)).clone()
    places[..., 0, 1] = rows[..., HEIGHT.start]
    return places


def implied_speed(rows: Tensor) -> Tensor:
    """Displacements of 22 joints to the next row (batch, rows - 1, 22, 3) in metres.

    As seen at each row, from poses, turns and steps alone; ``rows`` are not normalised.
    """
    places = _places(rows)
    now, then = places[:, :-1], places[:, 1:]
    angle = rows[:, :-1, YAW]
    cos, sin = angle.cos(), angle.sin()
    x = cos * then[..., 0] + sin * then[..., 2] + rows[:, :-1, ROOT.start, None]
    z = cos * then[..., 2] - sin * then[..., 0] + rows[:, :-1, ROOT.start + 1, None]
    return torch.stack([x, then[..., 1], z], dim=-1) - now
