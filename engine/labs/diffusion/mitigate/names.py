"""Methods of the mitigation race by name; nothing here imports a model library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PLAIN = "none"


@dataclass(frozen=True)
class Method:
    """A method as a page calls it; ``control`` names the method that it is the control of."""

    title: str
    family: str
    source: str = ""
    control: str = ""


PROMPT, EMBEDDING, ATTENTION = "prompt", "embedding", "attention"
GUIDED, WEIGHTS, CONTROL = "guidance", "weights", "control"

METHODS: Mapping[str, Method] = {
    PLAIN: Method("no method", "none"),
    "words": Method("random words", PROMPT, "Somepalli et al. 2023"),
    "numbers": Method("random numbers", PROMPT, "Somepalli et al. 2023"),
    "repeats": Method("repeated words", PROMPT, "Somepalli et al. 2023"),
    "noise": Method("embedding noise", EMBEDDING, "Somepalli et al. 2023"),
    "noise_high": Method("more embedding noise", EMBEDDING, "Somepalli et al. 2023"),
    "step": Method("embedding steps", EMBEDDING, "Wen et al. 2024"),
    "start": Method("start token up", ATTENTION, "Ren et al. 2024"),
    "start_mask": Method("start token up, rest masked", ATTENTION, "Ren et al. 2024"),
    "delayed": Method("delayed guidance", GUIDED, "Jain et al. 2025"),
    "opposite": Method("opposite guidance", GUIDED, "Jain et al. 2025"),
    "dynamic": Method("dynamic guidance", GUIDED, "Jain et al. 2025"),
    "values": Method("value neurons blocked", WEIGHTS, "Hintersdorf et al. 2024"),
    "values_random": Method("random neurons blocked", CONTROL, control="values"),
    "prune": Method("located weights cut", WEIGHTS, "Chavhan et al. 2024"),
    "prune_random": Method("random weights cut", CONTROL, control="prune"),
}
"""In the order of the page; Wen's filter of the training loss (M3) needs a new training."""


@dataclass(frozen=True)
class Strengths:
    """How strongly each method is applied.

    ``noise`` is in units of the states of the text encoder, ``target`` in first-step scores of
    ordinary prompts, transitions are time steps of 0 to 999, ``theta`` in standard deviations.
    """

    words: int = 4
    noise: float = 0.1
    noise_high: float = 1.0
    rate: float = 0.05
    iterations: int = 10
    target: float = 1.0
    scale: float = 1.25
    transition: int = 500
    opposite: float = -2.0
    opposite_until: int = 650
    theta: float = 5.0
    theta_step: float = 0.25
    theta_least: float = 1.0
    noises: int = 10
    sparsity: float = 0.2
    tau: int = 5


# The strength that is swept -> the method it belongs to and how a page calls it.
SWEPT: Mapping[str, tuple[str, str]] = {
    "words": ("words", "words inserted"),
    "noise": ("noise", "noise on the embedding"),
    "scale": ("start_mask", "logit of the start token, times"),
    "transition": ("delayed", "guided from time step"),
    "sparsity": ("prune", "sparsity"),
}
