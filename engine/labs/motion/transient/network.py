"""Forecasts of a scene with a persistent channel alone, or with a transient one beside it.

After Persistent-Transient Duality (arXiv 2307.12729), in small: the persistent channel runs always
and plans; the transient one is egocentric, is opened by a learned switch, starts from the
persistent state and is handed back to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

SEEN, EGO = 18, 12  # numbers of a scene as the body sees it, and of hand and boxes alone
BOXES = 2


@dataclass(frozen=True, eq=False)
class Moment:
    """A scene at one frame: ``root`` (b, 3), ``hand`` (b, 3), ``boxes`` (b, 2, 3), ``step`` (b, 3).

    ``step`` is how the root came here, as seen from it.
    """

    root: Tensor
    hand: Tensor
    boxes: Tensor
    step: Tensor


@dataclass(frozen=True, eq=False)
class Forecast:
    """Every next frame: ``root``, ``hand`` (b, T, 3), ``boxes`` (b, T, 2, 3), ``gate`` (b, T).

    ``gate`` is the logit of the switch, None without a transient channel; ``states`` (b, T, 2) are
    the sizes of the persistent and of the transient state.
    """

    root: Tensor
    hand: Tensor
    boxes: Tensor
    gate: Tensor | None
    states: Tensor


class Forecaster(nn.Module):
    """One or two recurrent channels; ``transient`` 0 leaves the second one out.

    What moves: the root by the persistent channel; hand and boxes by the persistent one in the
    share 1 - p and by the transient one in the share p of the switch.
    """

    def __init__(self, persistent: int, transient: int):
        super().__init__()
        self.sizes = persistent, transient
        self.plan = nn.GRUCell(SEEN, persistent)
        self.root = nn.Linear(persistent, 3)
        self.idle = nn.Linear(persistent, 3 + 3 * BOXES)
        if transient:
            self.act = nn.GRUCell(EGO, transient)
            self.open = nn.Linear(persistent, transient)
            self.back = nn.Linear(transient, persistent)
            self.switch = nn.Sequential(
                nn.Linear(persistent + EGO, 16), nn.Tanh(), nn.Linear(16, 1)
            )
            self.busy = nn.Linear(transient, 3 + 3 * BOXES)

    def forward(
        self, now: Moment, states: tuple[Tensor, Tensor | None]
    ) -> tuple[Moment, tuple[Tensor, Tensor | None], Tensor | None]:
        """The next moment, the states and the logit of the switch (b,)."""
        seen, ego = look(now)
        persistent, transient = self.plan(seen, states[0]), states[1]
        step, moved, logit = self.root(persistent), self.idle(persistent), None
        if transient is not None:
            logit = self.switch(torch.cat([persistent, ego], -1)).squeeze(-1)
            share = torch.sigmoid(logit).unsqueeze(-1)
            # Closed, the transient state is what the persistent one would start it from.
            transient = share * self.act(ego, transient) + (1 - share) * self.open(persistent)
            moved = (1 - share) * moved + share * self.busy(transient)
            persistent = persistent + share * self.back(transient)
        return advance(now, step, moved), (persistent, transient), logit

    def start(self, count: int) -> tuple[Tensor, Tensor | None]:
        """States before anything was seen."""
        persistent, transient = self.sizes
        return torch.zeros(count, persistent), torch.zeros(count, transient) if transient else None


def look(now: Moment) -> tuple[Tensor, Tensor]:
    """The scene as the body sees it (b, 18), and hand and boxes alone (b, 12)."""
    boxes = now.boxes.clone()
    boxes[..., 0] = boxes[..., 0] - now.root[:, None, 0]
    boxes[..., 2] = boxes[..., 2] - now.root[:, None, 1]
    near = rotate(boxes, -now.root[:, None, 2])
    to_hand = (near - now.hand[:, None]).flatten(1)
    return (
        torch.cat([10 * now.step, now.hand, near.flatten(1), to_hand], -1),
        torch.cat([now.hand, to_hand, now.step], -1),
    )


def advance(now: Moment, step: Tensor, moved: Tensor) -> Moment:
    """The moment after a step of the root (b, 3) and moves of hand and boxes (b, 9)."""
    step, moved = 0.1 * step, 0.1 * moved
    flat = torch.stack([step[:, 0], torch.zeros_like(step[:, 0]), step[:, 1]], -1)
    there = rotate(flat, now.root[:, 2])
    root = now.root + torch.stack([there[:, 0], there[:, 2], step[:, 2]], -1)
    shift = rotate(moved[:, 3:].unflatten(-1, (BOXES, 3)), now.root[:, None, 2])
    return Moment(root, now.hand + moved[:, :3], now.boxes + shift, step)


def rotate(vectors: Tensor, angle: Tensor) -> Tensor:
    """Vectors (..., 3) about the vertical by angles (...), left positive."""
    cos, sin = angle.cos(), angle.sin()
    x, y, z = vectors.unbind(-1)
    return torch.stack([cos * x + sin * z, y, cos * z - sin * x], -1)


def roll(network: Forecaster, scene: Moment, known: int) -> Forecast:
    """Frames 1 to T - 1 of scenes whose tensors have a time axis (b, T, ...), one after the other.

    Up to frame ``known`` - 1 the network is shown the truth, from there on its own forecast.
    """
    states = network.start(len(scene.root))
    now = at(scene, 0)
    made, gates, sizes = [], [], []
    for frame in range(scene.root.shape[1] - 1):
        if frame < known:
            now = at(scene, frame)
        now, states, logit = network(now, states)
        made.append(now)
        gates.append(logit)
        persistent, transient = states
        nothing = torch.zeros(len(now.root))
        sizes.append(
            torch.stack(
                [persistent.norm(dim=-1), nothing if transient is None else transient.norm(dim=-1)],
                -1,
            )
        )
    opened = None if gates[0] is None else torch.stack([one for one in gates if one is not None], 1)
    return Forecast(
        torch.stack([one.root for one in made], 1),
        torch.stack([one.hand for one in made], 1),
        torch.stack([one.boxes for one in made], 1),
        opened,
        torch.stack(sizes, 1),
    )


def at(scene: Moment, frame: int) -> Moment:
    """One frame of scenes with a time axis."""
    return Moment(*(getattr(scene, name)[:, frame] for name in ("root", "hand", "boxes", "step")))
