"""A forecast of a hand that takes a box, and the selective scan of a state-space model."""

import torch

import engine
from engine.labs.motion import selective_scan

result = engine.run("motion", "transient", scene=1)
print(f"mean error of the forecast: {100 * result.array('error').mean():.1f} cm")

torch.manual_seed(0)
length, channels, states = 64, 8, 4
u, dt = torch.randn(1, length, channels), torch.rand(1, length, channels) / 10
a = -torch.rand(channels, states) - 0.5
b, c = torch.randn(1, length, states), torch.randn(1, length, states)
y = selective_scan(u, dt, a, b, c, torch.ones(channels))
print(f"scanned {tuple(y.shape)}, root mean square {y.square().mean().sqrt():.3f}")
