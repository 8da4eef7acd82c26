"""At which positions a model rotated the keys that a cache is handed.

Formats that store keys before RoPE (KVQuant, arXiv 2401.18079, section 3.2) need the rotation
undone on the way in and done again on the way out, at the same positions.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor, nn

from engine.core import BadInput
from engine.models.lm.rotary import Rotary, rotary_module

# These change their frequencies with the length, so an old key cannot be turned back exactly.
_LENGTH_DEPENDENT = ("dynamic", "longrope")


class Positions:
    """Watches the rotary module of one model; ``forward`` counts its passes.

    The hook goes when this object goes. A model without RoPE (GPT-2) has no ``module``: its keys
    are what they are before and after.
    """

    def __init__(self, model: nn.Module):
        self.module = rotary_module(model)
        self.forward = 0
        self.latest: Tensor | None = None  # b|1 t
        if self.module is None:
            return
        kind = getattr(self.module, "rope_type", "default")
        if kind in _LENGTH_DEPENDENT:
            raise BadInput(
                "key_format",
                f"keys cannot be stored before RoPE here: the model's {kind!r} scaling changes its "
                "frequencies with the length",
            )
        me = weakref.ref(self)

        def seen(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            positions = me()
            if positions is not None:
                positions.latest = kwargs.get("position_ids", args[1] if args[1:] else None)
                positions.forward += 1

        handle = self.module.register_forward_pre_hook(seen, with_kwargs=True)
        weakref.finalize(self, handle.remove)

    @torch.no_grad()
    def table(self, positions: Tensor) -> Rotary:
        """Cosines and sines at ``positions: b t``, each ``b t r`` in float32."""
        assert self.module is not None
        before = self.forward, self.latest
        like = torch.zeros(1, dtype=torch.float32, device=positions.device)
        cos, sin = self.module(like, positions)
        self.forward, self.latest = before
        return Rotary(cos, sin)
