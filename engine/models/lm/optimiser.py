"""Muon for the hidden matrices, AdamW for embeddings, norms and biases."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from engine.models.lm.muon import Muon

BETAS = (0.9, 0.95)


class Optimiser:
    """Two optimisers stepped as one, with a state that is a flat table of tensors.

    Muon (Jordan et al. 2024) orthogonalises the momentum of each hidden matrix; its step is
    scaled to AdamW's root mean square (Liu et al. 2025, section 2.2), so one learning rate serves
    both. ``kind="adamw"`` gives every parameter to AdamW.
    """

    def __init__(self, model: nn.Module, kind: str = "muon", weight_decay: float = 0.1):
        hidden, table, rest = [], [], []
        for name, parameter in model.named_parameters():
            matrix = parameter.ndim == 2
            if matrix and "layers" in name:
                hidden.append(parameter)
            elif matrix:
                table.append(parameter)
            else:
                rest.append(parameter)
        groups = [{"params": table, "weight_decay": weight_decay}]
        groups.append({"params": rest, "weight_decay": 0.0})
        self.parts: dict[str, torch.optim.Optimizer] = {}
        if kind == "muon":
            self.parts["muon"] = Muon(hidden, weight_decay=weight_decay)
        else:
            groups[0]["params"] = table + hidden
        self.parts["adamw"] = torch.optim.AdamW(groups, betas=BETAS, fused=True)

    def step(self, rate: float) -> None:
        """One step at learning rate ``rate``, then clear the gradients."""
        for part in self.parts.values():
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)

    def state(self) -> dict[str, torch.Tensor]:
        """Every moment as "part.parameter.name" -> tensor."""
        return {
            f"{name}.{index}.{key}": value
            for name, part in self.parts.items()
            for index, entry in part.state_dict()["state"].items()
            for key, value in entry.items()
        }

    def load_state(self, table: Mapping[str, torch.Tensor]) -> None:
        """Put back what ``state`` gave."""
        for name, part in self.parts.items():
            whole = part.state_dict()
            state: dict[int, dict[str, torch.Tensor]] = {}
            for key, value in table.items():
                owner, index, moment = key.split(".")
                if owner == name:
                    state.setdefault(int(index), {})[moment] = value
            part.load_state_dict({**whole, "state": state})
