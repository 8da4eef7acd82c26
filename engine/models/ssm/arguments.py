"""What a scan accepts: shapes and kinds of its arguments, and the dtype that it computes in."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.core.errors import BadInput

# Two bytes hold too few digits for a state that adds up thousands of steps.
WIDE = {torch.float16: torch.float32, torch.bfloat16: torch.float32}


@dataclass(frozen=True, eq=False)
class Arguments:
    """The arguments of a scan in one dtype on one device; ``A`` is (channels, state) or (heads,).

    ``dt`` has a column for each row of ``A``; ``h0`` is (batch, channels, state).
    """

    u: Tensor
    dt: Tensor
    A: Tensor
    B: Tensor
    C: Tensor
    h0: Tensor

    @property
    def by_head(self) -> bool:
        """Whether one number is the decay of a whole head (SSD)."""
        return self.A.ndim == 1

    def by_channel(self) -> Arguments:
        """The same scan with a decay for every channel and state: SSD as a case of S6."""
        if not self.by_head:
            return self
        width = self.u.shape[-1] // len(self.A)
        decay = self.A.repeat_interleave(width)[:, None].expand(-1, self.B.shape[-1])
        dt = self.dt.repeat_interleave(width, dim=-1)
        return Arguments(self.u, dt, decay, self.B, self.C, self.h0)


DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def check_arguments(
    u: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    h0: Tensor | None = None,
) -> Arguments:
    """The arguments, half precision widened to float32 and no ``h0`` made zeros.

    Raises BadInput for a shape, dtype or device that does not fit; the sentence names the
    argument. Signs are the caller's: a positive ``A`` grows without bound.
    """
    _float("u", u)
    if u.ndim != 3 or 0 in u.shape:
        raise BadInput("u", f"must be (batch, length, channels), none of them 0, not {_shape(u)}")
    batch, length, channels = u.shape
    _float("A", A)
    if A.ndim == 1:
        if not 1 <= len(A) <= channels or channels % len(A):
            raise BadInput(
                "A", f"must have a number of heads that divides {channels} channels, not {len(A)}"
            )
    elif A.ndim != 2 or A.shape[0] != channels or A.shape[1] < 1:
        raise BadInput("A", f"must be ({channels}, state) or (heads,), not {_shape(A)}")
    _fits("dt", dt, (batch, length, len(A)), u)
    _float("B", B)
    state = A.shape[1] if A.ndim == 2 else (B.shape[-1] if B.ndim == 3 else 0)
    if state < 1:
        raise BadInput("B", f"must be ({batch}, {length}, state), not {_shape(B)}")
    _fits("B", B, (batch, length, state), u)
    _fits("C", C, (batch, length, state), u)
    if A.device != u.device:
        raise BadInput("A", f"must be on {u.device} like u, not on {A.device}")
    if D is not None:
        _fits("D", D, (channels,), u)
    if h0 is not None:
        _fits("h0", h0, (batch, channels, state), u)
    dtype = working_dtype(u, dt, A, B, C)
    begin = u.new_zeros(batch, channels, state, dtype=dtype) if h0 is None else h0.to(dtype)
    return Arguments(u.to(dtype), dt.to(dtype), A.to(dtype), B.to(dtype), C.to(dtype), begin)


def working_dtype(*tensors: Tensor) -> torch.dtype:
    """The widest dtype of the tensors, float32 at least."""
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    return WIDE.get(dtype, dtype)


def _float(name: str, tensor: Tensor) -> None:
    if not isinstance(tensor, Tensor) or tensor.dtype not in DTYPES:
        kind = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
        raise BadInput(name, f"must be a tensor of floating-point numbers, not {kind}")


def _fits(name: str, tensor: Tensor, shape: tuple[int, ...], like: Tensor) -> None:
    _float(name, tensor)
    if tuple(tensor.shape) != shape:
        raise BadInput(name, f"must be {shape}, not {_shape(tensor)}")
    if tensor.device != like.device:
        raise BadInput(name, f"must be on {like.device} like u, not on {tensor.device}")


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))
