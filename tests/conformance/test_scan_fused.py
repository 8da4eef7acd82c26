"""The scan's kernel for accelerators keeps what every back end keeps."""

from __future__ import annotations

import pytest
import torch

from engine.core import BadInput
from engine.models.ssm import choose_backend, selective_scan
from engine.models.ssm.fused import is_fused
from tests.conformance.test_scan import SIZES, draw

ON_CUDA = torch.cuda.is_available() and is_fused(torch.zeros(1, device="cuda"))
needs_cuda = pytest.mark.skipif(not ON_CUDA, reason="needs a CUDA device and Triton")
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5}


@needs_cuda
@pytest.mark.parametrize("heads", [False, True])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("size", SIZES)
def test_outputs_and_gradients_are_those_of_the_reference(
    size: tuple[int, int, int, int], dtype: torch.dtype, heads: bool
) -> None:
    count = (2 if size[2] % 2 == 0 else 1) if heads else 0
    right = {k: v.requires_grad_() for k, v in draw(size, heads=count).items()}
    ours = {
        k: v.detach().to("cuda", dtype).requires_grad_() for k, v in draw(size, heads=count).items()
    }
    found = []
    for given, backend in ((ours, "triton"), (right, "reference")):
        y, h = selective_scan(**given, return_state=True, backend=backend)
        weights = torch.arange(y.numel(), device=y.device, dtype=y.dtype).view_as(y).sin()
        slopes = torch.autograd.grad((y * weights).sum() + h.sum(), list(given.values()))
        found.append([x.detach().double().cpu() for x in (y, h, *slopes)])
    for one, other in zip(*found, strict=True):
        assert (one - other).abs().max() <= TOLERANCE[dtype] * other.abs().max().clamp(min=1)


@needs_cuda
def test_it_is_chosen_on_its_device() -> None:
    assert choose_backend(False, torch.zeros(1, device="cuda")) == "triton"


def test_elsewhere_it_is_refused_in_one_sentence() -> None:
    with pytest.raises(BadInput, match="needs a CUDA device"):
        selective_scan(**draw((1, 3, 2, 2)), backend="triton")
