"""The two forecasters as a folder: weights, the card, and its text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from engine.core.assets import ASSETS
from engine.core.errors import BadInput
from engine.io.safetensors_check import check_safetensors
from engine.labs.motion.transient.network import Forecaster

FOLDER = ASSETS / "models" / "motion" / "transient"
WEIGHTS, CARD, README = "model.safetensors", "card.json", "README.md"
MOST_BYTES = 1_000_000
# Sizes of the persistent and of the transient state: about the same number of weights.
KINDS: Mapping[str, tuple[int, int]] = {"duality": (40, 28), "persistent": (59, 0)}


def save_pair(
    networks: Mapping[str, Forecaster], card: Mapping[str, Any], folder: Path = FOLDER
) -> None:
    """Write both networks, the card and its text."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{kind}.{name}": value.contiguous()
        for kind, network in networks.items()
        for name, value in network.state_dict().items()
    }
    save_file(tensors, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)
    (folder / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (folder / README).write_text(card_text(card), encoding="utf-8")


@lru_cache(maxsize=2)
def load_pair(folder: Path = FOLDER) -> dict[str, Forecaster]:
    """Both networks by kind; raises BadInput where they are not here or do not fit."""
    path = folder / WEIGHTS
    if not path.is_file():
        raise BadInput("model", "'transient' is not in this checkout; `make train-motion`")
    check_safetensors(path, field="model", max_bytes=MOST_BYTES)
    tensors = load_file(path)
    found = {}
    for kind, sizes in KINDS.items():
        network = Forecaster(*sizes)
        own = {
            name.partition(".")[2]: value
            for name, value in tensors.items()
            if name.startswith(f"{kind}.")
        }
        there = {name: tuple(value.shape) for name, value in own.items()}
        if there != {name: tuple(value.shape) for name, value in network.state_dict().items()}:
            raise BadInput("model", f"the weights of {kind!r} do not fit its sizes")
        if not all(torch.isfinite(value).all() for value in own.values()):
            raise BadInput("model", f"the weights of {kind!r} hold NaN or infinity")
        network.load_state_dict(own)
        found[kind] = network.eval().requires_grad_(False)
    return found


def card_text(card: Mapping[str, Any]) -> str:
    """The card as Markdown: what was trained, on what, and every seed's figures."""
    kinds = list(card["figures"])
    names = list(dict.fromkeys(name for kind in kinds for name in card["figures"][kind][0]))
    rows = []
    for name in names:
        cells = []
        for kind in kinds:
            values = [one[name] for one in card["figures"][kind] if name in one]
            cells.append(", ".join(f"{value:.4f}" for value in values))
        rows.append(f"| {name} | {' | '.join(cells)} |")
    sizes = ", ".join(f"{kind} {count:,}" for kind, count in card["parameters"].items())
    return "\n".join(
        [
            "# Two channels on toy scenes",
            "",
            "Forecasts of a walker who takes a box and puts it down, with a persistent channel and "
            "a transient one (duality), and with the persistent channel alone. After "
            "Persistent-Transient Duality (arXiv 2307.12729), in small and not its authors' model.",
            "",
            f"Weights: {sizes}. {card['scenes']} scenes made by a plan (no recordings), "
            f"{card['steps']} steps of {card['batch']} windows, {card['cpu_seconds']} CPU seconds "
            f"for all {card['seeds']} seeds of both. Seen {card['seconds_seen']:g} s, forecast "
            f"{card['seconds_ahead']:g} s. The first seed of each is kept.",
            "",
            f"On {card['held_out']} unseen scenes, metres (switch: shares), one figure a seed:",
            "",
            f"| figure | {' | '.join(kinds)} |",
            f"| --- |{' --- |' * len(kinds)}",
            *rows,
            "",
            "`python -m engine.labs.motion.transient.learn` makes it again.",
            "",
        ]
    )
