"""Names of the prompt sets and of the shipped models; nothing here imports a model library."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT = "default"
# Name in a config or on the command line -> folder of the shipped model.
EMBEDDED: Mapping[str, str] = {DEFAULT: "full", "fast": "fast", "twin": "twin"}
# What a model's folder holds of its training.
ARRIVAL = "arrival.safetensors"
# Prompt set -> what it is, as a page says it.
SETS: Mapping[str, str] = {
    "A": "8 paintings with 100 copies, set A",
    "B": "8 paintings with 100 copies, set B",
    "C": "8 paintings with 100 copies, set C",
    "x50": "16 paintings with 50 copies",
    "x30": "8 paintings with 30 copies",
    "x20": "16 paintings with 20 copies",
    "x10": "8 paintings with 10 copies",
    "x3": "8 paintings with 3 copies",
    "x1": "24 of the 960 paintings with one copy",
    "unseen": "24 titles that were never trained",
    "scenes": "72 scenes in combinations that were never trained",
}
